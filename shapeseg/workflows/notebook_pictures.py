"""What notebooks show of a model: predictions, and dials that draw them anew below a picture that stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from shapeseg.datasets import Dataset
from shapeseg.datasets.examples import exact_probability
from shapeseg.inference.opened_model import OpenedModel, open_model
from shapeseg.reporting.prediction_pictures import Prediction, prediction_figure
from shapeseg.scenes import Scene, SceneSettings, Truth, sample_scene

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SCENES = 5  # next to each other


def predictions_figure(
    model: str | Path,
    images: Sequence[NDArray[np.uint8]],
    masks: Sequence[NDArray[Any]],
    names: Sequence[str],
    heading: str = "",
    scenes: Sequence[Scene] = (),
) -> Figure:
    """Draws what a saved model makes of images, a column each: image, truth, what it believes, where it errs.

    Args:
        model: A run's folder or its ``model.keras``.
        images: uint8 (H, W, 3), RGB, 0 to 255.
        masks: (H, W), the truth: 0 where there is no target.
        names: Name of each image.
        heading: Heading of the figure.
        scenes: Scene of each image, where known: then what cannot be known is shown, too.
    """
    opened = open_model(Path(model))
    truths: list[Truth | None] = [scene.render() for scene in scenes] or [None] * len(images)
    predictions = (
        _prediction(opened, image, mask != 0, name, truth)
        for image, mask, name, truth in zip(images, masks, names, truths, strict=True)
    )
    return _small(prediction_figure(list(predictions), heading))


def _prediction(
    model: OpenedModel, image: NDArray[np.uint8], mask: NDArray[np.bool_], name: str, truth: Truth | None
) -> Prediction:
    belief = model.probabilities(image[None])[0]
    return Prediction(name, image, mask, belief >= model.threshold, exact_probability(truth, model.target), belief)


def _of_scene(model: OpenedModel, scene: Scene, name: str) -> Prediction:
    """Predicts a scene; ambiguity is judged as for a scene left to chance, whatever it was chosen by."""
    truth = replace(scene, rule=None).render()
    return _prediction(model, truth.image, truth.target(model.target), name, truth)


def occlusion_dials(model: str | Path, seed: int = 0) -> None:
    """Shows what a saved model makes of rectangles behind ellipses; dials say how much of each is hidden, and in which colour.

    Args:
        model: A run's folder or its ``model.keras``.
        seed: Seed of the scenes.
    """
    opened = open_model(Path(model))

    def draw(hidden: float, color: Any, first: int) -> Figure:
        settings = SceneSettings(
            width=96,
            height=96,
            min_instances=2,
            max_instances=2,
            occlusion_rates=(hidden,),
            occluder_kind="ellipse",
            occluder_color=color,
        )
        scenes = [sample_scene(settings, seed=seed, index=first + place) for place in range(_SCENES)]
        names = [f"scene {first + place}" for place in range(_SCENES)]
        figure = prediction_figure(
            [_of_scene(opened, scene, name) for scene, name in zip(scenes, names, strict=True)],
            f"{hidden:.0%} of each rectangle hidden by an ellipse of {'the same' if color == 'same' else 'another'} colour",
        )
        return _small(figure)

    dials = {"hidden": _slider(0.5, 0.05, 0.95, 0.05), "color": _choice("same", "other"), "first": _slider(0, 0, 95, 5)}
    turn(draw, dials)


def twin_dial(model: str | Path, versions: Mapping[str, Dataset], place: int = 0) -> None:
    """Shows what a saved model makes of a scene and its twins; a dial says of which scene.

    Args:
        model: A run's folder or its ``model.keras``.
        versions: Name of each twin dataset to what it holds, in one order.
        place: Which scene to begin with.
    """
    opened = open_model(Path(model))

    def draw(place: int) -> Figure:
        return _small(prediction_figure([_of_scene(opened, data.scene(place), name) for name, data in versions.items()]))

    turn(draw, {"place": _slider(place, 0, min(map(len, versions.values())) - 1, 1)})


def _small(figure: Figure) -> Figure:
    """Halves the pixels of a figure, for a notebook holds all of its pictures."""
    figure.set_dpi(figure.dpi / 2)
    return figure


def turn(draw: Callable[..., Figure], dials: Mapping[str, Any]) -> None:
    """Shows what ``draw`` makes of the first values of some dials, and the dials, which draw it anew while a kernel runs.

    Args:
        draw: Takes the values of the dials by name.
        dials: Widgets of ipywidgets, by name.
    """
    from IPython.display import display
    from ipywidgets import HBox, Output, VBox

    def show(_change: object = None) -> None:
        figure = draw(**{name: dial.value for name, dial in dials.items()})
        shown.clear_output(wait=True)
        with shown:
            display(figure)

    display(draw(**{name: dial.value for name, dial in dials.items()}))
    shown = Output()
    for name, dial in dials.items():
        dial.description = name
        dial.observe(show, "value")
    bundle = VBox([HBox(list(dials.values())), shown])._repr_mimebundle_()
    display({**bundle, "text/plain": f"dials for {', '.join(dials)}: they turn while the notebook runs"}, raw=True)


def _slider(start: float, low: float, high: float, step: float) -> Any:
    from ipywidgets import FloatSlider, IntSlider

    kind = FloatSlider if isinstance(start, float) else IntSlider
    return kind(value=start, min=low, max=high, step=step, continuous_update=False)


def _choice(*values: str) -> Any:
    from ipywidgets import ToggleButtons

    return ToggleButtons(options=values)
