"""``evaluate``: a saved model and a dataset in; scores, tables per image and per rectangle, pictures and a report out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from shapeseg.commands.command_line import CommonOptions, run
from shapeseg.commands.keras_backend import prepare_keras
from shapeseg.commands.progress import progress_bar
from shapeseg.errors import InputError, UsageError
from shapeseg.evaluation import PredictionOptions

if TYPE_CHECKING:
    import keras

    from shapeseg.datasets import Dataset
    from shapeseg.evaluation import Evaluation
    from shapeseg.models import Card


@dataclass(frozen=True)
class EvaluateOptions(CommonOptions):
    """Measure a saved model on a dataset."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file; by default the newest under saved_models, else the reference."""
    data: Path = Path("data/shapes")
    """Dataset to measure on."""
    split: str = "test"
    """train, val, test, holdout or all."""
    out: Path | None = None
    """Folder to write; by default reports/RUN. Results of an earlier evaluation there are replaced."""
    threshold: float | None = None
    """Probability from which a pixel counts as rectangle; by default the one in the model's card, chosen on val."""
    prediction: Annotated[PredictionOptions, tyro.conf.arg(name="")] = field(default_factory=PredictionOptions)
    corruptions: bool = False
    """Also measure noisy, blurred, recoloured ... images: IoU against severity, into corruptions.json and corruptions.png."""
    corruption_images: int = 100
    """With --corruptions: at most so many images of the split."""
    ship: bool = False
    """Measure the holdout split, once, and write its scores into the card of the model that ships."""
    trust_model: bool = False
    """Load a model without a card of its own by plain Keras, in its safe mode."""

    def __post_init__(self) -> None:
        if self.threshold is not None and not 0 < self.threshold < 1:
            raise UsageError("threshold must be between 0 and 1", received=f"threshold={self.threshold}", fix="Try 0.5")
        if self.corruption_images < 1:
            raise UsageError(
                "corruption_images must be 1 or more", received=f"corruption_images={self.corruption_images}", fix="Try 100"
            )
        plain = self.threshold is None and self.prediction == PredictionOptions()
        if self.ship and not (plain and self.split in ("test", "holdout")):
            raise UsageError(
                "--ship measures the holdout split with the card's threshold and nothing else",
                received=f"split={self.split}, threshold={self.threshold}, {self.prediction}",
                fix="Leave out --split, --threshold, --tta and --min-component",
            )


def evaluate(options: EvaluateOptions) -> Path:
    """Measures, writes everything, prints the table, and returns the folder."""
    prepare_keras()
    from shapeseg.commands import holdout
    from shapeseg.commands.evaluation_files import make_report_folder, write_evaluation
    from shapeseg.commands.evaluation_table import evaluation_table
    from shapeseg.datasets import Dataset
    from shapeseg.evaluation.prediction import check_model
    from shapeseg.models import load_model, read_card

    path = options.model or _default_model()
    model = load_model(path, trust=options.trust_model)
    check_model(model)
    card = read_card(path)
    if options.ship:
        holdout.refuse_second_time(path, card)
    split = "holdout" if options.ship else options.split
    whole = Dataset(options.data)
    data = whole.split(split)
    if card is not None:
        data.refuse_unknown_target(card.data.get("target", "visible"))
    data.refuse_damage()
    out = make_report_folder(options.out or Path("reports") / path.absolute().parent.name)
    if split == "holdout":
        print(holdout.NOTE)

    evaluation, corrupted = _measure(options, model, card, data)
    metrics = {"images": len(data), "split": split, **evaluation.metrics, **_origin(options, path, data)}
    print(evaluation_table(metrics, data.has_recipes))
    names = write_evaluation(out, options, whole, data, path, metrics, evaluation, corrupted)
    print(f"wrote {', '.join(str(out / name) for name in names)}")
    if options.ship:
        holdout.write_to_card(path, metrics)
        print(f"wrote the holdout scores into the card of {path}")
    return out


def _measure(
    options: EvaluateOptions, model: keras.Model, card: Card | None, data: Dataset
) -> tuple[Evaluation, dict[str, Any] | None]:
    """Returns the evaluation and, if asked for, the curves of the corruptions."""
    from shapeseg.commands.evaluation_files import REPORTED, random_places
    from shapeseg.evaluation import evaluate_model
    from shapeseg.evaluation.corruption_curves import corruption_curves, prediction_count

    usual: dict[str, Any] = {
        "stride": card.architecture.stride if card else 32,
        "threshold": options.threshold or (card.threshold if card else 0.5),
        "target": card.data.get("target", "visible") if card else "visible",
        "options": options.prediction,
    }
    with progress_bar("measuring", len(data), "image") as progress:
        evaluation = evaluate_model(
            model, data, keep_worst=REPORTED, keep=random_places(len(data)), progress=progress, **usual
        )
    if not options.corruptions:
        return evaluation, None
    with progress_bar("corrupting", prediction_count(data, options.corruption_images), "image") as progress:
        return evaluation, corruption_curves(model, data, images=options.corruption_images, progress=progress, **usual)


def _origin(options: EvaluateOptions, path: Path, data: Dataset) -> dict[str, Any]:
    import keras

    from shapeseg.commands.provenance import command_line, versions
    from shapeseg.models import file_digest

    return {
        "model": str(path),
        "model_sha256": file_digest(path),
        "dataset": str(options.data),
        "dataset_sha256": data.digest(),
        "backend": keras.backend.backend(),
        "versions": versions(),
        "command": command_line(),
    }


def _default_model() -> Path:
    from shapeseg.commands.train import RUNS
    from shapeseg.training.run_folder import newest_model

    path = newest_model(RUNS)
    if path is None:
        raise InputError("there is no saved model yet", received=RUNS, fix="Train one with: python train.py")
    return path


def _command(options: EvaluateOptions) -> None:
    evaluate(options)


def main(argv: Sequence[str] | None = None, prog: str | None = None) -> int:
    """Entry point."""
    return run(EvaluateOptions, _command, argv, prog)
