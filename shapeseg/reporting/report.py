"""``report.html``: one file with scores, charts and every failure, which needs no server and no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from string import Template

from shapeseg import files
from shapeseg.evaluation.metrics import Metrics
from shapeseg.reporting.page.errors import calibration, wrong_pixels
from shapeseg.reporting.page.explorer import ReportImage, explorer_data, filters, introduction, layers, orders
from shapeseg.reporting.page.markup import Markup, element, join
from shapeseg.reporting.page.occlusion import breakdown, by_occlusion
from shapeseg.reporting.page.origin import effects, origin, training
from shapeseg.reporting.page.scores import cards, honesty, score_table
from shapeseg.reporting.page.summary import summary
from shapeseg.reporting.page.values import many, plain, shown_target, target_name
from shapeseg.reporting.style import INVENTED, MISSED, RIGHT, SCALE, UNKNOWABLE

__all__ = ["ReportImage", "write_report"]

_SCRIPTS = ("sorting.js", "copying.js", "layers.js", "explorer.js", "enlarging.js")


def write_report(
    path: Path,
    metrics: Metrics,
    images: Sequence[ReportImage],
    *,
    title: str,
    history: Sequence[Mapping[str, float]] | None = None,
    val_ceiling: float | None = None,
) -> None:
    """Writes the report, whole or not at all. It has the sections that something is known of, and says what is unknown.

    Args:
        path: File to write; an earlier one is replaced.
        metrics: What ``metrics.json`` holds.
        images: What the failure explorer shows; a flat image of 224 x 224 takes about 10 kB.
        title: Names the model and the data.
        history: Rows of the run's ``history.csv``, if it is known.
        val_ceiling: Ceiling of the data that the run was validated on, if it is known.
    """
    parts = {
        "Scores": (cards(metrics), score_table(metrics), effects(metrics)),
        "Occlusion": (by_occlusion(metrics), breakdown(metrics)),
        "Wrong pixels": (wrong_pixels(metrics),),
        "Failures": (_explorer(images, metrics),),
        "Calibration": (calibration(metrics), honesty(metrics)),
        "Training": (training(history, val_ceiling) if history else Markup(),),
        "Origin": (origin(metrics),),
    }
    sections = {name: content for name, content in parts.items() if any(content)}
    files.write_text(
        path,
        Template(_part("page.html")).substitute(
            title=join([title]),
            style=_part("style.css"),
            colors=_colors(),
            facts=_facts(metrics),
            navigation=join(element("li", element("a", name, href=f"#{_slug(name)}")) for name in sections),
            summary=summary(metrics),
            sections=join(_section(name, content) for name, content in sections.items()),
            data=explorer_data(images, metrics["images"], target_name(metrics)),
            script="\n".join(map(_part, _SCRIPTS)),
        ),
    )


def _section(name: str, content: Sequence[Markup]) -> Markup:
    heading = element("h2", name, id=f"{_slug(name)}-heading")
    return element("section", heading, *content, id=_slug(name), aria_labelledby=f"{_slug(name)}-heading")


def _explorer(images: Sequence[ReportImage], metrics: Metrics) -> Markup:
    if not images:
        return Markup()
    hatched = element("li", element("span", class_="swatch hatched"), "cannot be known")
    return Markup(
        Template(_part("explorer.html")).substitute(
            introduction=introduction(images, metrics["images"]),
            target=element("span", target_name(metrics)),
            layers=layers(images),
            orders=orders(images),
            filters=filters(images),
            hatched=hatched if any(image.exact is not None for image in images) else "",
            total=many(len(images), "image"),
        )
    )


def _facts(metrics: Metrics) -> Markup:
    shown = [many(metrics["images"], "image")]
    named = {"split": metrics["split"], "target": shown_target(metrics), "threshold": metrics["threshold"]}
    shown += [join([f"{name} ", plain(value)]) for name, value in named.items()]
    return join(element("li", fact) for fact in shown)


def _colors() -> str:
    colors = {"right": RIGHT, "missed": MISSED, "invented": INVENTED, "unknowable": UNKNOWABLE}
    scale = ",".join(f"rgb{color}" for color in SCALE)
    return ":root{" + "".join(f"--{name}:rgb{color};" for name, color in colors.items()) + f"--scale:{scale};" + "}"


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _part(name: str) -> str:
    return resources.files("shapeseg.reporting.page").joinpath(name).read_text(encoding="utf-8")
