"""``export``: a saved model in another format, compared with itself before it is written."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.workflows.options import ExportOptions


def _command(options: ExportOptions) -> None:
    from shapeseg.workflows.export import export

    export(options)


LAYOUT = Layout(
    examples=("saved_models/reference --out reference.onnx", "saved_models/my-run --format openvino --overwrite"),
)

main = entry_point(ExportOptions, _command, LAYOUT)
