import json
import shutil

import numpy as np
import pytest
from command_runs import error_line, succeed
from independent_rendering import render_again
from pycocotools import mask as coco_masks
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from runs_here import run_here

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.filter import FilterSettings, filter_in_place
from shapeseg.datasets.formats.coco import export_coco, run_lengths
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes import SceneSettings
from shapeseg.scenes.kinds import KINDS

# pycocotools' own, under the newest NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")

# Low and crowded: shapes as high as the canvas, and many that are fully hidden.
CROWDED = DatasetSettings(SceneSettings(width=40, height=16, min_size=6, max_size=16, min_instances=12, max_instances=20))


@pytest.fixture(scope="module")
def crowded_dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crowded") / "d"
    create_dataset(folder, num_images=40, seed=5, settings=CROWDED)
    return folder


def decoded(lengths):
    """Decodes uncompressed run lengths with pycocotools."""
    height, width = lengths["size"]
    return coco_masks.decode(coco_masks.frPyObjects(lengths, height, width)).astype(bool)


def box_around(mask):
    rows, columns = np.nonzero(mask)
    left, top = columns.min(), rows.min()
    return [left, top, columns.max() - left + 1, rows.max() - top + 1]


@pytest.mark.parametrize("name", ["small_dataset", "crowded_dataset"])
def test_pycocotools_reads_every_mask_as_the_independent_rendering_has_it(name, request, tmp_path):
    data = Dataset(request.getfixturevalue(name))
    counts = export_coco(data, tmp_path / "coco.json")
    coco = COCO(tmp_path / "coco.json")
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    hidden = 0
    for row in data.rows:
        again = render_again(row)
        seen = [k for k, area in enumerate(again.visible_areas) if area]
        hidden += len(row["instances"]) - len(seen)
        annotations = coco.loadAnns(coco.getAnnIds(imgIds=[row["index"]]))
        assert [annotation["instance"] - 1 for annotation in annotations] == seen
        for k, annotation in zip(seen, annotations, strict=True):
            assert np.array_equal(coco.annToMask(annotation).astype(bool), again.visible[k])
            assert np.array_equal(decoded(annotation["amodal_segmentation"]), again.amodal[k])
            assert annotation["area"] == again.visible_areas[k]
            assert annotation["amodal_area"] == again.amodal_areas[k]
            assert annotation["visib_fract"] == again.visible_areas[k] / again.amodal_areas[k]
            assert annotation["bbox"] == box_around(again.visible[k])
            assert annotation["amodal_bbox"] == box_around(again.amodal[k])
            assert names[annotation["category_id"]] == row["instances"][k]["kind"]
            assert (annotation["iscrowd"], annotation["ignore"]) == (0, 0)
    assert counts == (len(data), len(coco.anns), hidden)
    assert hidden or name == "small_dataset"
    assert min(coco.anns) == 1  # pycocotools loses matches with an annotation 0


def test_run_lengths_have_no_empty_runs_but_the_first(crowded_dataset, tmp_path):
    export_coco(Dataset(crowded_dataset), tmp_path / "coco.json")
    annotations = json.loads((tmp_path / "coco.json").read_text())["annotations"]
    lengths = [annotation[name] for annotation in annotations for name in ("segmentation", "amodal_segmentation")]
    assert all(min(each["counts"][1:]) > 0 for each in lengths)
    assert any(max(each["counts"][1::2]) > 16 for each in lengths)  # some go on over the end of a column


@pytest.mark.parametrize(
    ("mask", "corner", "canvas"),
    [
        (np.ones((1, 1), bool), (0, 0), (1, 1)),
        (np.ones((1, 1), bool), (4, 2), (3, 5)),
        (np.ones((3, 5), bool), (0, 0), (3, 5)),
        (np.array([[1, 0, 1], [0, 0, 0], [1, 0, 1]], bool), (1, 1), (5, 5)),
        (np.array([[1, 1], [0, 1], [1, 1]], bool), (0, 0), (3, 3)),
    ],
)
def test_run_lengths_of_small_masks(mask, corner, canvas):
    (x, y), (h, w) = corner, mask.shape
    expected = np.zeros(canvas, bool)
    expected[y : y + h, x : x + w] = mask
    lengths = run_lengths(mask, corner, canvas)
    assert sum(lengths["counts"]) <= canvas[0] * canvas[1]
    assert np.array_equal(decoded(lengths), expected)


def test_images_have_their_paths_sizes_and_splits(small_dataset, tmp_path):
    data = Dataset(small_dataset)
    export_coco(data, tmp_path / "coco.json")
    images = json.loads((tmp_path / "coco.json").read_text())["images"]
    assert [image["id"] for image in images] == list(range(30))
    for image, row in zip(images, data.rows, strict=True):
        assert (small_dataset / image["file_name"]).is_file()
        assert image["file_name"] == row["image"]
        assert (image["width"], image["height"], image["split"]) == (64, 64, row["split"])


def test_perfect_answers_get_a_perfect_score_from_coco_s_own_evaluation(small_dataset, tmp_path):
    export_coco(Dataset(small_dataset), tmp_path / "coco.json")
    coco = COCO(tmp_path / "coco.json")
    answers = [
        {name: annotation[name] for name in ("image_id", "category_id", "bbox")}
        | {"score": 1.0, "segmentation": coco.annToRLE(annotation)}
        for annotation in coco.anns.values()
    ]
    evaluation = COCOeval(coco, coco.loadRes(answers), "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1.0)


def test_a_kind_has_the_same_category_in_every_export(tmp_path):
    asked = ("polygon", "star", "rectangle", "ring")
    settings = DatasetSettings(SceneSettings(width=64, height=64, kinds=asked))
    create_dataset(tmp_path / "d", num_images=10, seed=0, settings=settings)
    export_coco(Dataset(tmp_path / "d"), tmp_path / "coco.json")
    coco = COCO(tmp_path / "coco.json")
    numbers = {kind: number for number, kind in enumerate(KINDS, start=1)}
    assert numbers["rectangle"] == 1
    assert {each["name"]: each["id"] for each in coco.loadCats(coco.getCatIds())} == {kind: numbers[kind] for kind in asked}
    for index, row in enumerate(Dataset(tmp_path / "d").rows):
        again = Dataset(tmp_path / "d").scene(index).render()
        for annotation in coco.loadAnns(coco.getAnnIds(imgIds=[index])):
            k = annotation["instance"] - 1
            assert annotation["category_id"] == numbers[row["instances"][k]["kind"]]
            assert np.array_equal(coco.annToMask(annotation), again.visible_masks[k])
            assert np.array_equal(decoded(annotation["amodal_segmentation"]), again.amodal_masks[k])
            assert annotation["amodal_bbox"] == box_around(again.amodal_masks[k])


def test_ignored_instances_are_marked(crowded_dataset, tmp_path):
    folder = shutil.copytree(crowded_dataset, tmp_path / "d")
    filter_in_place(folder, FilterSettings("ignore-occluded", max_occlusion=0.3))
    data = Dataset(folder)
    export_coco(data, tmp_path / "coco.json")
    coco = COCO(tmp_path / "coco.json")
    marks = []
    for annotation in coco.anns.values():
        instance = data.rows[annotation["image_id"]]["instances"][annotation["instance"] - 1]
        assert annotation["ignore"] == int(instance["kind"] == "rectangle" and annotation["visib_fract"] < 0.7)
        assert annotation["iscrowd"] == 0
        marks.append(annotation["ignore"])
    assert 0 < sum(marks) < len(marks)


def test_nothing_is_overwritten_and_a_plain_folder_has_no_instances(small_dataset, tmp_path):
    taken = tmp_path / "coco.json"
    taken.write_text("mine")
    with pytest.raises(UsageError, match=r"Received: .*coco\.json"):
        export_coco(Dataset(small_dataset), taken)
    assert taken.read_text() == "mine"
    for name in ("images", "masks"):
        shutil.copytree(small_dataset / name, tmp_path / "plain" / name)
    with pytest.raises(InputError, match="recipes"):
        export_coco(Dataset(tmp_path / "plain"), tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


def test_a_failure_half_way_leaves_nothing(small_dataset, tmp_path):
    def fail(count):
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        export_coco(Dataset(small_dataset), tmp_path / "coco.json", fail)
    assert not list(tmp_path.iterdir())


def test_the_command_writes_one_split_beside_the_dataset(small_dataset, tmp_path):
    shutil.copytree(small_dataset, tmp_path / "shapes")
    result = succeed(run_here("coco", "shapes", "--split", "val", cwd=tmp_path))
    content = json.loads((tmp_path / "shapes.json").read_text())
    val = Dataset(small_dataset).split("val").rows
    assert [image["id"] for image in content["images"]] == [row["index"] for row in val]
    instances = sum(len(row["instances"]) for row in val)
    seen = sum(instance["visible_area"] > 0 for row in val for instance in row["instances"])
    assert f"{len(val)} images, {seen} annotations; {instances - seen} fully hidden" in result.stdout


def test_exit_codes(small_dataset, tmp_path):
    (tmp_path / "taken.json").write_text("mine")
    for code, data, out in ((2, small_dataset, "taken.json"), (3, "missing", "new.json")):
        result = run_here("coco", data, "--out", out, cwd=tmp_path)
        assert result.returncode == code
        assert error_line(result.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["taken.json"]
