import json
import os
import shutil
import stat

import pytest
from command_runs import folder_names
from left_files import left_by_a_kill

from shapeseg import files


def test_a_file_is_written_whole_and_nothing_is_left_beside_it(tmp_path):
    target = tmp_path / "note.txt"
    files.write_text(target, "one\n")
    files.write_text(target, "zwölf\n")
    assert target.read_bytes() == "zwölf\n".encode()
    assert folder_names(tmp_path) == {"note.txt"}


def test_a_writer_that_fails_leaves_the_old_file_and_no_other(tmp_path):
    target = tmp_path / "model.keras"
    target.write_bytes(b"old")

    def write(temporary):
        assert temporary.suffix == ".keras"  # some writers choose the format by the name
        temporary.write_bytes(b"half of the n")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        files.replace_with(target, write)
    assert target.read_bytes() == b"old"
    assert folder_names(tmp_path) == {"model.keras"}


def test_what_a_killed_writer_left_goes_when_the_same_is_written_again(tmp_path):
    target = tmp_path / "model.keras"
    left_by_a_kill(target)
    of_another = left_by_a_kill(tmp_path / "other.keras")
    copy = shutil.copy(left_by_a_kill(target), tmp_path / ".model.1-2.shapeseg-tmp.keras")
    files.replace_with(target, lambda temporary: temporary.write_bytes(b"new"))
    assert folder_names(tmp_path) == {"model.keras", of_another.name, copy.name}


def test_content_is_safe_before_it_has_its_name_and_the_name_is_safe_at_the_end(tmp_path, monkeypatch):
    done, sync, rename = [], os.fsync, os.replace

    def noted_sync(descriptor):
        done.append("folder synced" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file synced")
        sync(descriptor)

    def noted_rename(source, target):
        done.append("renamed")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(os, "replace", noted_rename)
    files.write_text(tmp_path / "note.txt", "one\n")
    assert done == ["file synced", "renamed", "folder synced"]


def test_json_is_readable_and_holds_no_nan(tmp_path):
    target = tmp_path / "numbers.json"
    files.write_json(target, {"iou": None, "n": 3})
    assert json.loads(target.read_text()) == {"iou": None, "n": 3}
    assert target.read_text().endswith("}\n")
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            files.write_json(target, {"iou": value})
    assert json.loads(target.read_text()) == {"iou": None, "n": 3}


def test_a_folder_moves_whole_into_a_free_place_only(tmp_path):
    source, target, used = tmp_path / "staged", tmp_path / "done", tmp_path / "used"
    source.mkdir()
    (source / "a").write_text("a")
    used.mkdir()
    (used / "b").write_text("b")
    with pytest.raises(OSError, match="not empty"):
        files.rename_folder(source, used)
    files.rename_folder(source, target)
    assert folder_names(target) == {"a"}
    assert folder_names(tmp_path) == {"done", "used"}
