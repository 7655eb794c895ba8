"""``doctor``: is a saved model whole, was it made by these versions, and does it still give what it gave?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.environment import Device
from shapeseg.errors import UsageError
from shapeseg.settings import CommonOptions
from shapeseg.workflows.doctor import examine


@dataclass(frozen=True)
class DoctorOptions(CommonOptions):
    """Check a saved model: it loads, its card matches it, versions agree, and a known scene gives the stored output."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file, or its run folder."""
    device: Device = "auto"
    """Where to compute."""


def _command(options: DoctorOptions) -> int:
    if options.model is None:
        raise UsageError("doctor needs a model", received="none", fix="Name it: doctor saved_models/RUN/model.keras")
    findings = examine(options.model, device=options.device)
    for check, outcome, detail in findings:
        print(f"{check:<8} {outcome:<8} {detail}")
    problems = sum(finding.outcome == "problem" for finding in findings)
    print(f"{options.model}: {f'{problems} problems' if problems else 'healthy'}")
    return 1 if problems else 0


LAYOUT = Layout(
    examples=("saved_models/reference", "saved_models/my-run --device cpu"),
)

main = entry_point(DoctorOptions, _command, LAYOUT)
