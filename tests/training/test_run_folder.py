import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest
from command_runs import folder_names
from left_files import left_by_a_kill

from shapeseg.description import Description
from shapeseg.errors import InputError, StorageError, UsageError
from shapeseg.settings import options_to_dict
from shapeseg.training.run_folder import RunFolder, claim_number, newest_model, read_history, read_train_images


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
    left_by_a_kill(run.identity)
    run.make({"seed": 1})
    with pytest.raises(UsageError, match="in use"):
        run.make({"seed": 1})


def test_numbers_are_claimed_one_after_another(tmp_path):
    (tmp_path / "unet-2").touch()
    assert [claim_number(tmp_path / "new", "unet") for _ in range(3)] == [1, 2, 3]
    assert [claim_number(tmp_path, name) for name in ("unet", "unet", "other")] == [1, 3, 1]
    assert (tmp_path / "new/unet-3").is_dir()


def test_many_who_claim_at_once_get_a_number_each(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        numbers = list(pool.map(lambda _: claim_number(tmp_path, "unet"), range(64)))
    assert sorted(numbers) == list(range(1, 65))


def test_only_what_a_run_has_is_removed(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.make(IDENTITY)
    for name in ("epoch-00003.npz", ".lock"):
        (run.checkpoints / name).touch()
    left_by_a_kill(run.checkpoints / "epoch-00004.npz")
    (run.checkpoints / ".epoch-00004.1-2.shapeseg-tmp.npz").write_text("a copy")
    (run.root / "model.keras").touch()
    (tmp_path / "theirs").write_text("theirs")
    (run.checkpoints / "epoch-00002.npz").symlink_to(tmp_path / "theirs")
    (run.checkpoints / "epoch-best.txt").write_text("mine")
    (run.root / "history.csv").symlink_to(tmp_path / "theirs")
    run.remove()
    left = {str(path.relative_to(run.root)) for path in run.root.rglob("*")}
    theirs = {"epoch-00002.npz", "epoch-best.txt", ".epoch-00004.1-2.shapeseg-tmp.npz"}
    assert left == {"checkpoints", "history.csv", *(f"checkpoints/{name}" for name in theirs)}
    assert (tmp_path / "theirs").read_text() == "theirs"
    for name in left - {"checkpoints"}:
        (run.root / name).unlink()
    run.remove()
    assert not run.root.exists()


def test_a_run_is_finished_although_somebody_keeps_a_file_among_its_checkpoints(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.make(IDENTITY)
    run.model.touch()
    (run.checkpoints / "mine").touch()
    assert not run.is_finished()
    run.remove_checkpoints()
    assert run.is_finished()
    assert [path.name for path in run.checkpoints.iterdir()] == ["mine"]


def test_nothing_is_written_or_removed_through_a_link(tmp_path):
    other, run = RunFolder(tmp_path / "other"), RunFolder(tmp_path / "run")
    other.make(IDENTITY)
    run.root.mkdir()
    run.checkpoints.symlink_to(other.checkpoints)
    for begin in (run.make, run.resume):
        with pytest.raises(InputError, match="through a link"):
            begin(IDENTITY)
    run.remove()
    (tmp_path / "link").symlink_to(other.root)
    RunFolder(tmp_path / "link").remove()
    assert {path.name for path in other.root.rglob("*")} == {"checkpoints", "run.json", "config.json"}
    run.checkpoints.unlink()
    run.checkpoints.touch()
    with pytest.raises(InputError, match="through a link"):
        run.make(IDENTITY)


def test_a_checkpoint_that_nobody_began_is_not_taken_for_ours(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.checkpoints.mkdir(parents=True)
    (run.checkpoints / "epoch-00001.npz").touch()
    with pytest.raises(UsageError, match="in use"):
        run.make(IDENTITY)


def test_a_run_of_a_version_that_noted_how_it_was_called_goes_on(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.make(IDENTITY | {"config": "settings.yaml", "debug": True})
    run.resume(IDENTITY)
    with pytest.raises(UsageError, match=r"data: begun with d, now other"):
        run.resume(IDENTITY | {"data": "other"})


def test_a_run_of_a_version_without_sizes_goes_on_where_they_are_as_they_were(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.make(IDENTITY)
    training = IDENTITY["training"] | {"crop": None, "resize": None}
    now = IDENTITY | {"own": options_to_dict(Description()), "training": training}
    run.resume(now)
    with pytest.raises(UsageError, match=r"training\.crop: begun with None, now 256"):
        run.resume(now | {"training": training | {"crop": 256}})
    with pytest.raises(UsageError, match=r"own\.void_value: begun with None, now 255"):
        run.resume(now | {"own": options_to_dict(Description(void_value=255))})


def test_a_run_of_a_version_that_ignored_ambiguous_pixels_goes_on(tmp_path):
    def now(ambiguous):
        return IDENTITY | {"training": {"epochs": 3, "seed": 1, "ambiguous": ambiguous, "ambiguous_weight": 1.0}}

    for old, new, other in ((True, "exclude", "hard"), (False, "hard", "exclude")):
        run = RunFolder(tmp_path / new)
        run.make(IDENTITY | {"training": {"epochs": 3, "seed": 1, "ignore_ambiguous": old}})
        assert run.planned_epochs() == run.finished_epochs() == 3
        run.resume(now(new))
        with pytest.raises(UsageError, match=rf"training\.ambiguous: begun with {new}, now {other}"):
            run.resume(now(other))


IDENTITY = {"data": "d", "val_data": None, "max_minutes": None, "training": {"epochs": 3, "seed": 1}, "data_sha256": "0" * 64}
NO_IDENTITIES = [
    *(b"", b"{", b"[]", b"{}", b"3", b"null", b"[" * 5000, b"\xff", b'{"training": {}}'),
    *(json.dumps({name: value for name, value in IDENTITY.items() if name != missing}).encode() for missing in IDENTITY),
    *(json.dumps(IDENTITY | {name: {"a": [5]}}).encode() for name in IDENTITY if IDENTITY[name] is not None),
    *(
        json.dumps(IDENTITY | {"training": IDENTITY["training"] | {"epochs": value}}).encode()
        for value in ("3", [], True, 0.5)
    ),
]


@pytest.mark.parametrize("content", NO_IDENTITIES, ids=lambda content: content.decode(errors="replace")[:60])
def test_a_beginning_that_is_none_is_missing_input(content, tmp_path):
    run = RunFolder(tmp_path / "run")
    run.make(IDENTITY)
    run.resume(IDENTITY)
    assert run.planned_epochs() == run.finished_epochs() == 3
    run.identity.write_bytes(content)
    with pytest.raises(InputError, match=r"not the settings of a run .* Received: "):
        _ = run.planned_epochs(), run.resume(IDENTITY)


def test_a_beginning_with_another_value_is_told_by_name(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.make(IDENTITY)
    with pytest.raises(UsageError, match=r"training\.seed: begun with 1, now 2"):
        run.resume(IDENTITY | {"training": {"epochs": 3, "seed": 2}})


HISTORY = "epoch,loss,val_iou\n1,0.5,0.25\n2,0.4,0.5\n"
NO_HISTORIES = [
    *("", "epoch,loss,val_iou\n", "epoch\n1\n", "loss,val_iou\n0.5,0.5\n", HISTORY + "4,1,1\n", HISTORY + "3,1,1,1\n"),
    *(HISTORY.replace("0.4", "low"), HISTORY.replace("2,", "two,"), HISTORY.replace("0.25", ""), "\0" * 100, "\udcff" * 9),
    *('"' + "a" * 200_000, "1" * 5000),
]


def test_a_history_is_read_and_what_was_not_logged_is_left_out(tmp_path):
    (tmp_path / "history.csv").write_text(HISTORY.replace("0.4", ""))
    rows = [{"epoch": 1, "loss": 0.5, "val_iou": 0.25}, {"epoch": 2, "val_iou": 0.5}]
    assert read_history(tmp_path / "history.csv") == rows


@pytest.mark.parametrize("content", NO_HISTORIES, ids=lambda content: repr(content)[:40])
def test_a_history_that_is_none_is_missing_input(content, tmp_path):
    (tmp_path / "history.csv").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=r"^this is not a training history \(.*Received: "):
        read_history(tmp_path / "history.csv")


def test_the_images_of_a_run_are_digests_or_a_stream(tmp_path):
    model, path = tmp_path / "model.keras", tmp_path / "train_images.txt"
    assert read_train_images(model) is None
    fresh = "fresh scenes of seed 3, indices from 90: no dataset holds any of them"
    path.write_text(f"{'a' * 64}\n{fresh}\n")
    assert read_train_images(model) == {"a" * 64, fresh}
    for content in (b"\xff", b"a\n", b"A" * 64, b"a" * 65, b"\n", b"\0" * 64):
        path.write_bytes(content)
        with pytest.raises(InputError, match="line 1"):
            read_train_images(model)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(InputError, match="not a regular file"):
        read_train_images(model)


def test_a_resume_puts_right_what_a_kill_left_half_done(tmp_path):
    run, identity = RunFolder(tmp_path / "run"), IDENTITY
    run.make(identity)
    config = run.config.read_bytes()
    run.config.unlink()
    left = left_by_a_kill(run.model)
    copy = shutil.copy(left, run.root / ".model.1-2.shapeseg-tmp.keras")
    run.resume(identity)
    assert run.config.read_bytes() == config
    assert folder_names(run.root) == {"checkpoints", "config.json", copy.name}


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
