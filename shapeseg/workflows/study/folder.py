"""The folder of a study: taken over only from a study of its kind, with data, cells and settings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shapeseg import files
from shapeseg.folders import make_folder, refuse_links, result_folder
from shapeseg.incoming import json_object
from shapeseg.settings import options_to_dict


@contextmanager
def study_folder(out: Path, kind: str, options: object, told_by: set[str]) -> Iterator[int]:
    """Holds the folder of a study while the block runs, and gives the descriptor of its lock.

    Args:
        out: The folder.
        kind: What an error calls the study.
        options: Its settings, which are written.
        told_by: Names of settings by which a folder is known to be of this kind.
    """
    with result_folder(out, kind, lambda folder: told_by <= json_object(folder / "config.json").keys()) as lock:
        refuse_links(out, ("data", "cells"))
        make_folder(out / "cells")
        files.write_json(out / "config.json", options_to_dict(options))
        yield lock
