"""``train``: a dataset in, a run folder with a model, its card, its history and its pictures out."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.train import train

__all__ = ["TrainOptions", "main", "train"]


main = entry_point(TrainOptions, train)
