import json
import os
import shutil

import pytest
from command_runs import folder_names

from shapeseg.errors import BusyError, InputError, UsageError
from shapeseg.folders import LOCK, refuse_links, result_folder, staged_folder, writer_lock
from shapeseg.temporaries import make_temporary_folder


def test_a_lock_has_one_holder_until_its_block_ends(tmp_path):
    with writer_lock(tmp_path), pytest.raises(BusyError, match="locked by process"), writer_lock(tmp_path):
        pass
    with writer_lock(tmp_path):
        pass


def test_a_staged_folder_is_there_when_it_is_complete(tmp_path):
    out = tmp_path / "out"
    with staged_folder(out) as staging:
        (staging / "half").write_text("")
        assert not out.exists()
        with pytest.raises(BusyError), staged_folder(out):
            pass
    assert folder_names(tmp_path) == {"out"}
    assert folder_names(out) == {"half"}


def test_a_staged_folder_that_fails_leaves_nothing(tmp_path):
    def fail_half_way():
        with staged_folder(tmp_path / "out") as staging:
            (staging / "half").write_text("")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail_half_way()
    assert folder_names(tmp_path) == set()


def test_what_a_killed_writer_staged_goes_and_what_only_looks_like_it_is_named_and_stays(tmp_path, capsys):
    out = tmp_path / "out"
    left = make_temporary_folder(out)
    (left / "half").write_text("")
    copy = tmp_path / ".out.1-2.shapeseg-tmp"
    shutil.copytree(left, copy)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis").write_text("precious")
    (tmp_path / ".out.3-4.shapeseg-tmp").symlink_to("home")
    (tmp_path / ".out.staging").symlink_to("home")
    with staged_folder(out) as staging:
        assert not (left / "half").exists()
        assert folder_names(staging) == {LOCK}
    assert folder_names(tmp_path) == {"out", copy.name, ".out.3-4.shapeseg-tmp", ".out.staging", "home"}
    assert folder_names(copy) == {"half"}
    assert folder_names(tmp_path / "home") == {"thesis"}
    told = capsys.readouterr().err
    assert told.count("stays as it is") == 2
    assert str(copy) in told


def test_a_link_that_a_person_names_leads_to_the_folder(tmp_path):
    (tmp_path / "link").symlink_to("elsewhere")
    with staged_folder(tmp_path / "link") as staging:
        (staging / "a").write_text("")
    assert folder_names(tmp_path / "elsewhere") == {"a"}
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("kind", ["link", "pipe", "foreign"])
def test_a_lock_that_is_none_of_ours_is_refused_and_left(kind, tmp_path):
    lock, victim = tmp_path / LOCK, tmp_path / "victim"
    victim.write_text("precious")
    {"link": lambda: lock.symlink_to(victim), "pipe": lambda: os.mkfifo(lock), "foreign": lambda: lock.write_text("mine")}[
        kind
    ]()
    with pytest.raises(InputError, match="lock file"), writer_lock(tmp_path):
        pass
    assert victim.read_text() == "precious"
    if kind == "foreign":
        assert lock.read_text() == "mine"


def test_a_lock_goes_when_its_block_ends_well_and_marks_the_folder_when_not(tmp_path):
    with writer_lock(tmp_path):
        pass
    assert folder_names(tmp_path) == set()
    fail_in(tmp_path, "a")
    assert folder_names(tmp_path) == {LOCK, "a"}


def fail_in(folder, name):
    """Leaves a file and the lock in a folder, as a command does that ends in the middle."""

    def fail():
        with result_folder(folder, "test", lambda found: False):
            (folder / name).write_text("")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()


def test_a_result_takes_what_is_empty_unfinished_or_of_its_kind_and_nothing_else(tmp_path):
    def is_result(folder):
        return (folder / "result.json").is_file() and "score" in json.loads((folder / "result.json").read_text())

    def take(folder):
        with result_folder(folder, "test", is_result), pytest.raises(BusyError), result_folder(folder, "test", is_result):
            pass

    take(tmp_path / "new")
    fail_in(tmp_path / "unfinished", "half")
    shutil.copytree(tmp_path / "unfinished", tmp_path / "copy")
    take(tmp_path / "unfinished")
    for name, content in (("own", '{"score": 1}'), ("foreign", "{}")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "result.json").write_text(content)
    take(tmp_path / "own")
    for name in ("foreign", "copy"):
        before = folder_names(tmp_path / name)
        with pytest.raises(UsageError, match="holds something other than a test"):
            take(tmp_path / name)
        assert folder_names(tmp_path / name) == before


def test_a_linked_or_other_thing_in_place_of_a_folder_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "file").write_text("")
    refuse_links(tmp_path, ("folder", "missing"))
    for name in ("link", "file"):
        with pytest.raises(InputError, match="nothing is written through a link"):
            refuse_links(tmp_path, ("folder", name))
