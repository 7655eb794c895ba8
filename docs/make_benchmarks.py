"""Puts the tables of the last full run of the benchmarks into benchmarks.md, each where the page names it.

python docs/make_benchmarks.py
"""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).with_name("benchmarks.md")
RESULTS = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "full"


def page() -> str:
    """Returns the page as it is, with each table as it was measured last."""

    def fresh(match: re.Match[str]) -> str:
        return f"<!-- {match[1]} -->\n\n{(RESULTS / f'{match[1]}.md').read_text()}\n<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", fresh, PAGE.read_text(), flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(page())
