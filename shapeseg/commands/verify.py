"""``verify``: is a dataset whole, and does it match its metadata?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.datasets.findings import Finding
from shapeseg.datasets.manifest import read_manifest
from shapeseg.datasets.plain import find_pairs, is_plain
from shapeseg.datasets.verify import verify_dataset
from shapeseg.datasets.verify_plain import verify_plain
from shapeseg.description import Description, read_description
from shapeseg.settings import CommonOptions
from shapeseg.terminal import progress_bar


@dataclass(frozen=True)
class VerifyOptions(CommonOptions):
    """Check a dataset: counts, digests, sizes, modes, recipes against pixels, splits; for your own images, every pair.
    Exits with 1 if something is wrong."""

    data: Annotated[Path, tyro.conf.Positional] = Path("data/shapes")
    """Dataset to check."""
    quick: bool = False
    """Metadata, sizes and modes only: no digests, no pixels."""
    strict: bool = False
    """Treat warnings (files that no row names) as errors."""
    json: bool = False
    """Print the findings as JSON."""
    workers: int | None = None
    """Processes that check; by default as many as suit the machine and the job."""
    own: Description = Description()


def _command(options: VerifyOptions) -> int:
    findings = _findings_of_own(options) if is_plain(options.data) else _findings(options)
    counting = ("error", "warning") if options.strict else ("error",)
    wrong = [finding for finding in findings if finding.severity in counting]
    if options.json:
        found = [finding._asdict() for finding in findings]
        print(json.dumps({"dataset": str(options.data), "ok": not wrong, "findings": found}, indent=2))
    else:
        for finding in findings:
            print(f"{finding.severity}: {finding.where}: {finding.what}")
        print(f"{options.data}: {len(wrong)} problems" if wrong else f"{options.data}: whole")
    return 1 if wrong else 0


def _findings(options: VerifyOptions) -> list[Finding]:
    count = read_manifest(options.data).count
    options.own.refuse_for_drawn(options.data)
    with progress_bar("checking", count, "image") as progress:
        return verify_dataset(options.data, quick=options.quick, workers=options.workers, progress=progress)


def _findings_of_own(options: VerifyOptions) -> list[Finding]:
    description = options.own.over(read_description(options.data))
    pairs = find_pairs(options.data, description)
    with progress_bar("checking", len(pairs.found), "image") as progress:
        return verify_plain(options.data, pairs, description, quick=options.quick, progress=progress)


LAYOUT = Layout(
    examples=("data/shapes", "data/shapes --quick --strict --json"),
)

main = entry_point(VerifyOptions, _command, LAYOUT)
