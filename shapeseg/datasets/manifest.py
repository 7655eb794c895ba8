"""``dataset.json``, the commit point of a dataset: what it names exists, and nothing else counts."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from shapeseg import files
from shapeseg.datasets.shard import Shard
from shapeseg.datasets.splits import SplitSettings
from shapeseg.errors import InputError, ShapesegError, UsageError
from shapeseg.incoming import MAX_TEXT, parse_json, read_file
from shapeseg.scenes import GENERATOR_VERSION, SceneSettings
from shapeseg.scenes.rule import Rule
from shapeseg.settings import check_range, check_seed, settings_from_dict

MANIFEST = "dataset.json"
FORMAT = "shapeseg-dataset"
FORMAT_VERSION = 2  # 1 was without the rule
MAX_INDEX = 2**63
"""Beyond it are the streams of scenes that are never stored."""

_METADATA_NAME = re.compile(r"metadata(-[0-9a-f]{16})?\.jsonl")


@dataclass(frozen=True)
class DatasetSettings:
    """Everything, with a seed and an index, that determines a sample."""

    scene: SceneSettings = SceneSettings()
    splits: SplitSettings = SplitSettings()


@dataclass(frozen=True)
class MetadataFile:
    """The one metadata file that counts."""

    file: str
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The content of ``dataset.json``.

    Attributes:
        settings: Settings of scenes and splits.
        seed: Seed of every stream.
        count: Number of samples.
        next_index: Index of the next sample to be appended; never goes back. Of a shard, that of the whole.
        metadata: Names the metadata file and its digest.
        twin: Which change made these samples from those of another dataset; None for samples as drawn.
        rule: By what the scenes were chosen; None when that is unknown.
        shard: Which part of a whole the samples are; None for a whole, or what is no such part any more.
        format: Always ``shapeseg-dataset``.
        format_version: Version of the layout on disk.
        generator_version: Version of what is drawn.
    """

    settings: DatasetSettings
    seed: int
    count: int
    next_index: int
    metadata: MetadataFile
    twin: str | None = None
    rule: Rule | None = None
    shard: Shard | None = None
    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    generator_version: int = GENERATOR_VERSION

    def __post_init__(self) -> None:
        check_seed(self.seed)
        check_range("next_index", self.next_index, least=0, most=MAX_INDEX)
        check_range("count", self.count, least=0, most=MAX_INDEX)
        if self.shard and self.count != len(self.indices):
            raise UsageError(
                f"shard {self.shard} of {self.next_index} images holds {len(self.indices)}",
                received=f"count={self.count}",
                fix="Restore dataset.json from a copy",
            )

    @property
    def indices(self) -> range:
        """Where the indices of its samples are; a shard holds every one of these."""
        return self.shard.indices(self.next_index) if self.shard else range(self.next_index)

    def changed(self, **changes: Any) -> Manifest:
        """Returns the next version of the dataset, in the newest format: what decides the rule must be among the changes.

        A shard that is changed is none any more.
        """
        return replace(self, format_version=FORMAT_VERSION, shard=None, **changes)

    def write(self, folder: Path) -> None:
        """Commits this version of the dataset in ``folder``. Only a shard has a word on shards."""
        content = asdict(self)
        if self.shard is None:
            del content["shard"]
        files.write_json(folder / MANIFEST, content)

    def digest(self) -> str:
        """SHA-256 of the manifest, which names the digest of the metadata, which names those of the files.

        Rule and shard are not part of it, so that a dataset of the first format keeps the digest that cards know it by.
        """
        content = {name: value for name, value in asdict(self).items() if name not in ("rule", "shard")}
        content["format_version"] = 1
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """Reads ``dataset.json``.

    Raises:
        InputError: If it is missing, is not one of ours, or is of a newer format.
    """
    path = folder / MANIFEST
    try:
        stored = read_file(path, most=MAX_TEXT)
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.is_dir() and any(folder.iterdir()):
            fix = "Name a dataset that shapeseg has drawn"
            raise InputError(f"there is no {MANIFEST} here", received=folder, fix=fix) from error
        fix = f"Make one with: python generate_data.py --out {folder}"
        raise InputError("there is no dataset here", received=folder, fix=fix) from error
    try:
        content = parse_json(stored)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise InputError("dataset.json does not belong to a shapeseg dataset", received=path, fix="Name another folder")
        if min(content.get("format_version", 1), content.get("generator_version", 1)) < 1:
            raise InputError("versions start at 1", received=path, fix="Restore dataset.json from a copy")
        if content.get("format_version", 0) > FORMAT_VERSION or content.get("generator_version", 0) > GENERATOR_VERSION:
            raise InputError(
                "the dataset was made by a newer shapeseg",
                received=f"{path} of format {content.get('format_version')}, generator {content.get('generator_version')}",
                fix=f"Update shapeseg; this one reads format {FORMAT_VERSION}, generator {GENERATOR_VERSION}",
            )
        manifest = settings_from_dict(Manifest, content)
        if not _METADATA_NAME.fullmatch(manifest.metadata.file):  # it is opened, and removed by the next version
            raise InputError("this is not a metadata file", received=manifest.metadata.file, fix="Restore it from a copy")
        return manifest
    except ShapesegError as error:
        raise InputError("dataset.json cannot be used", received=path, fix=str(error).rstrip(".")) from error
    except (ValueError, TypeError) as error:
        raise InputError(
            f"dataset.json cannot be read ({error})", received=path, fix="Restore it from a copy, or generate again"
        ) from error
