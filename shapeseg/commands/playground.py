"""``playground``: a page in the browser to move shapes on, with truth, ambiguity and a model's belief next to them."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.workflows.playground.settings import PlaygroundOptions


def _command(options: PlaygroundOptions) -> None:
    from shapeseg.workflows.playground.run import playground

    playground(options)


LAYOUT = Layout(
    examples=("saved_models/reference", "saved_models/my-run/model.onnx --data data/shapes --port 8123 --no-open"),
)

main = entry_point(PlaygroundOptions, _command, LAYOUT)
