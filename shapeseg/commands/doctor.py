"""``doctor``: is a saved model whole, was it made by these versions, and does it still give what it gave?"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import tyro

from shapeseg import __version__
from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.keras_backend import Device, prepare_keras
from shapeseg.errors import ModelRefusedError, UsageError

if TYPE_CHECKING:
    import keras

    from shapeseg.models import Card


@dataclass(frozen=True)
class DoctorOptions(CommonOptions):
    """Check a saved model: it loads, its card names it, versions are the same, and a known scene gives the stored output."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file."""
    device: Device = "auto"
    """Where to compute."""


class Finding(NamedTuple):
    """One check and what came of it: ok, a note, or a problem."""

    check: str
    outcome: Literal["ok", "note", "problem"]
    detail: str


def examine(options: DoctorOptions) -> list[Finding]:
    """Makes every check, as far as there is something to check."""
    if options.model is None:
        raise UsageError("doctor takes a model", received="none", fix="Name it: doctor saved_models/RUN/model.keras")
    prepare_keras(device=options.device)
    from shapeseg.evaluation.prediction import check_model
    from shapeseg.models import file_digest, load_model, read_card

    try:
        model = load_model(options.model)
        check_model(model)
        card = read_card(options.model)
    except ModelRefusedError as error:
        return [Finding("file", "problem", str(error))]
    findings = [
        Finding("file", "ok", f"{model.count_params():,} parameters, all finite, in the network that the card describes")
    ]
    if card is not None:  # load_model refuses a model without one
        digest = file_digest(options.model)
        current = digest == card.sha256
        newer = f"{digest} is the model before; the card names a newer one, whose save was interrupted"
        findings.append(Finding("digest", "ok" if current else "note", digest if current else newer))
        findings += _versions(card)
        findings.append(_golden(model, card) if current else Finding("golden", "note", "the card's is of the newer model"))
    return findings


def _versions(card: Card) -> Iterator[Finding]:
    for package, saved in card.versions.items():
        now = _version(package)
        same = now == saved
        yield Finding("version", "ok" if same else "note", f"{package} {now}" + ("" if same else f"; saved with {saved}"))


def _version(package: str) -> str:
    if package == "python":
        return platform.python_version()
    if package == "shapeseg":
        return __version__
    try:
        return getattr(sys.modules.get(package), "__version__", None) or version(package)
    except PackageNotFoundError:
        return "is not installed"


def _golden(model: keras.Model, card: Card) -> Finding:
    import numpy as np

    from shapeseg.models.golden import TOLERANCE, golden_output

    now = golden_output(model, stride=card.architecture.stride)
    if now is None:
        return Finding("golden", "problem", "the golden scene gives numbers that are not finite")
    if card.golden is None:
        return Finding("golden", "note", "the card holds no golden output; models saved from now on have one")
    if now.image_sha256 != card.golden.image_sha256:
        return Finding("golden", "note", "this version draws the golden scene otherwise, so that nothing can be compared")
    if len(now.means) != len(card.golden.means):
        return Finding("golden", "problem", "the card's golden output is damaged")
    difference = float(np.abs(np.subtract(now.means, card.golden.means)).max())
    within = difference <= TOLERANCE
    return Finding("golden", "ok" if within else "problem", f"largest difference {difference:.1e}, {TOLERANCE:.0e} allowed")


def _command(options: DoctorOptions) -> int:
    findings = examine(options)
    for check, outcome, detail in findings:
        print(f"{check:<8} {outcome:<8} {detail}")
    problems = sum(finding.outcome == "problem" for finding in findings)
    print(f"{options.model}: {f'{problems} problems' if problems else 'healthy'}")
    return 1 if problems else 0


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(DoctorOptions, _command, argv, prog)
