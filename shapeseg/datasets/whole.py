"""The shards of one whole: all there, each once, and none of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from shapeseg.datasets.dataset import Dataset
from shapeseg.datasets.manifest import Manifest
from shapeseg.datasets.shard import Shard
from shapeseg.errors import InputError

_NAMED = 5


def in_order(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Returns the shards of one whole by their numbers.

    Raises:
        InputError: If a dataset is no shard or one of another whole, or a shard is missing or there twice.
    """
    first = datasets[0]
    found: dict[int, Dataset] = {}
    for data in datasets:
        shard = _shard_of(data)
        if unlike := _differences(first.manifest, data.manifest):
            raise InputError(
                f"these shards are of two datasets: they differ in {' and '.join(unlike)}",
                received=f"{_named(first)}, and {_named(data)}",
                fix="Name the shards of one",
            )
        if twin := found.get(shard.number):
            raise InputError(
                f"shard {shard} is there twice", received=f"{twin.folder} and {data.folder}", fix="Name each shard once"
            )
        found[shard.number] = data
    _refuse_missing(found, shard.of)
    return [found[number] for number in sorted(found)]


def _shard_of(data: Dataset) -> Shard:
    shard = data.manifest.shard
    if shard is None or len(data) != data.manifest.count:
        raise InputError(
            "shards are merged with shards only", received=f"{data.folder}, which is none", fix="Merge it with their whole"
        )
    return shard


def _refuse_missing(found: Mapping[int, Dataset], of: int) -> None:
    missing = [f"{number}/{of}" for number in islice((each for each in range(1, of + 1) if each not in found), _NAMED)]
    if missing:
        more = " and more" if of - len(found) > len(missing) else ""
        raise InputError(
            f"shards are missing: {', '.join(missing)}{more}",
            received=", ".join(str(found[number].folder) for number in sorted(found)),
            fix=f"Name them too, or draw them, with --shard {missing[0]} and the flags of the others",
        )


def _differences(one: Manifest, other: Manifest) -> list[str]:
    """Returns in what the wholes differ that two shards are of."""
    return [name for name, value in _whole(one).items() if value != _whole(other)[name]]


def _whole(manifest: Manifest) -> dict[str, object]:
    return {
        "seed": manifest.seed,
        "settings": manifest.settings,
        "number of images": manifest.next_index,
        "number of shards": manifest.shard and manifest.shard.of,
        "version of the generator": manifest.generator_version,
    }


def _named(data: Dataset) -> str:
    manifest = data.manifest
    return f"{data.folder} ({manifest.shard} of {manifest.next_index} images, seed {manifest.seed})"
