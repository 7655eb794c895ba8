"""Writes docs/reference.md from the docstrings, which it reads without importing anything.

python docs/make_reference.py             # or make reference
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from shapeseg import files

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference.md"
HEADING = """# Reference

Every public name of the package, written by `make reference` from the docstrings. A class named `...Options` is a command
line: each of its fields is a flag.
"""

Definition = ast.ClassDef | ast.FunctionDef


def reference() -> str:
    """Returns the whole page."""
    paths = sorted((ROOT / "shapeseg").rglob("*.py"))
    modules = [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in paths]
    return "\n".join([HEADING, *(line for path, tree in modules for line in _module(path, tree))])


def _module(path: Path, tree: ast.Module) -> Iterator[str]:
    names = list(path.relative_to(ROOT).with_suffix("").parts)
    name = ".".join(names[:-1] if names[-1] == "__init__" else names)
    yield f"## `{name}`\n"
    yield _prose(tree)
    for node in tree.body:
        if isinstance(node, Definition) and not node.name.startswith("_") and node.name != "main":
            yield from _definition(node, node.name)


def _definition(node: Definition, name: str) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef):
        if any(isinstance(mark, ast.Name) and mark.id == "property" for mark in node.decorator_list):
            title = name
        else:
            result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            title = f"{name}({ast.unparse(node.args).removeprefix('self').removeprefix(', ')}){result}"
        yield f"### `{title}`\n"
        yield _prose(node)
        return
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    yield f"### class `{name}{f'({bases})' if bases else ''}`\n"
    yield _prose(node)
    fields = list(_fields(node))
    if fields:
        yield "\n".join(fields) + "\n"
    for member in node.body:
        if isinstance(member, Definition) and not member.name.startswith("_"):
            yield from _definition(member, f"{name}.{member.name}")


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Yields a line for each field that a string explains, as the fields of settings are."""
    for field, explanation in zip(node.body, node.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(explanation, ast.Expr)
            and isinstance(explanation.value, ast.Constant)
        ):
            text = " ".join(str(explanation.value.value).split())
            yield f"- `{ast.unparse(field)}`: {text}"


def _prose(node: ast.Module | Definition) -> str:
    """Returns a docstring as Markdown: the opening as it is, sections and examples as preformatted text."""
    text = re.sub(r":(mod|class|func):`", "`", (ast.get_docstring(node) or "").replace("``", "`"))
    lines = text.splitlines()
    plain = next((place for place, line in enumerate(lines) if _begins_section(line)), len(lines))
    opening, rest = "\n".join(lines[:plain]).strip(), "\n".join(lines[plain:]).strip()
    return "\n\n".join(part for part in (opening, f"```text\n{rest}\n```" if rest else "") if part) + "\n"


def _begins_section(line: str) -> bool:
    return line in ("Args:", "Attributes:", "Returns:", "Raises:", "Yields:") or line.startswith((">>>", "    "))


if __name__ == "__main__":
    files.write_text(PAGE, reference())
