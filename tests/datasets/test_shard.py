"""A dataset drawn in parts by several machines that know nothing of each other."""

import json
import shutil
from dataclasses import replace
from itertools import chain, pairwise

import pytest
from command_runs import error_line, folder_names, succeed
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_here import run_here

from shapeseg.datasets import Dataset, DatasetSettings, SplitSettings, create_dataset, manifest
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import filter_copy, filter_in_place
from shapeseg.datasets.manifest import read_manifest
from shapeseg.datasets.merge import merge_datasets
from shapeseg.datasets.shard import Shard, parse_shard
from shapeseg.datasets.statistics import statistics
from shapeseg.datasets.twin import write_twins
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes import GENERATOR_VERSION, SceneSettings
from shapeseg.scenes.rule import FilterSettings

MINUTE = DatasetSettings(SceneSettings(width=32, height=24, min_size=4, max_size=12, max_instances=6))
DIALLED = DatasetSettings(
    SceneSettings(width=48, height=48, min_size=6, max_size=16, max_instances=5, occlusion_bins=True),
    SplitSettings(25, 25, 25, 25),
)


def content(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def draw(folder, images, parts, of, *, settings=MINUTE, seed=7):
    """Draws some shards of a whole and returns them, opened, by number."""
    for number in parts:
        out = folder / f"{number}"
        create_dataset(out, num_images=images, seed=seed, settings=settings, shard=Shard(number, of), workers=0)
    return {number: Dataset(folder / f"{number}") for number in parts}


@pytest.fixture
def shards(tmp_path):
    """The three shards of 20 images."""
    return draw(tmp_path, 20, (1, 2, 3), 3)


@given(images=st.integers(1, 10**6) | st.integers(1, 100), of=st.integers(1, 50))
def test_parts_follow_one_another_and_are_as_equal_as_can_be(images, of):
    if of > images:
        with pytest.raises(UsageError, match="num_images"):
            Shard(1, of).indices(images)
        return
    parts = [Shard(number, of).indices(images) for number in range(1, of + 1)]
    assert (parts[0].start, parts[-1].stop) == (0, images)
    assert {len(part) for part in parts} <= {images // of, -(-images // of)}
    assert all(part.stop == following.start for part, following in pairwise(parts))


@given(data=st.data(), of=st.integers(2, 6), chosen=st.sampled_from([MINUTE, DIALLED]))
@settings(max_examples=8)
def test_merged_in_any_order_they_are_the_whole_bit_for_bit(tmp_path_factory, data, of, chosen):
    images = data.draw(st.sampled_from([of, of + 1, 13, 70]))
    folder = tmp_path_factory.mktemp("shards")
    create_dataset(folder / "whole", num_images=images, seed=7, settings=chosen, workers=0)
    shards = draw(folder, images, range(1, of + 1), of, settings=chosen)
    assert sum(map(len, shards.values())) == images
    merged, left_out = merge_datasets(data.draw(st.permutations([*shards.values()])), folder / "merged")
    assert content(folder / "merged") == content(folder / "whole")
    assert (merged, left_out, merged.digest()) == (read_manifest(folder / "whole"), 0, Dataset(folder / "whole").digest())
    assert verify_dataset(folder / "merged", workers=0) == []


def test_of_equal_images_none_is_left_out(tmp_path):
    """A whole holds them, too."""
    scene = SceneSettings(width=4, height=4, min_size=4, max_size=4, min_instances=1, max_instances=1, kinds=("rectangle",))
    shards = draw(tmp_path, 12, (1, 2), 2, settings=DatasetSettings(scene))
    merged, left_out = merge_datasets([shards[2], shards[1]], tmp_path / "merged")
    assert (merged.count, left_out) == (12, 0)


def test_alone_a_shard_is_an_ordinary_dataset_with_the_splits_of_the_whole(shards, tmp_path):
    create_dataset(tmp_path / "whole", num_images=20, seed=7, settings=MINUTE)
    for shard in shards.values():
        assert verify_dataset(shard.folder) == []
        assert verify_dataset(shard.folder, quick=True) == []
    assert [*chain.from_iterable(shard.rows for shard in shards.values())] == Dataset(tmp_path / "whole").rows
    assert statistics(shards[2])["counts"]["images"] == 7
    assert len(shards[2].feed(4)) == 2
    assert shards[2].rule == Dataset(tmp_path / "whole").rule
    stated = json.loads((tmp_path / "2/dataset.json").read_text())
    assert (stated["shard"], stated["count"], stated["next_index"]) == ({"number": 2, "of": 3}, 7, 20)
    assert "shard" not in json.loads((tmp_path / "whole/dataset.json").read_text())


def test_the_only_part_is_the_whole(tmp_path):
    create_dataset(tmp_path / "whole", num_images=5, seed=7, settings=MINUTE)
    draw(tmp_path, 5, [1], 1)
    assert content(tmp_path / "1") == content(tmp_path / "whole")


def test_shards_that_are_missing_are_named(shards, tmp_path):
    with pytest.raises(InputError, match=r"shards are missing: 2/3\. .*--shard 2/3"):
        merge_datasets([shards[3], shards[1]], tmp_path / "out")
    many = draw(tmp_path / "many", 20, (8, 9), 20)
    with pytest.raises(InputError, match=r"shards are missing: 1/20, 2/20, 3/20, 4/20, 5/20 and more\. "):
        merge_datasets([*many.values()], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_shard_that_is_there_twice_is_named(shards, tmp_path):
    shutil.copytree(tmp_path / "2", tmp_path / "again")
    with pytest.raises(InputError, match=r"shard 2/3 is there twice\. Received: .*2 and .*again\. "):
        merge_datasets([*shards.values(), Dataset(tmp_path / "again")], tmp_path / "out")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"seed": 8}, "seed"),
        ({"settings": replace(MINUTE, splits=SplitSettings(25, 25, 25, 25))}, "settings"),
        ({"images": 21}, "number of images"),
        ({"of": 2}, "number of shards"),
        ({"seed": 8, "of": 2}, "seed and number of shards"),
    ],
)
def test_a_shard_of_another_whole_is_named(changes, told, shards, tmp_path):
    other = draw(tmp_path / "other", parts=[2], **{"images": 20, "of": 3, **changes})[2]
    with pytest.raises(InputError, match=rf"they differ in {told}\. Received: .*1 .*, and .*other/2 "):
        merge_datasets([shards[1], other, shards[3]], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_shard_of_another_generator_is_refused(shards, tmp_path, monkeypatch):
    path = tmp_path / "2/dataset.json"
    monkeypatch.setattr(manifest, "GENERATOR_VERSION", GENERATOR_VERSION + 1)  # of a shapeseg to come, which reads both
    path.write_text(json.dumps(json.loads(path.read_text()) | {"generator_version": GENERATOR_VERSION + 1}))
    with pytest.raises(InputError, match="version of the generator"):
        merge_datasets([shards[1], Dataset(tmp_path / "2"), shards[3]], tmp_path / "out")


def test_what_is_no_shard_is_refused_among_shards(shards, tmp_path, small_dataset):
    for stranger in (Dataset(small_dataset), shards[1].split("train")):
        with pytest.raises(InputError, match=f"with shards only. Received: {stranger.folder}, which is none"):
            merge_datasets([stranger, shards[2], shards[3]], tmp_path / "out")


def test_a_shard_is_not_appended_to(shards):
    with pytest.raises(InputError, match=r"shard 2/3.*append to the whole"):
        append_samples(shards[2].folder, num_images=1)
    assert verify_dataset(shards[2].folder) == []


def test_the_merged_whole_is_appended_to(shards, tmp_path):
    merge_datasets([*shards.values()], tmp_path / "merged")
    append_samples(tmp_path / "merged", num_images=5)
    create_dataset(tmp_path / "whole", num_images=25, seed=7, settings=MINUTE)
    assert Dataset(tmp_path / "merged").rows == Dataset(tmp_path / "whole").rows


def test_filtered_shards_are_ordinary_and_merge_to_the_filtered_whole(shards, tmp_path):
    filters = FilterSettings(way="drop-beyond", max_occlusion=0.3)
    merge_datasets([*shards.values()], tmp_path / "whole")
    filter_copy(Dataset(tmp_path / "whole"), filters, tmp_path / "expected")
    for shard in shards.values():
        filter_in_place(shard.folder, filters, purge=True)
        assert verify_dataset(shard.folder) == []
        assert read_manifest(shard.folder).shard is None
    merge_datasets([Dataset(tmp_path / f"{number}") for number in (1, 3, 2)], tmp_path / "merged")
    merged, expected = Dataset(tmp_path / "merged"), Dataset(tmp_path / "expected")
    assert [{**row, "source": None} for row in merged.rows] == [{**row, "source": None} for row in expected.rows]
    assert (merged.rule, merged.manifest.next_index) == (expected.rule, 20)


def test_twins_of_a_shard_are_no_shard(shards, tmp_path):
    write_twins(shards[2], "remove", tmp_path / "twins", workers=0)
    assert read_manifest(tmp_path / "twins").shard is None
    assert verify_dataset(tmp_path / "twins") == []


@pytest.mark.parametrize("stated", [{"number": 4, "of": 3}, {"number": 1, "of": 3}, {"number": 2, "of": 10**18}, "2/3", 2])
def test_a_dataset_that_says_it_is_another_shard_is_refused(stated, shards, tmp_path):
    """The second of three has 7 images, the first 6."""
    path = tmp_path / "2/dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"shard": stated}))
    with pytest.raises(InputError, match=r"dataset\.json cannot be used"):
        Dataset(tmp_path / "2")


def test_a_shard_with_the_images_of_another_is_refused_and_found(shards, tmp_path):
    """The second and the third have as many."""
    path = tmp_path / "2/dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"shard": {"number": 3, "of": 3}}))
    with pytest.raises(InputError, match=r"index is not in range\(13, 20\)"):
        Dataset(tmp_path / "2")
    assert len([found for found in verify_dataset(tmp_path / "2") if "not in range(13, 20)" in found.what]) == 7


@pytest.mark.parametrize("text", ["0/4", "5/4", "2", "2/", "/4", "a/b", "-1/4", "1/0", "1/2/3", "1.0/2", ""])
def test_what_is_no_shard_is_told(text, tmp_path):
    with pytest.raises(UsageError, match=r"Received: shard="):
        parse_shard(text)
    result = run_here("generate", f"--shard={text}", "--out", "d", cwd=tmp_path)
    assert result.returncode == 2
    assert "shard=" in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


def test_more_shards_than_images_are_refused(tmp_path):
    result = run_here("generate", "--shard", "1/4", "--num-images", 3, "--out", "d", cwd=tmp_path)
    assert result.returncode == 2
    assert "num_images=3" in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


def test_the_commands_of_a_job_array_make_the_whole(tmp_path):
    flags = ("--num-images", 12, "--seed", 5, "--width", 32, "--height", 32, "--min-size", 4, "--max-size", 12, "--workers", 2)
    for number in (1, 2, 3):
        told = succeed(run_here("generate", *flags, "--shard", f"{number}/3", "--out", f"part-{number}", cwd=tmp_path)).stdout
        assert "drawing   4 of 12 images" in told
        assert f"shard {number}/3" in told
    succeed(run_here("generate", *flags, "--out", "whole", cwd=tmp_path))
    succeed(run_here("merge", "part-2", "part-3", "part-1", "--out", "merged", cwd=tmp_path))
    assert content(tmp_path / "merged") == content(tmp_path / "whole")
    result = run_here("merge", "part-2", "--out", "again", cwd=tmp_path)
    assert result.returncode == 2
    assert "two datasets or more" in error_line(result.stderr)
