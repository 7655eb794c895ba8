"""What the pages show works: python blocks run, command lines parse, and those of tutorial and recipes run in order.

A block that cannot run stands below ``<!-- not run: REASON -->``; its commands are parsed all the same. ``...`` in a command
stands for more flags.
"""

import json
import re
import shutil
from itertools import pairwise
from typing import NamedTuple

import pytest
from command_runs import REPOSITORY, SMALL, run_python, succeed
from documented_commands import command_lines, of_shapeseg, parse

DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
RUN_IN_ORDER = (DOCS / "tutorial.md", DOCS / "how_to.md")
by_name = {"ids": lambda page: page.name}

# What a page takes for granted, as it says in prose.
ASSUMED = {
    "README.md": "import numpy as np; images = np.zeros((2, 64, 64, 3), 'uint8')",
    "training.md": "import shapeseg, keras; MyCallback = keras.callbacks.Callback",
}
# Added to a command that runs, to make it small: the last value of a flag counts.
REDUCED = {"generate": ("--num-images", 20, *SMALL), "append": ("--num-images", 10), "train": ("--epochs", 1)}

# Programs that are not ours: whether they do what they say, other tests ask, or nobody can here.
TOOLS = {"lint-imports", "mypy", "poetry", "pre-commit", "ruff"}
OTHER_PROGRAMS = TOOLS | {"docker", "pip", "printf", "python", "python3", "source"}

RUN_STEPS = """
import json, sys
from shapeseg.__main__ import main
names = {}
for place, kind, content in json.loads(sys.argv[1]):
    print(place, flush=True)
    if kind == "python":
        exec(compile(content, place, "exec"), names)
    elif code := main(content):
        sys.exit(f"{place}: {' '.join(content)} ended with {code}")
"""


class Block(NamedTuple):
    place: str
    language: str
    content: str
    runs: bool


def blocks(page):
    """Returns the fenced blocks of a page, and whether each may be run."""
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(r"(?P<mark><!-- not run: [^\n]+ -->\n\n?)?^```(?P<language>\w*)\n(?P<content>.*?)^```$", re.M | re.S)
    return [
        Block(
            f"{page.name}:{text[: found.start('content')].count(chr(10)) + 1}",
            found["language"],
            found["content"],
            not found["mark"],
        )
        for found in pattern.finditer(text)
    ]


def of_language(page, language):
    return [block for block in blocks(page) if block.language == language]


def steps_of(page):
    """Returns what of a page is run: place, kind, and source or arguments."""
    for block in blocks(page):
        if block.language == "python" and block.runs:
            yield block.place, "python", block.content
        elif block.language == "bash" and block.runs and page in RUN_IN_ORDER:
            for words in command_lines(block.content):
                command = of_shapeseg(words) if words[0] != "torchrun" else None
                assert command is not None, f"{block.place}: this cannot be run here, so mark it as not run: {words}"
                name, arguments = command
                yield block.place, "command", [name, *arguments, *map(str, REDUCED.get(name, ()))]


WITH_PYTHON = [page for page in PAGES if any(block.runs for block in of_language(page, "python"))]


@pytest.mark.process
@pytest.mark.parametrize("page", WITH_PYTHON, **by_name)
def test_what_a_page_shows_runs(page, small_dataset, tmp_path):
    steps = list(steps_of(page))
    shutil.copytree(REPOSITORY / "saved_models/reference", tmp_path / "saved_models/reference")
    if not any("generate" in content and "--out" not in content for _, kind, content in steps if kind == "command"):
        shutil.copytree(small_dataset, tmp_path / "data/shapes")
    if page.name in ASSUMED:
        steps.insert(0, ("what is assumed", "python", ASSUMED[page.name]))
    succeed(run_python("-c", RUN_STEPS, json.dumps(steps), cwd=tmp_path, PYTHONPATH=REPOSITORY))


@pytest.mark.process
@pytest.mark.slow
def test_a_shape_added_as_the_page_says_is_drawn_and_typed(tmp_path):
    """The three steps of the recipe, taken by its own words in a copy of the package."""
    recipe = (DOCS / "how_to.md").read_text().partition("## Add a shape\n")[2].partition("\n## ")[0]
    function = re.search(r"^def cross.*?(?=^\w)", recipe, re.M | re.S)[0].strip()
    (kind,), (name,) = (
        re.findall(r"add `(.*)` at the end of `KINDS`", recipe),
        re.findall(r"add `(.*)` at the end of `Kin", recipe),
    )
    package = shutil.copytree(REPOSITORY / "shapeseg", tmp_path / "shapeseg", ignore=shutil.ignore_patterns("__pycache__"))
    kinds, settings = package / "scenes/kinds.py", package / "scenes/settings.py"
    kinds.write_text(re.sub(r"\n(KINDS = \{.*?)\n\}", rf"\n{function}\n\n\n\1\n    {kind}\n}}", kinds.read_text(), flags=re.S))
    settings.write_text(re.sub(r"^(KindName = .*)\]", rf"\1, {name}]", settings.read_text(), flags=re.M))
    flags = ("--kinds", "rectangle", "cross", "--num-images", 4, *SMALL)
    succeed(run_python("-m", "shapeseg", "generate", *flags, "--out", "new", cwd=tmp_path, PYTHONPATH=tmp_path))
    succeed(run_python("-m", "shapeseg", "verify", "new", cwd=tmp_path, PYTHONPATH=tmp_path))
    assert '"kind":"cross"' in (tmp_path / "new/metadata.jsonl").read_text()
    options = ("--config-file", REPOSITORY / "pyproject.toml", "--follow-imports", "silent")
    succeed(run_python("-m", "mypy", *options, kinds, settings, cwd=tmp_path))


@pytest.mark.parametrize("page", [page for page in PAGES if of_language(page, "bash")], **by_name)
def test_command_lines_are_what_the_programs_take(page, monkeypatch):
    for block in of_language(page, "bash"):
        for words in command_lines(block.content):
            command = of_shapeseg(words)
            if command is not None:
                parse(monkeypatch, *command)
            else:
                check_other(words)


def check_other(words):
    """Checks what can be known of a command line that is not shapeseg's: programs, files and make targets exist."""
    if words[0] == "make":
        targets = re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), re.M)
        assert set(words[1:]) <= set(targets), words
    elif words[0] in ("python", "python3") and not words[1].startswith("-"):
        assert (REPOSITORY / words[1]).is_file(), words
    else:
        assert words[0].removeprefix(".venv/bin/") in OTHER_PROGRAMS, words
    for flag, value in pairwise(words):
        if flag == "-r":
            assert (REPOSITORY / value).is_file(), words


@pytest.mark.parametrize("page", PAGES, **by_name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}, target


def test_the_index_leads_to_every_page():
    linked = set(re.findall(r"\]\(([\w./-]+\.md)", (DOCS / "index.md").read_text()))
    assert {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} - {"index.md"} <= linked
