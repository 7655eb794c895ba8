"""Damage that gets past the digests, marks and cards that speak of what was damaged: these are made right again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any

from fuzz_formats import damage_image, mutated_keras
from fuzz_mutations import json_text, mutated_bytes, mutated_json, mutated_lines, mutated_value
from fuzz_whole import DATA, ONNX, RUN, write_export_card
from model_archives import renew_card

from shapeseg.temporaries import folder_identity


def metadata(random: Random) -> None:
    """Damages the rows of a dataset, whose manifest then names what they are."""
    path, _ = _rows()
    path.write_bytes(mutated_lines(random, path.read_bytes(), _mutated_row))
    if random.random() < 0.95:
        _name_metadata(path)


def _mutated_row(random: Random, line: str) -> str:
    try:
        return json_text(mutated_value(random, json.loads(line)))
    except ValueError:  # it was damaged before
        return line[1:]


def stored_image(random: Random) -> None:
    """Damages an image of a dataset, whose row then names what it is."""
    path, rows = _rows()
    row, role = random.choice(rows), random.choice(("image", "mask", "instance_map"))
    damage_image(random, DATA / row[role])
    row["sha256"][role] = hashlib.sha256((DATA / row[role]).read_bytes()).hexdigest()
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    _name_metadata(path)


def _rows() -> tuple[Path, list[Any]]:
    path = DATA / json.loads((DATA / "dataset.json").read_bytes())["metadata"]["file"]
    return path, [json.loads(line) for line in path.read_text().splitlines()]


def _name_metadata(path: Path) -> None:
    content = json.loads((DATA / "dataset.json").read_bytes())
    metadata = path.read_bytes()
    content["metadata"]["sha256"], content["count"] = hashlib.sha256(metadata).hexdigest(), len(metadata.splitlines())
    (DATA / "dataset.json").write_text(json.dumps(content))


def journal(random: Random) -> None:
    """Damages what an append would have left in this very folder."""
    content = {"first": 10, "stop": 12, "folder": folder_identity(DATA)}
    (DATA / ".appending.json").write_bytes(mutated_json(random, json.dumps(content).encode()))


def lock(random: Random) -> None:
    """Damages what a killed writer would have left in this very folder."""
    content = f"process 1 on here, folder {folder_identity(DATA)}\n"
    (DATA / ".lock").write_bytes(mutated_lines(random, content.encode()))


def keras(random: Random) -> None:
    """Damages a model file, whose card then names what it is."""
    path = RUN / "model.keras"
    path.write_bytes(mutated_keras(random, path.read_bytes()))
    if random.random() < 0.95:
        renew_card(path)


def onnx(random: Random) -> None:
    """Damages an exported model, whose card then names what it is."""
    ONNX.write_bytes(mutated_bytes(random, ONNX.read_bytes()))
    write_export_card()
