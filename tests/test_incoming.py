import os
import socket
from pathlib import Path

import pytest

from shapeseg.errors import InputError
from shapeseg.incoming import parse_json, read_file


def test_a_regular_file_is_read_whole_or_from_its_start(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    assert read_file(path, most=10) == b"0123456789"
    assert read_file(path, most=0, start=4) == b"0123"
    with pytest.raises(InputError, match=r"at most 9 bytes are read here. Received: .*a, 10 bytes"):
        read_file(path, most=9)
    with pytest.raises(FileNotFoundError):
        read_file(tmp_path / "missing", most=9)


def test_a_sparse_file_is_refused_by_its_size(tmp_path):
    path = tmp_path / "vast"
    with path.open("wb") as file:
        file.truncate(5 * 2**40)
    with pytest.raises(InputError, match="5,497,558,138,880 bytes"):
        read_file(path, most=10**9)


def test_what_may_be_large_takes_no_memory_where_it_is_small(tmp_path):
    (tmp_path / "a").write_bytes(b"0123456789")
    assert read_file(tmp_path / "a", most=2**60) == b"0123456789"
    status = Path("/proc/self/status")  # it has no size
    assert read_file(status, most=10**5).startswith(b"Name:")
    with pytest.raises(InputError, match="growing"):
        read_file(status, most=9)


def test_a_link_is_followed_only_where_a_person_named_it(tmp_path):
    (tmp_path / "a").write_bytes(b"a")
    (tmp_path / "link").symlink_to("a")
    with pytest.raises(InputError, match="a link is not followed here"):
        read_file(tmp_path / "link", most=9)
    assert read_file(tmp_path / "link", most=9, follow=True) == b"a"


@pytest.mark.parametrize("follow", [False, True])
def test_what_is_no_regular_file_is_refused_at_once(follow, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "round").symlink_to("round")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for path in (tmp_path / "pipe", tmp_path / "folder", tmp_path / "socket", tmp_path / "round"):
            with pytest.raises(InputError, match=r"not a regular file|not followed"):
                read_file(path, most=9, follow=follow)
    for name in ("/dev/zero", "/dev/full", "/dev/null", "/dev/stdin"):
        with pytest.raises((InputError, OSError)):
            read_file(Path(name), most=9, follow=follow)
    with pytest.raises(InputError, match="no file can have this name"):
        read_file(tmp_path / "a\0b", most=9)


def test_json_is_strict(tmp_path):
    assert parse_json(b'\xef\xbb\xbf{"a": [1, 2.5e3, null, true, "\xc3\xa4"]}') == {"a": [1, 2500.0, None, True, "ä"]}
    for text in ("NaN", "[Infinity]", "-Infinity", "1e999", "[-1e999]", "9" * 6000, "{", "", "\xff"):
        with pytest.raises(ValueError, match=r"."):
            parse_json(text)
    with pytest.raises(ValueError, match="utf-8"):
        parse_json(b'"\xff"')


def test_json_is_not_nested_without_end():
    for depth in (70, 900, 100_000):
        for opens, closes in (("[", "]"), ('{"a":', "}")):
            with pytest.raises(ValueError, match="nested too deeply"):
                parse_json(opens * depth + "1" + closes * depth)
    assert parse_json("[" * 60 + "]" * 60)
    assert len(parse_json("[" + "[]," * 1000 + "[]]")) == 1001  # many brackets, but beside each other
