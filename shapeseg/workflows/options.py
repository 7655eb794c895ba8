"""The options of the commands that join several rooms: each is a command's flags, a settings file, and what is saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import tyro

from shapeseg.architectures import check_known
from shapeseg.datasets.shard import parse_shard
from shapeseg.datasets.splits import SplitSettings
from shapeseg.description import Description
from shapeseg.environment import Device
from shapeseg.errors import UsageError
from shapeseg.evaluation.prediction import PredictionOptions
from shapeseg.inference.export import Format
from shapeseg.scenes import SceneSettings
from shapeseg.settings import CommonOptions, check_range
from shapeseg.training.settings import TrackerName, TrainingSettings


@dataclass(frozen=True)
class GenerateOptions(CommonOptions):
    """Draw a new dataset of images, exact masks and metadata."""

    out: Path = Path("data/shapes")
    """Folder to create; a non-empty one is never overwritten."""
    num_images: int = 1000
    """Number of images."""
    seed: int = 0
    """Seed of every random choice; the same seed gives the same pixels."""
    shard: str | None = None
    """Draw only part K of N, as K/N, with a --num-images of the whole: 2/4. `merge` makes the whole of all N, bit for bit."""
    workers: int | None = None
    """Processes that draw; by default as many as suit the machine and the job. They do not change the result."""
    engine: Literal["processes", "ray"] = "processes"
    """What draws: processes on this machine, or a Ray cluster that shares its disk. It does not change the result."""
    ray_address: str | None = None
    """Address of the cluster; by default one is started on this machine."""
    scene: SceneSettings = SceneSettings()
    splits: SplitSettings = SplitSettings()

    def __post_init__(self) -> None:
        if self.shard is not None:
            parse_shard(self.shard)
        if self.ray_address is not None and self.engine != "ray":
            raise UsageError("an address needs the engine ray", received=self.ray_address, fix="Add --engine ray")


@dataclass(frozen=True)
class TrainOptions(CommonOptions):
    """Train a model to segment the rectangles, and only them, or the target in your own images."""

    data: Path = Path("data/shapes")
    """Dataset to learn from; the default one is created if missing; "none" draws fresh scenes in every epoch."""
    val_data: Path | None = None
    """Dataset whose val split chooses the best epoch and the threshold; all of it where no folder or list gives its splits;
    by default that of --data."""
    train_images: int | None = None
    """Learn only from this many images, the first of the train split."""
    epoch_images: int = 720
    """Images an epoch: fresh ones with --data none; your own images are each used as often as that needs."""
    model: str = "unet"
    """Architecture, by name."""
    widths: tuple[int, ...] = ()
    """Channels of each level of the network; by default the architecture's own."""
    init_from: Path | None = None
    """Saved model to start from, or its run folder (its architecture is used); by default initial weights are random."""
    out: Path | None = None
    """Run folder; by default the next free saved_models/MODEL-N."""
    resume: bool = False
    """Continue the run in --out, exactly as if it had never stopped."""
    max_minutes: float | None = None
    """Train for this long instead of a number of epochs: as many as fit, judged by the first steps."""
    pictures_every: int = 0
    """Epochs between drawings of predictions for the val split; 0 draws them only at the end."""
    device: Device = "auto"
    """Where to compute."""
    track: TrackerName = "none"
    """Where else to show settings, scores, pictures and model; the run's folder always holds them all."""
    own: Description = Description()
    training: TrainingSettings = field(default_factory=TrainingSettings)

    def __post_init__(self) -> None:
        check_known(self.model)
        if self.resume and self.out is None:
            raise UsageError(
                "resume needs to know which run", received="out=None", fix="Name it: --resume --out saved_models/RUN"
            )
        check_range("epoch_images", self.epoch_images, least=1, fix="Try 720")
        check_range("train_images", self.train_images, least=1, fix="Try 720")
        if str(self.data) == "none" and (self.val_data or self.train_images):
            raise UsageError(
                "fresh scenes do not come from a dataset",
                received=f"val_data={self.val_data}, train_images={self.train_images}",
                fix="Leave them out, or name a dataset with --data",
            )
        check_range("max_minutes", self.max_minutes, above=0, fix="Try 10")
        check_range("pictures_every", self.pictures_every, least=0, fix="Try 5")


@dataclass(frozen=True)
class EvaluateOptions(CommonOptions):
    """Measure a saved model on a dataset."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file, or its run folder; by default the newest under saved_models, else the reference."""
    data: Path | None = None
    """Dataset to measure on; by default the one that the model's card names."""
    split: str = "test"
    """train, val, test, holdout or all."""
    out: Path | None = None
    """Folder to write; by default reports/RUN. Results of an earlier evaluation there are replaced."""
    threshold: float | None = None
    """Probability from which a pixel counts as rectangle; by default the one in the model's card, chosen on val."""
    prediction: PredictionOptions = field(default_factory=PredictionOptions)
    own: Description = Description()
    corruptions: bool = False
    """Also measure noisy, blurred, recoloured ... images: IoU against severity, in corruptions.json and corruptions.png."""
    corruption_images: int = 100
    """With --corruptions: use at most this many images of the split."""
    ship: bool = False
    """Measure the holdout split, once, and write its scores to the card of the model that ships."""
    trust_model: bool = False
    """Load a model that has no card of its own with plain Keras, in its safe mode."""

    def __post_init__(self) -> None:
        check_range("threshold", self.threshold, above=0, below=1, fix="Try 0.5")
        check_range("corruption_images", self.corruption_images, least=1, fix="Try 100")
        plain = self.threshold is None and self.prediction == PredictionOptions()
        if self.ship and not (plain and self.split in ("test", "holdout")):
            raise UsageError(
                "--ship measures the holdout split with the card's threshold and nothing else",
                received=f"split={self.split}, threshold={self.threshold}, {self.prediction}",
                fix="Leave out --split, --threshold, --tta and --min-component",
            )


@dataclass(frozen=True)
class ExportOptions(CommonOptions):
    """Write a saved model as an ONNX, OpenVINO or torch program, for any number and size of images, with a card."""

    model: Annotated[Path | None, tyro.conf.Positional] = None
    """The .keras file, or its run folder."""
    format: Format = "onnx"
    """onnx (.onnx), openvino (.xml and .bin) or torch (.pt2, for torch.export.load)."""
    out: Path | None = None
    """File to write; by default next to the model, with the format's suffix. Its card is FILE.json."""
    overwrite: bool = False
    """Replace an existing export."""
    trust_model: bool = False
    """Load a model that has no card of its own with plain Keras, in its safe mode."""
