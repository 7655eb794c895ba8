"""Mutations of files with a structure of their own: images, ``.keras`` archives with HDF5 in them, ``.npz`` checkpoints."""

from __future__ import annotations

import io
import json
import stat
import struct
import warnings
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
from fuzz_mutations import HOSTILE, NAMES, json_text, mutated_bytes, mutated_json, mutated_value
from model_archives import WEIGHTS
from PIL import Image

_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F")
_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "GIF")
_NUMBERS = (0, 1, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 16384, 65500, 100_000)
_SHAPES = ((), (0,), (2**20, 2**10), (2**40,), (2**62, 4), (1,) * 30, (3, 3), (10,))
_TYPES = ("f4", "f8", "f2", "i8", "u1", "?", "S10", "c8", h5py.string_dtype(), h5py.ref_dtype, [("a", "f4"), ("b", "i8")])


def damage_image(random, path):
    """Damages an image, half of the times after it was written again in another mode or format."""
    content = path.read_bytes()
    while random.random() < 0.5:
        buffer = io.BytesIO()
        try:
            with Image.open(io.BytesIO(content)) as image:
                other = image.convert(random.choice(_MODES))
            options = {"save_all": True, "append_images": [other, other]} if random.random() < 0.2 else {}
            if random.random() < 0.3:
                options["exif"] = _orientation(random.randrange(10))
            other.save(buffer, random.choice(_FORMATS), **options)
        except (OSError, ValueError, KeyError):  # no such mode, or more than one image, in that format
            continue
        content = buffer.getvalue()
        break
    path.write_bytes(_mutated_image(random, content) if random.random() < 0.9 else content)


def _mutated_image(random, content):
    """Mutates an image file: numbers of its header by hostile ones, parts of a PNG with right sums, or bytes."""
    if random.random() < 0.5:
        return mutated_bytes(random, content)
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 3))):
        size, order = random.choice("BHHII"), random.choice("<>")
        end = len(changed) - struct.calcsize(size)
        place = random.randrange(max(min(end, random.choice((64, 64, 400))), 1))
        number = random.choice(_NUMBERS) % 256 ** struct.calcsize(size)
        if end > 0:
            struct.pack_into(order + size, changed, place, number)
    return _with_right_sums(random, bytes(changed))


def _with_right_sums(random, content):
    """Gives a PNG's parts the sums that belong to what they hold now; drops one or takes one twice, now and then."""
    if not content.startswith(b"\x89PNG"):
        return content
    parts, place = [], 8
    while place + 8 <= len(content):
        (length,) = struct.unpack_from(">I", content, place)
        body = content[place + 4 : place + 8 + min(length, len(content))]
        parts.append(content[place : place + 4] + body + struct.pack(">I", zlib.crc32(body)))
        place += length + 12
    if random.random() < 0.3 and parts:
        index = random.randrange(len(parts))
        parts[index : index + 1] = [parts[index]] * random.choice((0, 2, 1000))
    return content[:8] + b"".join(parts)


def _orientation(number):
    exif = Image.Exif()
    exif[0x112] = number
    return exif


def _packed(entries):
    """Returns a zip of (name or ZipInfo, content)."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(buffer, "w") as archive:  # of names that are there twice
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def _unpacked(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def mutated_keras(random, content):
    """Mutates a ``.keras`` file: arrays of its weights, bytes of them, its members, or bytes of the whole."""
    way = random.choice(("arrays", "arrays", "arrays", "bytes of weights", "members", "json", "bytes"))
    if way == "bytes":
        return mutated_bytes(random, content)
    entries = _unpacked(content)
    if way == "arrays":
        entries[WEIGHTS] = _mutated_arrays(random, entries[WEIGHTS])
    elif way == "bytes of weights":
        entries[WEIGHTS] = mutated_bytes(random, entries[WEIGHTS])
    elif way == "json":
        entries["config.json"] = mutated_json(random, entries["config.json"])
    return _packed(_mutated_members(random, entries) if way == "members" else entries.items())


def _mutated_members(random, entries):
    """Returns the members of an archive, one of them harmed."""
    members = list(entries.items())
    place = random.randrange(len(members))
    name, content = members[place]
    link = zipfile.ZipInfo(name)
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    bomb = zipfile.ZipInfo(name)
    bomb.compress_type = zipfile.ZIP_DEFLATED
    new = random.choice((
        [],
        [(name, b"")],
        [(random.choice([each for each in NAMES if each.isascii() and each.strip("\0")]), content)],
        [(link, "../canary/secret")],
        [(bomb, bytes(30 * 2**20))],
        [members[place], ("../canary/new", content)],
        [members[place], (f"{name}/", b"")],
    ))  # fmt: skip
    members[place : place + 1] = new
    return members


def _mutated_arrays(random, content):
    """Mutates an HDF5 file by what it declares."""
    buffer = io.BytesIO(content)
    with h5py.File(buffer, "r+") as file:
        names = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        name, other = random.choice(names), random.choice(names)
        old = file[name][()]
        ways = ["none", "shape", "type", "chunks", "number", "external", "soft", "hard", "outside", "group", "loop"]
        way = random.choice([*ways, "many", "deep", "rename", "turned", "attribute"])
        if way not in ("loop", "many", "deep", "attribute"):
            del file[name]
        match way:
            case "shape":
                file.create_dataset(name, random.choice(_SHAPES), "f4", track_times=False)
            case "type":
                file.create_dataset(name, old.shape, random.choice(_TYPES))
            case "chunks":
                options = {"compression": random.choice((None, "gzip", "lzf")), "fillvalue": 0.5}
                file.create_dataset(name, (2**20, 2**10), "f4", chunks=(2**10, 2**10), maxshape=(None, None), **options)
            case "number":
                file[name] = np.full_like(old, random.choice((np.nan, np.inf, 3e38, 0)))
            case "external":
                file[name] = h5py.ExternalLink("../canary/secret.h5", "/x")
            case "soft":
                file[name] = h5py.SoftLink(random.choice(("/nothing", f"/{other}", f"/{name}")))
            case "hard" if other != name:
                file[name] = file[other]
            case "outside":
                file.create_dataset(name, old.shape, "f4", external=[("../canary/secret", 0, h5py.h5f.UNLIMITED)])
            case "group":
                file.create_group(name)
            case "loop":
                file[f"{Path(name).parent}/loop"] = file["/"]
            case "many":
                for number in range(2000):
                    file.create_dataset(f"many/{number}", (2**20,), "f4")
            case "deep":
                file.create_group("/".join("a" * 500))
            case "rename":
                file[random.choice(("x", f"{name}x", "é", "a" * 1000))] = old
            case "turned":
                file[name] = old.T if old.ndim > 1 else old[:-1]
            case "attribute":
                file[name].attrs["value"] = np.zeros(5000)
    return buffer.getvalue()


def mutated_checkpoint(random, content):
    """Mutates an ``.npz`` checkpoint: its state, an array, what an array says of itself, or bytes of the whole."""
    way = random.choice(("state", "state", "state", "array", "array", "header", "none", "twice", "bytes"))
    if way == "bytes":
        return mutated_bytes(random, content)
    entries = _unpacked(content)
    name = "state.npy" if way == "state" else random.choice(sorted(entries))
    array = np.load(io.BytesIO(entries[name]))
    if way == "state":
        changed = json_text(mutated_value(random, json.loads(array.tobytes()))).encode()
        entries[name] = _npy(np.frombuffer(changed, np.uint8))
    elif way == "array":
        shape = random.choice(((), (0,), array.shape[:-1], (*array.shape, 1), (624,)))
        number = float(random.choice([each for each in HOSTILE if isinstance(each, int | float)]))
        entries[name] = _npy(np.full(shape, number, random.choice(("f8", "f4", "S9", "?"))))
    elif way == "header":
        entries[name] = _with_header(random, entries[name])
    elif way == "none":
        del entries[name]
    return _packed([*entries.items(), *([(name, b"")] if way == "twice" else [])])


def _npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _with_header(random, content):
    length = 10 + int.from_bytes(content[8:10], "little")
    header = content[10:length].decode()
    shape = header[header.index("(") : header.index(")") + 1]
    new = random.choice(
        ("(99999999999,)", "(4611686018427387904, 4)", "(-1,)", "()", "(1e9,)", "(" * 200 + ")" * 200, "(True,)")
    )
    header = random.choice((header.replace(shape, new), header.replace("<", "|O"), header.replace("'", '"', 1), header * 50))
    return content[:8] + struct.pack("<H", len(header) % 2**16) + header.encode() + content[length:]
