"""What a ``.keras`` file may be, before anything in it is used: three plain members and arrays that lie in the file itself."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import h5py

from shapeseg.errors import ModelRefusedError

MAX_BYTES = 512 * 2**20  # packed or unpacked: 134 million weights; the largest of ours has a third of that
_MAX_RATIO = 100  # weights hardly shrink, and config.json does so tenfold
_SMALL = 2**20  # members below it may shrink as they like
_WEIGHTS = "model.weights.h5"
_MEMBERS = ["config.json", "metadata.json", _WEIGHTS]


class Array(NamedTuple):
    """An array of weights in a file, not yet read.

    Attributes:
        shape: As the file declares it.
        dtype: Its name, such as ``float32``.
    """

    shape: tuple[int, ...]
    dtype: str


def read_arrays(path: Path) -> list[Array]:
    """Checks a ``.keras`` file and lists its arrays; nothing is deserialised, and no array is read.

    Raises:
        ModelRefusedError: If it is a link, too large, no zip of exactly Keras's three members, plain or deflated and of sane
            sizes, or if an array in it is a link, lies in another file, or is packed by a filter.
    """
    if path.is_symlink() or not path.is_file():
        raise ModelRefusedError("a model is a regular file and no link", received=path, fix="Name the file itself")
    if path.stat().st_size > MAX_BYTES:
        raise ModelRefusedError("the model is too large", received=f"{path}, {path.stat().st_size:,} bytes", fix=_TOO_LARGE)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(path, archive.infolist())
            content = archive.read(_WEIGHTS)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, EOFError, ValueError) as error:
        if isinstance(error, ModelRefusedError):
            raise
        raise ModelRefusedError(
            f"the file is no .keras archive ({error})", received=path, fix="Restore it from a copy"
        ) from error
    try:
        with h5py.File(io.BytesIO(content), "r") as weights:
            return list(_arrays(weights))
    except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
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
                "a member of the model is a link, encrypted or packed in another way",
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


def _arrays(weights: h5py.File) -> Iterator[Array]:
    links: dict[str, object] = {}
    weights.visititems_links(links.__setitem__)  # it follows none but hard ones
    for name, link in links.items():
        if not isinstance(link, h5py.HardLink):
            raise ValueError(f"{name} is a link out of its place")
        item = weights[name]
        if isinstance(item, h5py.Group):
            continue
        if not isinstance(item, h5py.Dataset):
            raise ValueError(f"{name} is neither an array nor a group")
        layout = item.id.get_create_plist()
        if layout.get_layout() not in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT) or layout.get_external_count():
            raise ValueError(f"{name} is not stored plainly in the file itself")
        yield Array(item.shape, str(item.dtype))
