"""What a metadata row must be, before anything in it is used: a path in it is opened, a recipe in it is drawn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from shapeseg.datasets.samples import FOLDERS
from shapeseg.datasets.splits import SPLITS
from shapeseg.scenes.kinds import KINDS
from shapeseg.scenes.settings import MAX_INSTANCES, MAX_SIDE

_PATH = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9_-]+\.png")
_DIGEST = re.compile(r"[0-9a-f]{64}")


class RowError(ValueError):
    """A row that is not what it must be."""


def check_row(row: Any) -> None:
    """Raises a RowError that names the first thing wrong with a row, parsed from JSON."""
    _require(isinstance(row, dict), "the row is not a JSON object")
    _integer(row, "index", 0, 2**63)
    _require(row.get("image_id") == f"{row['index']:06d}", f"image_id is {row.get('image_id')!r}, expected {row['index']:06d}")
    _require(row.get("split") in SPLITS, f"split is {row.get('split')!r}, expected one of {', '.join(SPLITS)}")
    for role, folder in FOLDERS.items():
        path = row.get(role)
        safe = isinstance(path, str) and _PATH.fullmatch(path) and path.startswith(f"{folder}/")
        _require(safe, f"{role} is {path!r}, expected {folder}/NAME.png")
        digest = _get(row, "sha256", dict).get(role)
        _require(isinstance(digest, str) and _DIGEST.fullmatch(digest), f"sha256 of {role} is {digest!r}")
    check_recipe(row)
    _check_each(row["instances"], lambda instance: _check_measured(instance, row["width"] * row["height"]))
    if "source" in row:
        source = _get(row, "source", dict)
        _require(
            isinstance(source.get("settings_sha256"), str), f"settings_sha256 of source is {source.get('settings_sha256')!r}"
        )
        _integer(source, "seed", 0, 2**64)
        _integer(source, "index", 0, 2**63)
    if "twin" in row:
        twin = _get(row, "twin", dict)
        _require(isinstance(twin.get("change"), str) and type(twin.get("changed")) is bool, f"twin is {twin!r}")


def check_recipe(row: Any) -> None:
    """Raises a RowError that names the first thing for which a scene, parsed from JSON, cannot be drawn."""
    _require(isinstance(row, dict), "the scene is not a JSON object")
    _integer(row, "width", 1, MAX_SIDE)
    _integer(row, "height", 1, MAX_SIDE)
    _color(row, "background")
    kinds = row.get("target_kinds", [])
    known = isinstance(kinds, list) and all(isinstance(kind, str) and kind in KINDS for kind in kinds)
    _require(known, f"target_kinds is {kinds!r}")
    if "shortfall" in row:
        _integer(row, "shortfall", 0, MAX_INSTANCES)
    instances = _get(row, "instances", list)
    _require(len(instances) <= MAX_INSTANCES, f"there are {len(instances)} instances, at most {MAX_INSTANCES} are possible")
    _check_each(instances, lambda instance: _check_instance(instance, row["width"], row["height"]))


def numbering_problems(found: Iterable[int], indices: range) -> Iterator[tuple[int, str]]:
    """Yields each index of a row that is out of place, and why; gaps within ``indices`` are legal."""
    last = -1
    for index in found:
        if index == last:
            yield index, "the index appears twice"
        elif index < last:
            yield index, "rows are not sorted by index"
        if index not in indices:
            yield index, f"the index is not in {indices}"
        last = index


def _check_each(instances: Sequence[Any], check: Callable[[Any], None]) -> None:
    for number, instance in enumerate(instances, start=1):
        try:
            check(instance)
        except RowError as error:
            raise RowError(f"instance {number}: {error}") from None


def _check_instance(instance: Any, width: int, height: int) -> None:
    _require(isinstance(instance, dict), "this is not a JSON object")
    kind = instance.get("kind")
    _require(isinstance(kind, str) and kind in KINDS, f"kind is {kind!r}, expected one of {', '.join(KINDS)}")
    box = instance.get("box")
    _require(isinstance(box, list) and len(box) == 4 and all(type(value) is int for value in box), f"box is {box!r}")
    x, y, w, h = box
    inside = x >= 0 and y >= 0 and w >= 1 and h >= 1 and x + w <= width and y + h <= height
    _require(inside, f"box {box} is not inside the canvas")
    _color(instance, "color")
    if "form" in instance:
        _integer(instance, "form", 0, KINDS[kind].forms - 1)
    if "ignored" in instance:
        _get(instance, "ignored", bool)
    if instance.get("asked_occlusion") is not None:
        _rate(instance, "asked_occlusion")


def _check_measured(instance: Mapping[str, Any], pixels: int) -> None:
    _integer(instance, "amodal_area", 1, pixels)
    _integer(instance, "visible_area", 0, instance["amodal_area"])
    _rate(instance, "occlusion_rate")


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise RowError(otherwise)


def _get(row: Mapping[str, Any], name: str, kind: type) -> Any:
    value = row.get(name)
    _require(isinstance(value, kind), f"{name} is {value!r}, expected a {kind.__name__}")
    return value


def _integer(row: Mapping[str, Any], name: str, low: int, high: int) -> None:
    value = row.get(name)
    _require(type(value) is int and low <= value <= high, f"{name} is {value!r}, expected {low} to {high}")


def _rate(row: Mapping[str, Any], name: str) -> None:
    value: Any = row.get(name)
    _require(type(value) in (int, float) and 0 <= value <= 1, f"{name} is {value!r}, expected 0 to 1")


def _color(row: Mapping[str, Any], name: str) -> None:
    value = row.get(name)
    right = isinstance(value, list) and len(value) == 3 and all(type(v) is int and 0 <= v <= 255 for v in value)
    _require(right, f"{name} is {value!r}, expected three numbers from 0 to 255")
