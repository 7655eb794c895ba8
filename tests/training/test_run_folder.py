import os
import shutil

import pytest
from command_runs import folder_names
from left_files import left_by_a_kill

from shapeseg.errors import StorageError, UsageError
from shapeseg.training.run_folder import RunFolder, newest_model, next_free


def test_a_run_takes_a_new_or_empty_folder_only(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    RunFolder(tmp_path / "a" / "b").make({})
    (tmp_path / "a" / "b" / "note").write_text("mine")
    with pytest.raises(UsageError, match="in use"):
        RunFolder(tmp_path / "a" / "b").make({})
    for out in (tmp_path / "a" / "b" / "note", tmp_path / "a" / "b" / "note" / "run"):
        with pytest.raises(StorageError, match="Received: "):
            RunFolder(out).make({})
    assert (tmp_path / "a" / "b" / "note").read_text() == "mine"


def test_a_run_that_was_killed_before_it_began_is_begun_anew(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    (run.checkpoints / ".run.1.shapeseg-tmp.json").write_text("{")
    run.make({"seed": 1})
    with pytest.raises(UsageError, match="in use"):
        run.make({"seed": 1})


def test_a_resume_puts_right_what_a_kill_left_half_done(tmp_path):
    run, identity = RunFolder(tmp_path / "run"), {"seed": 1, "data_sha256": "0"}
    run.make(identity)
    config = run.config.read_bytes()
    run.config.unlink()
    left = left_by_a_kill(run.model)
    copy = shutil.copy(left, run.root / ".model.1-2.shapeseg-tmp.keras")
    run.resume(identity)
    assert run.config.read_bytes() == config
    assert folder_names(run.root) == {"checkpoints", "config.json", copy.name}


def test_the_next_free_name_counts_up(tmp_path):
    for number in (1, 2, 3):
        assert next_free(tmp_path, "unet") == tmp_path / f"unet-{number}"
        (tmp_path / f"unet-{number}").mkdir()
    assert next_free(tmp_path, "other") == tmp_path / "other-1"
    assert next_free(tmp_path / "missing", "unet") == tmp_path / "missing" / "unet-1"


def test_the_newest_model_is_the_last_saved_and_the_reference_only_when_alone(tmp_path):
    assert newest_model(tmp_path) is None
    assert newest_model(tmp_path / "missing") is None
    moments = {"old": 1000, "new": 2000, "reference": 3000}
    for name, moment in moments.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.keras").touch()
        os.utime(tmp_path / name / "model.keras", (moment, moment))
    (tmp_path / "unfinished").mkdir()
    assert newest_model(tmp_path) == tmp_path / "new" / "model.keras"
    for name in ("new", "old"):
        (tmp_path / name / "model.keras").unlink()
    assert newest_model(tmp_path) == tmp_path / "reference" / "model.keras"
