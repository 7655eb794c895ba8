"""``train``: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import OWN, Layout
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train

__all__ = ["TrainOptions", "main", "train"]

LAYOUT = Layout(
    groups={
        "": ("data", "model", "epochs", "batch_size", "learning_rate"),
        "run": ("out", "resume", "max_minutes", "seed", "device", "pictures_every", "track"),
        "data": ("val_data", "train_images", "epoch_images", "crop", "resize", "augmentation", "target"),
        "own": OWN,
        "network": ("widths", "init_from"),
        "training": (
            *("loss", "ambiguous", "ambiguous_weight", "schedule", "warmup_epochs", "patience", "clip_norm", "accumulate"),
            *("precision", "deterministic"),
        ),
    },
    examples=("--epochs 5", "--data none --model segformer --lr 4e-3 --out saved_models/fresh"),
)

main = entry_point(TrainOptions, train, LAYOUT)
