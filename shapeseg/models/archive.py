"""What a ``.keras`` file may be, before anything in it is used: three plain members and arrays that lie in the file itself."""

from __future__ import annotations

import io
import math
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py

from shapeseg.card_files import MAX_BYTES, digest, read_model_bytes
from shapeseg.errors import ModelRefusedError

_MAX_RATIO = 100  # weights hardly shrink, and config.json does so tenfold
_SMALL = 2**20  # members below it may shrink as they like
WEIGHTS = "model.weights.h5"
_MEMBERS = ["config.json", "metadata.json", WEIGHTS]
_MOST_OBJECTS = 20_000  # groups and arrays; the largest network that a card can describe has half of that


class Array(NamedTuple):
    """An array of weights in a file, not yet read.

    Attributes:
        shape: As the file declares it.
        dtype: Its name, such as ``float32``.
    """

    shape: tuple[int, ...]
    dtype: str


class ModelFile(NamedTuple):
    """A ``.keras`` file that was read once and checked: what is loaded is what was looked at, whatever becomes of the file.

    Attributes:
        content: The whole file.
        sha256: Its SHA-256.
        weights: Its member ``model.weights.h5``.
        arrays: What that holds.
    """

    content: bytes
    sha256: str
    weights: bytes
    arrays: list[Array]


def read_model_file(path: Path) -> ModelFile:
    """Reads and checks a ``.keras`` file; nothing is deserialised, and no array is read.

    Raises:
        ModelRefusedError: If it is a link, too large, no zip of exactly Keras's three members, plain or deflated and of sane
            sizes, or if an array in it is a link, lies in another file, is packed by a filter, or is not wholly there.
    """
    whole = read_model_bytes(path)
    try:
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            _check_members(path, archive.infolist())
            content = archive.read(WEIGHTS)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, ModelRefusedError):
            raise
        raise ModelRefusedError(
            f"the file is not a .keras archive ({error})", received=path, fix="Restore it from a copy"
        ) from error
    try:
        with h5py.File(io.BytesIO(content), "r") as weights:
            return ModelFile(whole, digest(whole), content, list(_arrays(weights, len(content))))
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, OverflowError, SystemError) as error:
        raise ModelRefusedError(
            f"the weights cannot be used ({error})", received=path, fix="Restore it from a copy"
        ) from error


_TOO_LARGE = f"At most {MAX_BYTES:,} bytes are read; make the network smaller"


def _check_members(path: Path, members: list[zipfile.ZipInfo]) -> None:
    names = [member.filename for member in members]
    if sorted(names) != _MEMBERS:
        raise ModelRefusedError(
            f"a .keras file holds {', '.join(_MEMBERS)}",
            received=f"{path} with {', '.join(names)}",
            fix="Save the model again",
        )
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        plain = kind in (0, stat.S_IFREG) and not member.flag_bits & 1
        if not plain or member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelRefusedError(
                "a member of the model is a link, encrypted or compressed in another way",
                received=f"{path}, {member.filename}",
                fix="Save the model again",
            )
        if member.file_size > max(_SMALL, _MAX_RATIO * member.compress_size):
            raise ModelRefusedError(
                f"a member of the model would grow more than {_MAX_RATIO} times",
                received=f"{path}, {member.filename}: {member.compress_size:,} to {member.file_size:,} bytes",
                fix="Save the model again",
            )
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise ModelRefusedError("the model is too large when it is unpacked", received=path, fix=_TOO_LARGE)


def _arrays(weights: h5py.File, size: int) -> Iterator[Array]:
    """Yields the arrays of an HDF5 file of ``size`` bytes; what they and all attributes declare must find room in it."""
    declared = 0
    for name, link in _links(weights).items():
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{name} is a link out of its place")
        item = weights[name]
        declared += sum(item.attrs.get_id(each).get_storage_size() for each in item.attrs)
        if isinstance(item, h5py.Group):
            continue
        if not isinstance(item, h5py.Dataset):
            raise ValueError(f"{name} is neither an array nor a group")
        layout = item.id.get_create_plist()
        if layout.get_layout() not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT) or layout.get_external_count():
            raise ValueError(f"{name} is not stored plainly in the file itself")
        needed = math.prod(item.shape) * item.dtype.itemsize
        declared += needed
        if item.id.get_storage_size() < needed or declared > size:
            raise ValueError(f"{name} declares more than the file stores")
        yield Array(item.shape, str(item.dtype))


def _links(weights: h5py.File) -> dict[str, object]:
    links: dict[str, object] = {}

    def note(name: str, link: object) -> bool | None:
        links[name] = link
        return len(links) > _MOST_OBJECTS or None  # anything but None ends the visit

    if weights.visititems_links(note):  # it follows none but hard ones
        raise ValueError(f"it holds more than {_MOST_OBJECTS:,} groups and arrays")
    return links
