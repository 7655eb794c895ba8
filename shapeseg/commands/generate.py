"""``generate``: a new dataset."""

from __future__ import annotations

from shapeseg.commands.command_line import entry_point
from shapeseg.commands.flags import Layout
from shapeseg.workflows.options import GenerateOptions


def _command(options: GenerateOptions) -> None:
    from shapeseg.workflows.generate import generate

    generate(options)


LAYOUT = Layout(
    examples=("--num-images 200 --out data/few", "--out data/heavy --seed 1 --occlusion-rates 0.3 0.6"),
)

main = entry_point(GenerateOptions, _command, LAYOUT)
