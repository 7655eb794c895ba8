"""Whole inputs of every kind, in the current folder, for the fuzzer to damage."""

from __future__ import annotations

import json
import os
import shutil
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from shapeseg import testing
from shapeseg.__main__ import main
from shapeseg.datasets import Dataset
from shapeseg.datasets.formats.coco import export_coco
from shapeseg.datasets.formats.convert import convert, open_source
from shapeseg.inference.export_card import ExportCard, digests
from shapeseg.settings import options_to_dict
from shapeseg.workflows import train_report
from shapeseg.workflows.options import GenerateOptions, TrainOptions
from shapeseg.workflows.predict_options import PredictOptions

DATA, RUN, BEGUN, ONNX = Path("data/shapes"), Path("run"), Path("begun"), Path("exported/model.onnx")
TRAIN = "train --data data/shapes --epochs 2 --batch-size 4 --widths 1"
CONFIGS = {"generate": GenerateOptions(num_images=2), "train": TrainOptions(), "predict": PredictOptions()}
_SUFFIXES = (".png", ".jpg", ".bmp", ".tif", ".webp")


def make_whole() -> None:
    """Makes whole inputs of all kinds."""
    testing.make_dataset(DATA, 10, seed=1, size=32, max_instances=3, min_size=6, max_size=14)
    testing.make_dataset("data/other", 4, seed=2, size=32, max_instances=3, min_size=6, max_size=14)
    _make_plain(Path("plain"))
    _make_told(Path("told"))
    _make_coco(Path("coco"))
    convert(open_source(DATA), "yolo", Path("yolo"))
    convert(open_source(DATA), "palette", Path("palette"))
    _make_runs()
    _make_onnx()
    for name, options in CONFIGS.items():
        content = options_to_dict(options)
        Path(f"{name}.json").write_text(json.dumps(content, indent=1))
        Path(f"{name}.yaml").write_text(yaml.safe_dump(content))


def _make_plain(folder: Path) -> None:
    """Makes ten images with masks, two of each suffix."""
    images, masks = testing.arrays(10, seed=3, size=32, max_instances=3, min_size=6, max_size=14)
    for number, (image, mask) in enumerate(zip(images, masks, strict=True)):
        suffix = _SUFFIXES[number % len(_SUFFIXES)]
        for name, pixels in (("images", image), ("masks", mask[..., 0] * np.uint8(255))):
            (folder / name).mkdir(parents=True, exist_ok=True)
            options = {"lossless": True} if suffix == ".webp" else {}
            Image.fromarray(pixels).save(folder / name / f"{number:02d}{suffix}", **options)


def _make_told(folder: Path) -> None:
    """Makes a folder of one's own that says what it means, and in which split each image is."""
    convert(open_source(DATA), "folder", folder)
    words = {"target_values": [255], "void_value": 128, "target_name": "box", "group_by": "^[0-9]+", "skip_unlabelled": True}
    (folder / "shapeseg.json").write_text(json.dumps(words))


def _make_coco(folder: Path) -> None:
    """Makes annotations of COCO, polygons and run lengths, beside their images."""
    shutil.copytree(DATA / "images", folder / "images")
    export_coco(Dataset(DATA), folder / "instances.json")
    content = json.loads((folder / "instances.json").read_text())
    content["annotations"][0] |= {"segmentation": [[1, 1, 9, 1, 9, 9]], "iscrowd": 1}
    (folder / "instances.json").write_text(json.dumps(content))


def _make_onnx() -> None:
    """Makes the smallest model that predicts, and its card."""
    from onnx import TensorProto, helper

    taken, given = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", "h", "w", channels])
        for name, channels in (("image", 3), ("probability", 1))
    )
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [3])
    nodes = [
        helper.make_node("ReduceMean", ["image", "axes"], ["mean"]),
        helper.make_node("Sigmoid", ["mean"], ["probability"]),
    ]
    graph = helper.make_graph(nodes, "tiny", [taken], [given], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    ONNX.parent.mkdir()
    ONNX.write_bytes(model.SerializeToString())
    write_export_card()


def write_export_card() -> None:
    """Writes a card that knows what the exported model holds now."""
    known = digests({".onnx": ONNX.read_bytes()})
    ExportCard(known, 1, 0.5, model_sha256="0" * 64, model_card=None, largest_difference=0.0, compared=1).write(ONNX)


def _make_runs() -> None:
    """Trains: one run that ended, and one that was stopped after its first epoch."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        if main([*TRAIN.split(), "--out", str(RUN)]):
            raise RuntimeError("the training fails")
        train_report.finish = _stop  # this process makes these and ends
        main([*TRAIN.split(), "--out", str(BEGUN)])
    (BEGUN / "checkpoints" / "epoch-00002.npz").unlink()


def _stop(*_: object) -> None:
    raise KeyboardInterrupt
