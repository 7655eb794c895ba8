"""The page of the playground: one document that loads nothing, and the policy that holds it to that."""

from __future__ import annotations

from importlib import resources
from string import Template
from typing import Any

import numpy as np

from shapeseg.reporting.page.markup import Markup, join, json_script
from shapeseg.reporting.style import INVENTED, MISSED, RIGHT, shade
from shapeseg.scenes.kinds import KINDS
from shapeseg.scenes.settings import MAX_INSTANCES
from shapeseg.scenes.twins import DESCRIPTIONS
from shapeseg.workflows.playground.answer import BITS
from shapeseg.workflows.playground.answering import Playground
from shapeseg.workflows.playground.question import MAX_MESSAGE
from shapeseg.workflows.playground.starts import STARTS

_SCRIPTS = ("colors.js", "answers.js", "scene.js", "stage.js", "panels.js", "numbers.js", "controls.js", "main.js")


_RAMP = shade(np.linspace(0, 1, 256)).tolist()  # of the probabilities 0, 1/255 ... 1
_COLORS = {"right": RIGHT, "missed": MISSED, "invented": INVENTED}


def policy(nonce: str, host: str) -> str:
    """Returns the Content-Security-Policy: styles and scripts of the page itself, and a socket to where it came from."""
    own = f"'nonce-{nonce}'"
    return (
        f"default-src 'none'; style-src {own}; script-src {own}; connect-src ws://{host}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page(playground: Playground, nonce: str) -> str:
    """Returns the page."""
    report = resources.files("shapeseg.reporting.page")
    return Template(_part("page.html")).substitute(
        nonce=nonce,
        style=report.joinpath("style.css").read_text(encoding="utf-8") + _part("page.css"),
        colors=_css_colors(),
        model=join([_model_line(playground)]),
        samples=join([playground.samples.name]),
        data=_data(playground),
        script="\n".join(map(_part, _SCRIPTS)),
    )


def _data(playground: Playground) -> Markup:
    """Returns the script element with all that the page knows from the start."""
    model, samples = playground.model, playground.samples
    content: dict[str, Any] = {
        "starts": {name: scene.to_dict() for name, scene in STARTS.items()},
        "kinds": list(KINDS),
        "palette": samples.settings.colors,
        "changes": DESCRIPTIONS,
        "samples": samples.count,
        "target": model.target,
        "threshold": model.threshold,
        "most": MAX_INSTANCES,
        "longest": MAX_MESSAGE,
        "bits": BITS,
        "ramp": _RAMP,
        "colors": _COLORS,
    }
    return json_script("playground-data", content)


def _model_line(playground: Playground) -> str:
    model = playground.model
    return f"{model.path}, run by {model.runtime}; target {model.target}, threshold {model.threshold:g}"


def _css_colors() -> str:
    stops = {f"ramp-{place}": tuple(_RAMP[place * 255 // 2]) for place in range(3)}
    return ":root{" + "".join(f"--{name}:rgb{color};" for name, color in (_COLORS | stops).items()) + "}"


def _part(name: str) -> str:
    return resources.files("shapeseg.workflows.playground").joinpath(name).read_text(encoding="utf-8")
