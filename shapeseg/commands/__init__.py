"""One file per command line. ``COMMANDS`` names them; each is imported only when it is called."""

from __future__ import annotations

from collections.abc import Sequence

COMMANDS = {
    "generate": "draw a new dataset",
    "append": "draw more samples into a dataset",
    "filter": "remove occlusion from a dataset",
    "merge": "merge several datasets, or all shards of one, into one",
    "verify": "check that a dataset is whole and matches its metadata",
    "preview": "draw tiles of a dataset",
    "stats": "count what a dataset contains",
    "twin": "write counterfactual pairs of a dataset",
    "coco": "write COCO instances with visible and amodal masks",
    "convert": "convert to and from YOLO, palette masks and plain folders",
    "train": "train a model on a dataset",
    "models": "list the architectures, their sizes and, with --speed, their speeds here",
    "evaluate": "measure a saved model on a dataset",
    "study": "measure what occlusion in the training data does",
    "study honesty": "measure what models predict for pixels that no image can decide",
    "predict": "segment images of any kind with a saved model",
    "playground": "move shapes in the browser, and see what a model makes of them",
    "export": "write a saved model as an ONNX, OpenVINO or torch program",
    "doctor": "check that a saved model is whole and still gives the same output",
    "tune": "search for better settings of a training",
}


def command_of(words: Sequence[str]) -> str | None:
    """Returns the command that a line begins with, of two words or of one; None when there is no such command."""
    longest_first = sorted(COMMANDS, key=len, reverse=True)
    return next((name for name in longest_first if name.split() == [*words[: len(name.split())]]), None)


def module_of(command: str) -> str:
    """Returns the name of a command's module."""
    return f"shapeseg.commands.{command.replace(' ', '_')}"
