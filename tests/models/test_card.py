import hashlib
import json

import pytest

from shapeseg.models import Architecture, Card, build, file_digest, read_card, save_model


def test_a_saved_model_s_card_names_the_file(tmp_path):
    path = tmp_path / "model.keras"
    card = Card(Architecture("unet", {"widths": [4]}), threshold=0.4, scores={"iou": 0.5}, command="python train.py")
    written = save_model(build("unet", {"widths": (4,)}), path, card)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert written.sha256 == file_digest(path) == digest
    assert written.previous_sha256 is None
    assert read_card(path) == written
    content = json.loads((tmp_path / "model.json").read_text())
    assert content["sha256"] == digest
    assert content["threshold"] == 0.4
    assert content["architecture"] == {"name": "unet", "settings": {"widths": [4]}}
    assert content["format"] == "shapeseg-model"


def test_a_model_without_a_card_has_none(tmp_path):
    assert read_card(tmp_path / "model.keras") is None


def test_a_large_file_is_digested_whole(tmp_path):
    (tmp_path / "file").write_bytes(b"shape" * 1_000_000)
    assert file_digest(tmp_path / "file") == hashlib.sha256(b"shape" * 1_000_000).hexdigest()
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "missing")
