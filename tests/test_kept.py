"""What version 0.1.0 wrote is read as it was: a dataset, a run and its card, in tests/kept/0.1.0.

Made there with ``generate --out dataset --num-images 12 --seed 5 --width 32 --height 32 --min-size 6 --max-size 12`` and
``train --data dataset --epochs 1 --widths 2 2 --batch-size 4 --out run``.
"""

import json
import shutil
from pathlib import Path

import pytest
from command_runs import succeed
from runs_here import run_here

from shapeseg.datasets import Dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.verify import verify_dataset
from shapeseg.models import read_card
from shapeseg.scenes import SceneSettings
from shapeseg.scenes.rule import Rule

KEPT = Path(__file__).parent / "kept/0.1.0"
SCENE = SceneSettings(width=32, height=32, min_size=6, max_size=12)


@pytest.fixture
def kept(tmp_path):
    return shutil.copytree(KEPT, tmp_path / "kept")


def test_a_dataset_opens_with_its_rule_and_the_digest_that_cards_know_it_by(kept):
    assert verify_dataset(kept / "dataset") == []
    data = Dataset(kept / "dataset")
    assert data.rule == Rule(SCENE)
    assert data.digest() == read_card(kept / "run/model.keras").data["sha256"]


def test_a_dataset_that_was_filtered_has_no_known_rule(kept):
    path = kept / "dataset/dataset.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"next_index": 13}))  # one image more was drawn than is there
    assert Dataset(kept / "dataset").rule is None


def test_a_dataset_can_be_added_to(kept):
    append_samples(kept / "dataset", num_images=3)
    assert verify_dataset(kept / "dataset") == []
    assert Dataset(kept / "dataset").rule == Rule(SCENE)


def test_a_run_is_measured_and_trained_on(kept):
    succeed(run_here("evaluate", "run/model.keras", "--split", "all", "--out", "report", cwd=kept))
    metrics = json.loads((kept / "report/metrics.json").read_text())
    assert (metrics["dataset"], metrics["images"], metrics["trained_on"]) == ("dataset", 12, None)
    assert metrics["threshold"] == read_card(kept / "run/model.keras").threshold
    succeed(run_here("train", "--data", "dataset", "--init-from", "run/model.keras", "--epochs", 1, "--out", "on", cwd=kept))
    succeed(run_here("train", "--resume", "--data", "dataset", "--widths", 2, 2, "--out", "run", cwd=kept))  # it is finished
    succeed(run_here("train", "--config", "run/config.json", "--out", "again", cwd=kept))
    again = json.loads((kept / "again/config.json").read_text())["training"]
    assert (again["ambiguous"], again["ambiguous_weight"]) == ("exclude", 1.0)
    assert not (kept / "on/train_images.txt").exists()  # nobody knows all that it has learned from
