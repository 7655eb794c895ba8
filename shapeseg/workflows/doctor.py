"""Is a saved model whole, was it made by these versions, and does it still give what it gave?"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from shapeseg import __version__
from shapeseg.environment import Device, prepare_keras
from shapeseg.errors import ModelRefusedError

if TYPE_CHECKING:
    import keras

    from shapeseg.models import Card


class Check(NamedTuple):
    """One check and what came of it: ok, a note, or a problem."""

    check: str
    outcome: Literal["ok", "note", "problem"]
    detail: str


def examine(path: Path, *, device: Device = "auto") -> list[Check]:
    """Makes every check of a ``.keras`` file, as far as there is something to check."""
    prepare_keras(device=device)
    from shapeseg.inference.opened_model import open_model

    try:
        model = open_model(path)
    except ModelRefusedError as error:
        return [Check("file", "problem", str(error))]
    network: keras.Model = model.predictor
    findings = [
        Check("file", "ok", f"{network.count_params():,} parameters, all finite, in the network that the card describes")
    ]
    if (card := model.card) is not None:  # a model without one is refused
        digest = model.sha256
        current = digest == card.sha256
        newer = f"{digest} is the previous model; the card names a newer one, whose save was interrupted"
        findings.append(Check("digest", "ok" if current else "note", digest if current else newer))
        findings += _versions(card)
        findings.append(_threads())
        findings.append(_golden(network, card) if current else Check("golden", "note", "the card's is from the newer model"))
    return findings


def _versions(card: Card) -> Iterator[Check]:
    for package, saved in card.versions.items():
        now = _version(package)
        same = now == saved
        yield Check("version", "ok" if same else "note", f"{package} {now}" + ("" if same else f"; saved with {saved}"))


def _threads() -> Check:
    """Says how many threads compute, and how they wait for each other: beside other programs that decides the speed."""
    waiting = {
        name: os.environ[name] for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT") if name in os.environ
    }
    said = ", ".join(f"{name}={value}" for name, value in waiting.items())
    torch = sys.modules.get("torch")
    return Check("threads", "ok", (f"{torch.get_num_threads()} of torch; " if torch else "") + (said or "nothing is set"))


def _version(package: str) -> str:
    if package == "python":
        return platform.python_version()
    if package == "shapeseg":
        return __version__
    try:
        return getattr(sys.modules.get(package), "__version__", None) or version(package)
    except PackageNotFoundError:
        return "is not installed"


def _golden(model: keras.Model, card: Card) -> Check:
    import numpy as np

    from shapeseg.models.golden import TOLERANCE, golden_output

    now = golden_output(model, stride=card.architecture.stride)
    if now is None:
        return Check("golden", "problem", "the golden scene gives numbers that are not finite")
    if card.golden is None:
        return Check("golden", "note", "the card holds no golden output; models saved from now on have one")
    if now.image_sha256 != card.golden.image_sha256:
        return Check("golden", "note", "this version draws the golden scene differently, so nothing can be compared")
    difference = float(np.abs(np.subtract(now.means, card.golden.means)).max())
    within = difference <= TOLERANCE
    return Check("golden", "ok" if within else "problem", f"largest difference {difference:.1e}, {TOLERANCE:.0e} allowed")
