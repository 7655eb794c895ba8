"""Model files packed to do harm: each is refused, in little memory, and nothing is unpacked beside it."""

import os
import resource
import stat
import struct
import zipfile

import pytest
from model_archives import WEIGHTS, members, pack, renew_card

from shapeseg.errors import ModelRefusedError
from shapeseg.models import load_model


def link_member():
    info = zipfile.ZipInfo("config.json")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


HOSTILE_ARCHIVES = {
    "a path that climbs out": lambda content: [*content.items(), ("../canary", b"x")],
    "an absolute path": lambda content: [*content.items(), ("/tmp/canary", b"x")],
    "a climbing name for a member": lambda content: [
        ("../config.json" if name == "config.json" else name, data) for name, data in content.items()
    ],
    "a folder more": lambda content: [*content.items(), ("assets/", b"")],
    "a link": lambda content: [(link_member() if name == "config.json" else name, data) for name, data in content.items()],
    "a bomb": lambda content: (content | {"config.json": bytes(200 * 2**20)}).items(),
    "bombed weights": lambda content: (content | {WEIGHTS: content[WEIGHTS] + bytes(300 * 2**20)}).items(),
    "empty weights": lambda content: (content | {WEIGHTS: b""}).items(),
    "text for weights": lambda content: (content | {WEIGHTS: b"I am no HDF5 file"}).items(),
}


@pytest.mark.parametrize("name", HOSTILE_ARCHIVES)
def test_hostile_archives_are_refused(name, path, tmp_path):
    pack(path, HOSTILE_ARCHIVES[name](members(path)), zipfile.ZIP_DEFLATED)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100 * 1024  # KiB
    assert not list(tmp_path.rglob("canary"))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_there_twice_is_refused(path):
    content = members(path)
    pack(path, [*content.items(), ("config.json", content["config.json"])])
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)


@pytest.mark.parametrize("packed", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_to_pack_are_refused(packed, path):
    pack(path, members(path).items(), packed)
    with pytest.raises(ModelRefusedError, match="compressed in another way"):
        load_model(path)


def test_a_member_that_lies_about_its_size_is_refused(path):
    """The central directory says that the weights take 16 EiB, and little of it in the file."""
    content = bytearray(path.read_bytes())
    place = content.rindex(b"PK\x01\x02", 0, content.rindex(WEIGHTS.encode()))
    content[place + 24 : place + 28] = struct.pack("<I", 2**32 - 2)
    path.write_bytes(content)
    renew_card(path)
    with pytest.raises(ModelRefusedError, match="grow more than"):
        load_model(path)


def test_a_link_or_a_pipe_in_place_of_the_file_is_refused(path, tmp_path):
    real = path.rename(tmp_path / "real.keras")
    path.symlink_to(real)
    with pytest.raises(ModelRefusedError, match="link is not followed"):
        load_model(path)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(ModelRefusedError, match="Received: "):
        load_model(path)


def test_a_file_beyond_the_limit_is_refused_before_it_is_read(path):
    with path.open("r+b") as file:
        file.truncate(2**40)  # a hole, of no size on disk
    with pytest.raises(ModelRefusedError, match="at most"):
        load_model(path)
