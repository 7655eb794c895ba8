"""What a kill leaves of a temporary file."""

import os

from shapeseg.temporaries import temporary_file


def left_by_a_kill(target):
    """Leaves a temporary file of ``target`` without its writer, and returns its path."""
    with temporary_file(target) as path:
        path.write_text("half")
        kept = path.with_name("kept")
        os.link(path, kept)
    return kept.rename(path)
