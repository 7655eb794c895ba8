"""Command lines as pages, workflows and services spell them: found, and checked by the commands' own option parsers."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

from command_runs import REPOSITORY

from shapeseg.commands import command_line, command_of, module_of

SCRIPT_COMMANDS = {"generate_data.py": "generate", "train.py": "train", "evaluate.py": "evaluate"}


def command_lines(text):
    """Yields the words of every command in shell text: comments, ``&&``, continued lines and variables set before it go."""
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        words = shlex.split(line, comments=True)
        while words:
            end = words.index("&&") if "&&" in words else len(words)
            command, words = words[:end], words[end + 1 :]
            while command and re.fullmatch(r"\w+=.*", command[0]):
                command = command[1:]
            if command:
                yield command


def of_shapeseg(words):
    """Returns the shapeseg command and its arguments that a command line runs, or None when it runs something else.

    ``...`` stands for more flags, and is left out.
    """
    words = [word for word in words if word != "..."]
    if words[0] == "shapeseg":
        return _named(words[1:])
    if words[:3] == ["python", "-m", "shapeseg"]:
        return _named(words[3:])
    if words[0] == "python" and words[1] in SCRIPT_COMMANDS:
        return SCRIPT_COMMANDS[words[1]], words[2:]
    if words[0] == "torchrun":
        place = next(place for place, word in enumerate(words) if word in SCRIPT_COMMANDS)
        return SCRIPT_COMMANDS[words[place]], words[place + 1 :]
    return None


def _named(words):
    """``shapeseg --version`` and the like name no command; what they name must still be a word that shapeseg knows."""
    if not words or words[0] in ("--help", "--version"):
        return None
    command = command_of(words)
    assert command, f"there is no command {words[0]}"
    return command, words[len(command.split()) :]


def parse(monkeypatch, name, arguments):
    """Parses arguments by the real parser of a command, and returns its options; a wrong flag or value raises."""
    module = import_module(module_of(name))
    parsed = []

    def note(kind, _command, argv, prog, layout):
        parsed.append(command_line._parse(kind, list(argv), prog, layout))

    with monkeypatch.context() as patch:
        patch.chdir(REPOSITORY)
        patch.setattr(command_line, "run", note)
        module.main(arguments, f"shapeseg {name}")
    (options,) = parsed
    return options
