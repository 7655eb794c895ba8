"""Mutations: of JSON by its structure, of text by its words, of any file by its bytes, of what stands in a file's place.

Every function takes a ``random.Random`` first, and gives the same for the same state of it.
"""

from __future__ import annotations

import copy
import json
import os
import re

# Texts that are no JSON value in Python, or that its encoder would not write: they are put in after encoding.
_RAW = {
    "!infinite": "1e999",
    "!digits": "7" * 6000,
    "!64": "[" * 64 + "]" * 64,
    "!100": '{"a":' * 100 + "1" + "}" * 100,
    "!3000": "[" * 3000 + "]" * 3000,
    "!bare": "0x10",
}
HOSTILE = [None, True, False, -1, 0, 1, 2**31, 2**63 - 1, 2**63, 2**64 + 1, 2**70, 0.5, -0.0, 1e308, 1e-320]
HOSTILE += [float("nan"), float("inf"), float("-inf"), *_RAW, [], {}, [[]], [None], {"": None}, [1, 2], ["a"]]
NAMES = ["", "a" * 10_000, "\ud800", "\0", "\n", "é", "../x", "../../canary/victim", "../../canary/victim.png", "/etc/passwd"]
NAMES += [
    ".",
    "..",
    "-1",
    "nan",
    "1e999",
    "--help",
    "C:\\x",
    "images/../../../../canary/secret.png",
    "../canary/secret.png",
    "%s",
    "\x1b[31m",
    "none",
]
HOSTILE += NAMES


def hostile(random):
    """Returns a value that nobody expects, one's own to change."""
    return copy.deepcopy(random.choice(HOSTILE))


def mutated_bytes(random, content):
    """Flips, inserts, deletes, splices, cuts off or repeats, once or a few times."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 5, 20))):
        here, there = sorted(random.randrange(len(changed) + 1) for _ in range(2))
        near = min(here + random.randrange(1, 9), len(changed))
        way = random.choice(("flip", "flip", "set", "insert", "delete", "splice", "cut", "repeat"))
        if way in ("flip", "set") and here < len(changed):
            changed[here] = changed[here] ^ 1 << random.randrange(8) if way == "flip" else random.choice((0, 0x7F, 0x80, 0xFF))
        elif way == "insert":
            changed[here:here] = random.choice(
                (random.randbytes(8), b"\0" * 100, b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b'"{[')
            )
        elif way == "delete":
            del changed[here:near]
        elif way == "splice":
            changed[here:near] = changed[there : there + random.randrange(64)]
        elif way == "cut" and random.random() < 0.5:
            del changed[here:]
        elif way == "repeat":
            changed[here:here] = changed[here:near] * random.choice((2, 100, 1000))
    return bytes(changed)


def mutated_value(random, value):
    """Returns a JSON value with one to three places of it changed; :func:`json_text` writes it."""
    root = [copy.deepcopy(value)]
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if places := list(_places(root)):
            _change(random, *random.choice(places), places)
    return root[0] if root else None


def json_text(value, **layout):
    """Encodes, with what Python's encoder would not write: keys that are there twice, numbers that are none."""
    text = json.dumps(value, **layout).replace('"!twice ', '"')
    for token, raw in _RAW.items():
        text = text.replace(f'"{token}"', raw)
    return text


def _places(holder):
    items = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
    for key, value in items:
        yield holder, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _change(random, holder, key, places):
    value = holder[key]
    ways = ["replace", "replace", "near", "near", "near", "swap", "wrap"]
    if isinstance(holder, dict):
        ways += ["remove", "twice", "rename", "add", "shuffle"]
    elif isinstance(value, list | dict) or len(holder) > 1:
        ways += ["remove", "repeat", "shuffle items", "add item"]
    match random.choice(ways):
        case "replace":
            holder[key] = hostile(random)
        case "near":
            holder[key] = _near(random, value)
        case "swap":
            other, there = random.choice(places)
            holder[key] = copy.deepcopy(other[there])
        case "wrap":
            holder[key] = random.choice(([value], {"value": value}, str(value)))
        case "remove":
            del holder[key]
        case "twice":
            holder[f"!twice {key}"] = hostile(random)
        case "rename":
            holder[random.choice((f"{key} ", f"{key}s", str(key).upper(), *NAMES))] = holder.pop(key)
        case "add":
            holder[random.choice(("extra", "__class__", "format", "path", *NAMES))] = hostile(random)
        case "shuffle":
            items = list(holder.items())
            random.shuffle(items)
            holder.clear()
            holder.update(items)
        case "repeat":
            holder[key:key] = [value] * random.choice((1, 2, 1000))
        case "shuffle items":
            random.shuffle(holder)
        case "add item":
            holder.insert(key, hostile(random))


def _near(random, value):
    """Returns what looks right, and is not."""
    if isinstance(value, bool) or value is None:
        return random.choice((int(bool(value)), str(value)))
    if isinstance(value, int | float):
        return random.choice((value + 1, value - 1, -value, value * 2, float(value), str(value), value + 2**64, value + 0.5))
    if isinstance(value, str) and value:
        place = random.randrange(len(value))
        return random.choice((value[:place], value[:place] + "0" + value[place + 1 :], value * 2, value.upper(), f"{value}\0"))
    return hostile(random)


def mutated_json(random, content, **layout):
    """Mutates a JSON file, three times in four by its structure, else by its bytes."""
    if random.random() < 0.25:
        return mutated_bytes(random, content)
    return _encoded(json_text(mutated_value(random, json.loads(content)), **layout))


def mutated_lines(random, content, mutate=None):
    """Mutates a text file: lines of it, words of it, or its bytes. ``mutate(random, line)`` changes a line in its own way."""
    if random.random() < 0.2:
        return mutated_bytes(random, content)
    lines = content.decode().splitlines()
    for _ in range(random.choice((1, 1, 2, 4))):
        place = random.randrange(len(lines)) if lines else 0
        line = lines[place] if lines else ""
        way = random.choice(("line", "line", "line", "line", "remove", "twice", "many", "blank", "shuffle", "tear", "words"))
        if way == "line":
            lines[place : place + 1] = [(mutate or _mutated_words)(random, line)]
        elif way == "shuffle":
            random.shuffle(lines)
        else:
            changed = {"remove": [], "twice": [line] * 2, "many": [line] * 1000, "blank": ["", line]}
            changed |= {"tear": [line[: len(line) // 2]], "words": [" ".join(NAMES), line]}
            lines[place : place + 1] = changed[way]
    end = random.choice(("\n", "\n", "\n", "\r\n", "\r", "\u2028"))
    return _encoded(random.choice(("", "", "", "\ufeff")) + end.join(lines) + random.choice((end, end, "")))


def _mutated_words(random, line):
    words = re.findall(r"[^\s,:]+", line)
    word = random.choice(words) if words else ""
    value = hostile(random)
    new = value if isinstance(value, str) and not value.startswith("!") else json_text(value)
    return line.replace(word, new, 1) if random.random() < 0.8 else f"{line} {new}"


def _encoded(text):
    return text.encode(errors="surrogatepass")


def misplace(random, path, canary):
    """Puts into a file's or folder's place what should not be there: a link, a pipe, a device, a huge file, nothing."""
    ways = ["victim", "folder of others", "loop", "pipe", "endless", "folder", "nothing", "empty", "huge", "dangling"]
    way = random.choice(ways)
    if path.is_dir() and not path.is_symlink():
        path.rename(path.with_name(f"{path.name} before"))
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    match way:
        case "victim":
            path.symlink_to(canary / random.choice(("victim", f"victim{path.suffix}")))
        case "folder of others":
            path.symlink_to(canary)
        case "dangling":
            path.symlink_to(canary / "new")
        case "loop":
            path.symlink_to(path.name)
        case "pipe":
            os.mkfifo(path)
        case "endless":
            path.symlink_to("/dev/zero")
        case "folder":
            (path / "inside").mkdir(parents=True)
        case "empty":
            path.touch()
        case "huge":
            with path.open("wb") as file:
                file.truncate(5 * 2**30)


_SCALARS = [
    "2001-13-45",
    "0b_",
    "0x_",
    "1:99:99",
    ".inf",
    ".nan",
    "!!timestamp x",
    "!!int x",
    "!!float x",
    "!!binary '='",
    "*a",
]
_SCALARS += [
    "!!python/object/apply:os.system [ls]",
    "!!set {a, b}",
    "!!omap [a: 1]",
    "&a [*a]",
    "{? [a]: b}",
    "!x y",
    "|",
    "- -",
]
_SCALARS += [
    "'",
    '"\\x',
    "\t",
    "=",
    "<<",
    "~",
    "yes",
    "0o9",
    "09",
    "1_000",
    "2001-01-01",
    "[1, 2]",
    "{a: 1}",
    "*b",
    "%",
    "@",
    "`",
]
_BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 9)}]\n" for n in range(12)
)
_HEADS = [
    "--- \n",
    "--- a\n---\n",
    "%YAML 9.9\n---\n",
    _BOMB,
    "<<: *x\n",
    "<<: {seed: 3}\n",
    "? [a]\n: b\n",
    "1: 2\n",
    "~: 1\n",
]


def mutated_yaml(random, content):
    """Mutates a YAML file of a name and a value a line; half of the times by what only YAML has."""
    if random.random() < 0.1:
        return random.choice(_HEADS).encode() + content
    return mutated_lines(random, content, _mutated_pair)


def _mutated_pair(random, line):
    name, colon, _ = line.partition(":")
    return f"{name}{colon} {random.choice(_SCALARS)}" if random.random() < 0.5 else _mutated_words(random, line)
