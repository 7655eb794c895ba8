"""The study as a user runs it, very small: what it trains on, what it writes, and that it goes on where it was."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from command_runs import HANG, REPOSITORY, SMALL, command_line, descendants, error_line, folder_names, running
from PIL import Image
from runs_here import run_here

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import examples
from shapeseg.errors import InputError, UsageError
from shapeseg.evaluation.prediction import predict
from shapeseg.evaluation.threshold import best_candidate, counts_at, histograms
from shapeseg.inference.opened_model import open_model
from shapeseg.scenes import SceneSettings
from shapeseg.settings import settings_from_dict
from shapeseg.training.run_folder import RunFolder
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.study.arms import TESTS, hidden_pixels, make_test_sets, train_set
from shapeseg.workflows.study.cells import Cell, make_cell, rows_digest, train_cells
from shapeseg.workflows.study.composition import composition
from shapeseg.workflows.study.run import NAMES, study
from shapeseg.workflows.study.settings import StudyOptions

COMMAND = ("-m", "shapeseg", "study", "--arms", "drop-occluded", "all", "--seeds", 1, "--train-images", 8, "--val-images", 4)
COMMAND += ("--test-images", 10, "--epochs", 1, "--widths", 4, 4, *SMALL, "--jobs", 1, "--out", "s")
SCENE = SceneSettings(width=64, height=64, min_size=8, max_size=20)
SPARSE = replace(SCENE, min_instances=3, max_instances=6)  # many pass a filter

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")


class Interrupted(NamedTuple):
    """A study that was interrupted when its second training had begun, and has not gone on yet."""

    place: Path
    code: int
    stderr: str
    left: list
    finished: dict


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    place = tmp_path_factory.mktemp("study")
    process = subprocess.Popen(
        [sys.executable, *map(str, COMMAND)],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    below = []
    while not any(b"cells/all-" in command_line(each) for each in below):  # it has seconds of imports before it
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
        below = descendants(process.pid)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    stderr = process.communicate(timeout=HANG)[1]
    return Interrupted(place, process.returncode, stderr, running(below), times(place))


@pytest.fixture(scope="module")
def place(interrupted):
    """The study's folder, after it has gone on in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(interrupted.place)
        patch.setenv("PYTHONPATH", str(REPOSITORY))
        study(settings_from_dict(StudyOptions, json.loads(Path("s/config.json").read_text())))
    return interrupted.place


def times(place):
    """Returns when each file of a finished model was written."""
    cells = [path.parent for path in place.glob("s/cells/*/model.keras") if not (path.parent / "checkpoints").exists()]
    return {path: path.stat().st_mtime_ns for cell in cells for path in cell.iterdir()}


def results(folder):
    return json.loads((folder / "study.json").read_text())


@pytest.mark.process
def test_every_arm_meets_every_test_set(place):
    found = results(place / "s")
    assert folder_names(place / "s") == {*NAMES, "data", "cells", "config.json"}
    for test in TESTS:
        assert found["test_sets"][test]["images"] == 10
        for arm in ("all", "drop-occluded"):
            assert 0 <= found["matrix"][test][arm]["iou"]["value"] <= 1
            assert len(found["matrix"][test][arm]["iou"]["seeds"]) == 1
    assert found["training_sets"]["drop-occluded"]["hidden_at_all"] == 0 < found["training_sets"]["all"]["hidden_at_all"]
    assert {each["images"] for each in found["training_sets"].values()} == {8}
    assert found["response"]["any"]["n"]["(0.5, 0.75]"] == 2  # every fifth image
    page = (place / "s/study.md").read_text()
    for test in TESTS:
        assert f"{found['matrix'][test]['all']['iou']['value']:.4f}" in page
    for name in NAMES[2:]:
        with Image.open(place / "s" / name) as picture:
            assert min(picture.size) > 300
            picture.load()


@pytest.mark.process
def test_models_differ_in_nothing_but_their_training_images(place):
    rows = [json.loads(path.read_text()) for path in place.glob("s/cells/*/config.json")]
    assert len(rows) == 2
    same = [{name: value for name, value in row.items() if name not in ("data", "out")} for row in rows]
    assert same[0] == same[1]
    assert same[0]["train_images"] == 8
    assert "val-" in same[0]["val_data"]


@pytest.mark.process
def test_an_interruption_is_one_line_and_stops_what_trains(interrupted):
    assert interrupted.code == 130, interrupted.stderr
    assert error_line(interrupted.stderr)
    assert interrupted.left == []
    assert [path.parent.name[:4] for path in interrupted.finished if path.name == "model.keras"] == ["drop"]


@pytest.mark.process
def test_a_study_goes_on_with_what_is_missing(interrupted, place):
    now = times(place)
    assert interrupted.finished == {path: now[path] for path in interrupted.finished}
    assert [path.parent.name[:4] for path in set(now) if path.name == "model.keras" and path not in interrupted.finished] == [
        "all-"
    ]


@pytest.mark.process
def test_a_finished_study_trains_and_measures_nothing_again(place, monkeypatch):
    monkeypatch.chdir(place)
    files, before = times(place), results(place / "s")
    study(settings_from_dict(StudyOptions, json.loads(Path("s/config.json").read_text())))
    assert times(place) == files
    assert results(place / "s") == before
    assert sum(path.name.startswith("scores-") for path in files) == 10


@pytest.mark.process
def test_scores_of_an_older_kind_are_measured_again(place, monkeypatch):
    monkeypatch.chdir(place)
    path = next(place.glob("s/cells/all-0-*/scores-natural.json"))
    now = json.loads(path.read_text())
    of = {name: now["of"][name] for name in ("model", "data")}
    path.write_text(json.dumps({**{name: now[name] for name in ("pixels", "decidable", "rectangles")}, "of": of}))
    study(settings_from_dict(StudyOptions, json.loads(Path("s/config.json").read_text())))
    assert json.loads(path.read_text()) == now


@pytest.mark.process
def test_every_threshold_is_the_best_candidate_on_the_common_val_set(place, monkeypatch):
    monkeypatch.chdir(place)
    (val,) = (Dataset(path) for path in place.glob("s/data/val-*"))
    models = results(place / "s")["models"]
    assert set(models) == {"all", "drop-occluded"}
    for model in (each for seeds in models.values() for each in seeds):
        opened = open_model(place / "s/cells" / model["run"] / "model.keras")
        found = sum(histograms(each.example.target, each.plain) for each in predict(opened, examples(val)))
        assert model["threshold"] == opened.threshold == best_candidate(found)
        assert model["val_iou"] == pytest.approx(counts_at(found, opened.threshold).iou)


@pytest.mark.process
def test_a_training_begins_anew_and_one_that_fails_tells_why_with_its_code(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    cell = Cell(
        "all, seed 0", RunFolder(tmp_path / "run"), ("--data", str(tmp_path / "nowhere"), "--out", str(tmp_path / "run"))
    )
    cell.run.checkpoints.mkdir(parents=True)  # as a kill leaves it
    with Path(os.devnull).open() as lock, pytest.raises(InputError, match=r"all, seed 0.*nowhere"):
        train_cells([cell], 1, lock.fileno(), lambda count: None)
    assert not cell.run.checkpoints.exists()


def test_a_cell_is_named_by_all_that_its_training_depends_on(small_dataset, tmp_path):
    usual = TrainOptions(data=small_dataset, train_images=4, max_minutes=None)
    name = make_cell(tmp_path, "a", 0, usual).run.root.name
    assert make_cell(tmp_path, "a", 0, replace(usual, val_data=small_dataset, out=tmp_path / "x")).run.root.name == name
    changes = ({"train_images": 5}, {"widths": (4, 4)}, {"epoch_images": 7}, {"training": replace(usual.training, epochs=1)})
    names = {make_cell(tmp_path, "a", 0, replace(usual, **change)).run.root.name for change in changes}
    assert len(names | {name}) == 5
    cell = make_cell(tmp_path, "a", 3, usual)
    assert cell.arguments[cell.arguments.index("--seed") + 1] == "3"
    assert not {"None", "--max_minutes"} & set(cell.arguments)


@pytest.mark.parametrize("arm", ["all", "drop-beyond", "ignore-occluded", "no-overlap", "heavy"])
def test_an_arm_is_what_its_name_says(arm, tmp_path):
    data = train_set(tmp_path, arm, SCENE, 5, 12)
    assert len(data) >= 12
    assert {row["split"] for row in data.rows} == {"train"}
    found = composition([data.first(12)])
    assert found["images"] == 12
    quarter = found["hidden_by_more_than_a_quarter"]
    assert quarter > 0.4 if arm == "heavy" else (quarter > 0) == (arm == "all")
    assert (found["hidden_at_all"] > 0) == (arm != "no-overlap")
    assert rows_digest(train_set(tmp_path, arm, SCENE, 5, 12)) == rows_digest(data)


def test_the_depth_orders_of_dropped_ones_are_as_their_names_say(tmp_path):
    arms = ("all", "drop-occluded", "drop-occluded-reversed", "drop-occluded-dense")
    sets = {arm: train_set(tmp_path, arm, SPARSE, 5, 16).first(16) for arm in arms}
    found = {arm: composition([data]) for arm, data in sets.items()}
    assert [found[arm]["rectangle_in_front"] for arm in arms[1:]] == [1, 0, 1]
    assert 0 < found["all"]["rectangle_in_front"] < 1
    contested = [each["contested_pixels_per_image"] for each in found.values()]
    assert contested[1] == contested[2] > 0
    hidden = [each["hidden_pixels_per_image"] for each in found.values()]
    assert hidden[1] < hidden[0] <= hidden[3] < 1.2 * hidden[0]
    twins = sets["drop-occluded-reversed"].rows
    assert [row["index"] for row in twins] == [row["index"] for row in sets["drop-occluded"].rows]
    assert found["drop-occluded"]["hidden_at_all"] == found["drop-occluded-dense"]["hidden_at_all"] == 0
    assert [data.rule is not None for data in sets.values()] == [True, True, False, False]


def test_dense_images_are_the_first_that_keep_the_mean(tmp_path):
    data = train_set(tmp_path, "drop-occluded-dense", SPARSE, 5, 12)
    pool = Dataset(next(tmp_path.glob("natural-pool-*")))
    mean = hidden_pixels(pool.rows[:12]) / 12
    passing = [row for row in pool.rows if not any(s["kind"] == "rectangle" and s["occlusion_rate"] for s in row["instances"])]
    taken = []
    for row in passing:
        if hidden_pixels([*taken, row]) / (len(taken) + 1) >= mean:
            taken.append(row)
    assert [row["index"] for row in data.rows] == [row["index"] for row in taken]
    assert len(pool) > 12


def test_other_arms_and_larger_pools_change_no_training_set(tmp_path):
    alone = rows_digest(train_set(tmp_path / "a", "drop-beyond", SCENE, 5, 12).first(12))
    train_set(tmp_path / "b", "drop-occluded", SCENE, 5, 12)  # needs a larger pool
    assert rows_digest(train_set(tmp_path / "b", "drop-beyond", SCENE, 5, 12).first(12)) == alone
    assert rows_digest(train_set(tmp_path / "b", "all", SCENE, 5, 12).first(12)) == rows_digest(
        train_set(tmp_path / "a", "all", SCENE, 5, 12).first(12)
    )


def test_scenes_that_always_overlap_are_told(tmp_path):
    crowded = replace(SCENE, min_instances=60, max_instances=60)
    with pytest.raises(InputError, match="drop-occluded leaves too few"):
        train_set(tmp_path, "drop-occluded", crowded, 5, 2)


def test_test_sets_are_the_five_and_share_no_scene_with_training(tmp_path):
    tests = make_test_sets(tmp_path, SCENE, 1, 10)
    trained = {str(row["instances"]) for row in train_set(tmp_path, "all", SCENE, 6, 10).rows}
    assert tuple(tests) == TESTS
    for name, data in tests.items():
        assert len(data) == 10
        assert trained.isdisjoint(str(row["instances"]) for row in data.rows), name
    hidden = {name: composition([data])["hidden_at_all"] for name, data in tests.items()}
    assert hidden["clean"] == 0 <= hidden["removed"] < hidden["natural"]
    pairs = zip(tests["natural"].rows, tests["removed"].rows, strict=True)
    assert all(row["image_id"] == twin["twin"]["image_id"] for row, twin in pairs)
    boxes = [[[shape["box"] for shape in row["instances"]] for row in tests[name].rows] for name in ("natural", "reversed")]
    assert boxes[0] == [each[::-1] for each in boxes[1]]
    assert tests["reversed"].rule is not None


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"seeds": 0}, "seeds=0"),
        ({"jobs": 0}, "jobs=0"),
        ({"train_images": -1}, "train_images=-1"),
        ({"arms": ("heavy",)}, "heavy"),
        ({"arms": ("all",)}, "all"),
        ({"arms": ("all", "heavy", "heavy")}, "heavy heavy"),
        ({"data_seed": -1}, "data_seed=-1"),
    ],
)
def test_settings_that_cannot_be_meant_are_told(changes, word):
    with pytest.raises(UsageError, match=word):
        StudyOptions(**changes)


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"thesis\.txt"):
        study(replace(StudyOptions(), out=tmp_path))
    assert folder_names(tmp_path) == {"thesis.txt"}


def test_an_unknown_arm_is_usage(tmp_path):
    result = run_here("study", "--arms", "all", "most", cwd=tmp_path)
    assert result.returncode == 2
    assert "most" in result.stderr
    assert folder_names(tmp_path) == set()


def test_quick_lowers_only_what_is_left_at_its_default():
    options = StudyOptions(seeds=1, quick=True).lowered()
    assert (options.seeds, options.train_images, options.training.epochs) == (1, 60, 4)
    assert options.scene.width == 96
    assert StudyOptions(scene=SCENE, quick=True).lowered().scene == SCENE


def test_a_training_takes_the_first_images_and_another_set_s_val(small_dataset, tmp_path):
    from shapeseg.training.processes import join_processes
    from shapeseg.workflows.options import TrainOptions
    from shapeseg.workflows.train_data import open_training_data

    other = train_set(tmp_path, "all", SCENE, 5, 12)
    usual = open_training_data(TrainOptions(data=small_dataset), 4, join_processes())
    found = open_training_data(TrainOptions(data=other.folder, val_data=small_dataset, train_images=7), 4, join_processes())
    assert [found.train.source.scene_of(place, 0) for place in range(7)] == [other.scene(place) for place in range(7)]
    assert len(found.train.source) == 7
    assert found.val.source.rows == Dataset(small_dataset).split("val").rows == usual.val.source.rows
    assert len({found.digest, usual.digest, other.digest()}) == 3
    with pytest.raises(InputError, match="13 of 12"):
        other.first(13)
