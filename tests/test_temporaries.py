import shutil
from pathlib import Path

import pytest
from command_runs import folder_names
from left_files import left_by_a_kill

from shapeseg.temporaries import folder_identity, leftovers, make_temporary_folder, temporary_file


def test_a_temporary_file_is_beside_its_target_and_goes(tmp_path):
    with temporary_file(tmp_path / "model.keras") as path:
        assert path.parent == tmp_path
        assert path.suffix == ".keras"
        assert path.name.startswith(".model.")
        assert path.read_bytes() == b""
        assert leftovers(tmp_path) == []  # its writer lives
    assert folder_names(tmp_path) == set()


def test_what_a_killed_writer_left_is_ours_and_a_copy_of_it_is_not(tmp_path):
    left = left_by_a_kill(tmp_path / "a.csv")
    assert leftovers(tmp_path) == [(left, True)]
    assert leftovers(tmp_path, "a.csv") == [(left, True)]
    assert leftovers(tmp_path, "b.csv") == []
    (tmp_path / "copy").mkdir()
    copy = Path(shutil.copy2(left, tmp_path / "copy"))
    assert leftovers(tmp_path / "copy") == [(copy, False)]


def test_a_temporary_folder_is_known_by_its_inode(tmp_path):
    left = make_temporary_folder(tmp_path / "d.v1")
    (left / "file").write_text("half")
    assert leftovers(tmp_path, "d.v1") == [(left, True)]
    copy = shutil.copytree(left, tmp_path / "copy" / left.name)
    assert leftovers(tmp_path / "copy") == [(copy, False)]
    assert folder_identity(copy) != folder_identity(left)


@pytest.mark.parametrize("token", ["0123456789abcdef", "1f-2a"])
def test_what_only_bears_such_a_name_is_somebody_else_s_unless_it_is_empty(token, tmp_path):
    (tmp_path / "victim").mkdir()
    (tmp_path / "victim/precious").write_text("")
    names = {kind: tmp_path / f".{kind}.{token}.shapeseg-tmp" for kind in ("link", "full", "empty", "file")}
    names["link"].symlink_to("victim")
    names["full"].mkdir()
    (names["full"] / "precious").write_text("")
    names["empty"].mkdir()
    names["file"].write_text("precious")
    assert dict(leftovers(tmp_path)) == {path: kind == "empty" for kind, path in names.items()}
