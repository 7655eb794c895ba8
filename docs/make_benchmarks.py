"""Puts the tables of the last full run of the benchmarks into benchmarks.md and own_data.md, each where a page names it.

python docs/make_benchmarks.py
"""

from __future__ import annotations

import re
from pathlib import Path

PAGES = tuple(Path(__file__).with_name(name) for name in ("benchmarks.md", "own_data.md"))
RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "full"


def fresh_page(path: Path) -> str:
    """Returns a page as it is, with each table as it was measured last."""

    def fresh(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n\n{(RESULTS / f'{match[1]}.md').read_text()}\n<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", fresh, path.read_text(), flags=re.DOTALL)


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(fresh_page(path))
