import shutil

import numpy as np
import pytest
from command_runs import folder_names

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import FilterSettings, filter_copy, filter_in_place, plan_filter
from shapeseg.datasets.merge import merge_datasets
from shapeseg.datasets.statistics import statistics
from shapeseg.datasets.twin import write_twins
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes import Scene, SceneSettings
from shapeseg.scenes.occlusion import bin_of
from shapeseg.scenes.twins import DESCRIPTIONS, twin


@pytest.fixture
def folder(tmp_path, small_settings):
    create_dataset(tmp_path / "all", num_images=40, seed=2, settings=small_settings)
    return tmp_path / "all"


def worst(row, kinds=("rectangle",)):
    return max((shape["occlusion_rate"] for shape in row["instances"] if shape["kind"] in kinds), default=0.0)


@pytest.mark.parametrize("limit", [0.0, 0.2, 0.6])
@pytest.mark.parametrize("every", [False, True])
def test_images_beyond_the_limit_go_and_no_others(folder, tmp_path, limit, every):
    data = Dataset(folder)
    kinds = ("rectangle", "ellipse") if every else ("rectangle",)
    stays = [row for row in data.rows if worst(row, kinds) <= limit]
    assert 0 < len(stays) < 40
    result = filter_copy(data, FilterSettings(max_occlusion=limit, all_instances=every), tmp_path / "out")
    assert Dataset(tmp_path / "out").rows == stays == result.rows
    assert verify_dataset(tmp_path / "out") == []
    assert Dataset(tmp_path / "out").manifest.next_index == 40
    assert len(Dataset(folder)) == 40


def test_drop_occluded_is_drop_beyond_nothing(folder):
    data = Dataset(folder)
    assert plan_filter(data, FilterSettings("drop-occluded")).rows == plan_filter(data, FilterSettings()).rows
    with pytest.raises(UsageError, match="drop-beyond"):
        FilterSettings("drop-occluded", max_occlusion=0.2)


def test_ignoring_keeps_images_and_marks_just_the_occluded_rectangles(folder, tmp_path):
    filter_copy(Dataset(folder), FilterSettings("ignore-occluded", max_occlusion=0.1), tmp_path / "out")
    marked = Dataset(tmp_path / "out")
    assert len(marked) == 40
    assert verify_dataset(tmp_path / "out") == []
    for place, row in enumerate(marked.rows):
        expected = np.zeros((64, 64), bool)
        truth = Scene.from_dict(row).render()
        for shape, mask in zip(row["instances"], truth.visible_masks, strict=True):
            beyond = shape["kind"] == "rectangle" and shape["occlusion_rate"] > 0.1
            assert shape.get("ignored", False) == beyond
            expected |= mask & beyond
        assert np.array_equal(marked.scene(place).render().ignored, expected)


def test_in_place_unlists_and_only_purge_deletes(folder):
    files = set(folder.glob("*/*.png"))
    stays = [row for row in Dataset(folder).rows if worst(row) <= 0.0]
    filter_in_place(folder, FilterSettings(max_occlusion=0.5))
    assert set(folder.glob("*/*.png")) == files
    assert {finding.severity for finding in verify_dataset(folder)} == {"warning"}
    filter_in_place(folder, FilterSettings(), purge=True)
    assert Dataset(folder).rows == stays
    assert len(set(folder.glob("images/*.png"))) < len({path for path in files if path.parent.name == "images"})
    assert all((folder / row["image"]).exists() for row in stays)
    append_samples(folder, num_images=1)
    assert Dataset(folder).rows[-1]["index"] == 40  # an index is never used again


def test_counts_before_and_after_are_what_they_say(folder):
    data = Dataset(folder)
    result = plan_filter(data, FilterSettings())
    for counts, rows in ((result.before, data.rows), (result.after, result.rows)):
        shapes = [shape for row in rows for shape in row["instances"] if shape["kind"] == "rectangle"]
        assert counts["images"] == len(rows)
        assert counts["rectangles"] == len(shapes)
        assert counts["rectangle pixels"] == sum(shape["visible_area"] for shape in shapes)
        assert sum(counts.get(f"images in {name}", 0) for name in ("train", "val", "test", "holdout")) == len(rows)


def test_nothing_left_and_an_existing_target_are_refused(tmp_path, folder):
    crowded = DatasetSettings(SceneSettings(width=40, height=40, min_instances=10, kinds=("rectangle",)))
    create_dataset(tmp_path / "crowded", num_images=3, seed=0, settings=crowded)
    with pytest.raises(InputError, match="nothing would be left"):
        filter_in_place(tmp_path / "crowded", FilterSettings())
    assert len(Dataset(tmp_path / "crowded")) == 3
    with pytest.raises(UsageError, match="never overwritten"):
        filter_copy(Dataset(folder), FilterSettings(), folder)


def test_merging_keeps_ids_apart_and_provenance(tmp_path, folder, small_settings):
    create_dataset(tmp_path / "other", num_images=15, seed=7, settings=small_settings)
    first, second = Dataset(folder), Dataset(tmp_path / "other")
    manifest, skipped = merge_datasets([first, second], tmp_path / "both")
    merged = Dataset(tmp_path / "both")
    assert (manifest.count, manifest.next_index, skipped) == (55, 55, 0)
    assert merged.rows[:40] == first.rows
    for old, new in zip(second.rows, merged.rows[40:], strict=True):
        assert (new["source"]["seed"], new["source"]["index"]) == (7, old["index"])
        assert new["split"] == old["split"]
        assert new["instances"] == old["instances"]
    assert verify_dataset(tmp_path / "both") == []
    _, skipped = merge_datasets([merged, second], tmp_path / "again")
    assert skipped == 15  # provenance tells that they are there already


def test_merging_a_dataset_with_its_own_part_gives_the_dataset(tmp_path, folder):
    filter_copy(Dataset(folder), FilterSettings(), tmp_path / "part")
    merge_datasets([Dataset(tmp_path / "part"), Dataset(folder)], tmp_path / "both")
    rows = Dataset(tmp_path / "both").rows
    assert [row["index"] for row in rows] == list(range(40))
    assert [row["instances"] for row in rows] == [row["instances"] for row in Dataset(folder).rows]


def test_merging_never_gives_an_index_twice(tmp_path, folder, small_settings):
    """The second has used more of the same stream than it still holds: append must not draw that again."""
    filter_copy(Dataset(folder), FilterSettings(), tmp_path / "part")
    create_dataset(tmp_path / "few", num_images=10, seed=2, settings=small_settings)
    manifest, _ = merge_datasets([Dataset(tmp_path / "few"), Dataset(tmp_path / "part")], tmp_path / "both")
    assert manifest.next_index == 40


def test_several_are_merged_at_once(tmp_path, folder, small_settings):
    """The third continues the streams of the first and keeps its ids; the second is numbered on behind both."""
    create_dataset(tmp_path / "other", num_images=5, seed=7, settings=small_settings)
    create_dataset(tmp_path / "more", num_images=46, seed=2, settings=small_settings)
    datasets = [Dataset(tmp_path / name) for name in ("all", "other", "more", "other")]
    manifest, skipped = merge_datasets(datasets, tmp_path / "merged")
    merged = Dataset(tmp_path / "merged")
    assert (manifest.count, manifest.next_index, skipped) == (51, 51, 45)
    assert [row["index"] for row in merged.rows] == list(range(51))
    assert [row["sha256"] for row in merged.rows[:46]] == [row["sha256"] for row in datasets[2].rows]
    assert [row["source"]["seed"] for row in merged.rows[46:]] == [7] * 5
    assert {row["source"]["seed"] for row in merged.rows[40:46]} == {2}
    assert verify_dataset(tmp_path / "merged") == []


@pytest.mark.parametrize("number", [0, 1])
def test_merging_takes_two_or_more(number, tmp_path, folder):
    with pytest.raises(UsageError, match="two datasets or more"):
        merge_datasets([Dataset(folder)] * number, tmp_path / "merged")


def test_twins_are_other_samples_but_for_those_that_nothing_changed(tmp_path, folder):
    changed = write_twins(Dataset(folder), "remove", tmp_path / "twins", workers=0)
    manifest, skipped = merge_datasets([Dataset(folder), Dataset(tmp_path / "twins")], tmp_path / "both")
    assert (manifest.count, skipped) == (40 + changed, 40 - changed)
    assert verify_dataset(tmp_path / "both") == []
    assert append_samples(tmp_path / "both", num_images=1, workers=0).count == 41 + changed
    again = Dataset(tmp_path / "both")
    assert merge_datasets([again, Dataset(tmp_path / "twins")], tmp_path / "thrice")[1] == 40
    filter_copy(Dataset(folder), FilterSettings(), tmp_path / "part")
    merge_datasets([Dataset(tmp_path / "part"), Dataset(tmp_path / "twins")], tmp_path / "mixed")
    assert verify_dataset(tmp_path / "mixed") == []


def test_twins_of_a_split_are_whole(tmp_path, folder):
    write_twins(Dataset(folder).split("test"), "remove", tmp_path / "twins", workers=0)
    assert verify_dataset(tmp_path / "twins") == []


@pytest.mark.parametrize("change", DESCRIPTIONS)
def test_twins_are_what_they_say_and_name_their_original(tmp_path, folder, change):
    data = Dataset(folder)
    changed = write_twins(data, change, tmp_path / "twins", workers=0)
    twins = Dataset(tmp_path / "twins")
    assert verify_dataset(tmp_path / "twins") == []
    for place, (old, new) in enumerate(zip(data.rows, twins.rows, strict=True)):
        expected = twin(data.scene(place), change, data.manifest.settings.scene.colors)
        assert twins.scene(place) == expected
        assert new["split"] == old["split"]
        assert new["twin"]["image_id"] == old["image_id"]
        assert new["twin"]["dataset_sha256"] == data.digest()
    assert 0 < changed == sum(twins.scene(place) != data.scene(place) for place in range(40))
    with pytest.raises(InputError, match="twins"):
        append_samples(tmp_path / "twins", num_images=1)


def test_statistics_count_what_rows_hold(folder):
    data = Dataset(folder)
    found = statistics(data)
    rates = [shape["occlusion_rate"] for row in data.rows for shape in row["instances"] if shape["kind"] == "rectangle"]
    assert sum(found["occlusion"].values()) == len(rates) == found["counts"]["rectangles"]
    assert found["occlusion"]["0"] == rates.count(0)
    assert found["occlusion"]["(0, 0.25]"] == sum(0 < rate <= 0.25 for rate in rates)
    assert found["occlusion"]["(0.75, 1)"] == sum(0.75 < rate < 1 for rate in rates)
    assert sum(found["instances"].values()) == 40
    target_pixels = sum(int(np.count_nonzero(mask)) for _, _, mask in data)
    assert found["rectangle_pixel_share"] == target_pixels / (40 * 64 * 64)
    assert bin_of(1.0) == "hidden"


def test_filtering_what_has_no_recipes_leaves_no_lock_behind(tmp_path, folder):
    for name in ("images", "masks"):
        shutil.copytree(folder / name, tmp_path / "plain" / name)
    with pytest.raises(InputError, match="recipes"):
        filter_in_place(tmp_path / "plain", FilterSettings())
    assert folder_names(tmp_path / "plain") == {"images", "masks"}


def test_a_purge_deletes_what_the_rows_name_and_nothing_else(tmp_path, folder, capsys):
    shutil.copytree(folder, tmp_path / "data")
    goes = [row for row in Dataset(folder).rows if any(shape["occlusion_rate"] for shape in row["instances"])]
    mine, others = tmp_path / "data" / goes[0]["image"], tmp_path / "data" / goes[1]["mask"]
    mine.write_bytes(b"a picture of my own")
    victim = tmp_path / "victim"
    others.rename(victim)
    others.symlink_to(victim)
    filter_in_place(tmp_path / "data", FilterSettings(way="drop-occluded", all_instances=True), purge=True)
    assert mine.read_bytes() == b"a picture of my own"
    assert victim.exists()
    assert capsys.readouterr().err.count("is not the file that its row names, and stays") == 2
    assert not (tmp_path / "data" / goes[0]["mask"]).exists()
    assert not (tmp_path / "data" / goes[2]["image"]).exists()


def test_a_purge_reaches_through_no_link(tmp_path, folder):
    shutil.copytree(folder, tmp_path / "data")
    (tmp_path / "data/images").rename(tmp_path / "photos")
    (tmp_path / "data/images").symlink_to(tmp_path / "photos")
    with pytest.raises(InputError, match="nothing is written through a link"):
        filter_in_place(tmp_path / "data", FilterSettings(), purge=True)
    assert len(folder_names(tmp_path / "photos")) == 40
