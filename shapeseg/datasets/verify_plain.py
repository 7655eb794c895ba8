"""Verifying the user's own data: every pair is read, and what would harm a training is found before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from shapeseg.datasets.findings import Finding, found_twice
from shapeseg.datasets.own_statistics import own_statistics
from shapeseg.datasets.plain import FoundPairs, row_of
from shapeseg.datasets.survey import Seen, look, refuse_one_class, remarks
from shapeseg.description import Description
from shapeseg.errors import InputError
from shapeseg.terminal import Progress, no_progress

_NAMED = 5


def verify_plain(
    folder: Path, pairs: FoundPairs, description: Description, *, quick: bool = False, progress: Progress = no_progress
) -> list[Finding]:
    """Reads every pair of the user's own folder, with ``quick`` only the headers; returns what is wrong or unusual."""
    findings = [Finding("images", note, "note") for note in pairs.notes]
    seen: list[Seen] = []
    for index, pair in enumerate(pairs.found):
        try:
            row = row_of(folder, index, pair, description)
            if not quick:
                seen.append(look(folder, row, description))
        except InputError as error:
            findings.append(Finding(pair.image, str(error)))
        progress(1)
    return [*findings, *_of_all(folder, seen, description)]


def _of_all(folder: Path, seen: Sequence[Seen], description: Description) -> Iterator[Finding]:
    """Yields what is found of all pairs together."""
    if not seen:
        return
    yield Finding("images", _facts(seen), "note")
    try:
        refuse_one_class(folder, description.target_name or "target", seen)
    except InputError as error:
        yield Finding("masks", str(error))
    for what, chosen in (
        ("hold no target pixel", [each for each in seen if each.share == 0]),
        ("hold nothing but target", [each for each in seen if each.share == 1]),
        ("are void everywhere", [each for each in seen if each.share is None]),
    ):
        if 0 < len(chosen) < len(seen):
            yield Finding("masks", f"{len(chosen)} of {len(seen)} {what}: {_names(chosen)}", "warning")
    for remark in remarks(seen, description):
        yield Finding("masks", remark, "warning")
    yield from found_twice([(each.row, each.digest) for each in seen])


def _facts(seen: Sequence[Seen]) -> str:
    found = own_statistics(seen)
    parts = [_counted(found[name]) for name in ("splits", "sizes", "image_kinds", "mask_kinds")]
    share = "unknown" if found["target_share"] is None else f"{found['target_share']:.2%}"
    parts.append(f"mask values {found['mask_values']}; {share} of the pixels are target")
    return "; ".join([f"{found['images']} pairs", *parts])


def _counted(counts: Mapping[str, int]) -> str:
    if len(counts) == 1:
        return next(iter(counts))
    listed = ", ".join(f"{name} ({count})" for name, count in [*counts.items()][:_NAMED])
    return listed + (f" and {len(counts) - _NAMED} more" if len(counts) > _NAMED else "")


def _names(seen: Sequence[Seen]) -> str:
    rows: list[dict[str, Any]] = [each.row for each in seen[:_NAMED]]
    return ", ".join(row["image_id"] for row in rows) + (" ..." if len(seen) > _NAMED else "")
