import os

import pytest
from command_runs import digest, error_line
from PIL import Image

from shapeseg.commands import preview, stats
from shapeseg.errors import UsageError
from shapeseg.outputs import refuse_foreign


def put(folder, kind):
    path = folder / "out"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        (folder / "own").write_text("shapeseg")
        path.symlink_to("own")
    elif kind == "dangling link":
        path.symlink_to("nowhere")
    else:
        path.write_bytes({"text": b"mine", "empty": b"", "late": b" " * 2000 + b"shapeseg"}[kind])
    return path


@pytest.mark.parametrize("kind", ["text", "empty", "late", "folder", "pipe", "link", "dangling link"])
def test_what_shapeseg_did_not_write_is_in_the_way(kind, tmp_path):
    path = put(tmp_path, kind)
    with pytest.raises(UsageError, match=f"shapeseg did not write.*Received: {path}"):
        refuse_foreign(path)


def test_nothing_and_its_own_files_are_not(tmp_path):
    refuse_foreign(tmp_path / "new")
    refuse_foreign(tmp_path / "new/below")
    (tmp_path / "own").write_bytes(b"\x89PNG shapeseg")
    refuse_foreign(tmp_path / "own")
    refuse_foreign(tmp_path / "own/below")


@pytest.mark.parametrize("command", [preview, stats])
def test_pictures_replace_earlier_ones_of_shapeseg_and_nothing_else(command, small_dataset, tmp_path, capsys):
    photo = tmp_path / "photo.png"
    Image.new("RGB", (4, 4)).save(photo)
    before = digest(photo)
    assert command.main([str(small_dataset), "--out", str(photo)]) == 2
    assert str(photo) in error_line(capsys.readouterr().err)
    assert digest(photo) == before
    for split in ("val", "test"):
        assert command.main([str(small_dataset), "--split", split, "--out", str(tmp_path / "own.png")]) == 0
