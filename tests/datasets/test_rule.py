"""A dataset says by what its scenes were chosen, and says nothing where that is not known."""

import json
from dataclasses import replace

import numpy as np
import pytest

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import filter_copy, filter_in_place
from shapeseg.datasets.merge import merge_datasets
from shapeseg.datasets.twin import write_twins
from shapeseg.scenes import SceneSettings
from shapeseg.scenes.rule import FilterSettings, Rule

SCENE = SceneSettings(width=64, height=64, min_size=8, max_size=16)
BEYOND, MARKED = FilterSettings("drop-beyond", 0.5), FilterSettings("ignore-occluded", 0.25)


@pytest.fixture
def folder(tmp_path):
    create_dataset(tmp_path / "data", num_images=20, seed=3, settings=DatasetSettings(SCENE))
    return tmp_path / "data"


def rule_of(folder):
    return Dataset(folder).rule


def test_settings_and_filters_in_their_order(folder, tmp_path):
    assert rule_of(folder) == Rule(SCENE)
    filter_copy(Dataset(folder), BEYOND, tmp_path / "out")
    filter_in_place(tmp_path / "out", MARKED)
    assert rule_of(tmp_path / "out") == Rule(SCENE, (BEYOND, MARKED))
    assert json.loads((tmp_path / "out/dataset.json").read_text())["format_version"] == 2


def test_what_is_appended_was_not_filtered(folder):
    append_samples(folder, num_images=2)
    assert rule_of(folder) == Rule(SCENE)
    filter_in_place(folder, BEYOND)
    append_samples(folder, num_images=2)
    assert rule_of(folder) is None


def test_datasets_of_one_rule_have_it_merged_and_others_have_none(folder, tmp_path):
    for name, limit in (("same", 1.0), ("limited", 0.5)):
        settings = DatasetSettings(replace(SCENE, max_occlusion=limit))
        create_dataset(tmp_path / name, num_images=5, seed=4, settings=settings)
        merge_datasets([Dataset(folder), Dataset(tmp_path / name)], tmp_path / f"with {name}")
    assert rule_of(tmp_path / "with same") == Rule(SCENE)
    assert rule_of(tmp_path / "with limited") is None


def test_twins_follow_no_rule_of_occlusion(folder, tmp_path):
    write_twins(Dataset(folder), "remove", tmp_path / "twins")
    assert rule_of(tmp_path / "twins") == Rule(SCENE)
    create_dataset(tmp_path / "limited", num_images=5, seed=4, settings=DatasetSettings(replace(SCENE, max_occlusion=0.5)))
    write_twins(Dataset(tmp_path / "limited"), "remove", tmp_path / "limited twins")
    assert rule_of(tmp_path / "limited twins") is None


def test_without_a_rule_the_probability_is_unknown(folder, tmp_path):
    settings = DatasetSettings(replace(SCENE, max_occlusion=0.5, colors=((255, 0, 0),)))
    create_dataset(tmp_path / "limited", num_images=5, seed=4, settings=settings)
    merge_datasets([Dataset(folder), Dataset(tmp_path / "limited")], tmp_path / "out")
    data = Dataset(tmp_path / "out")
    assert len(data) == 25
    assert all(np.isnan(data.scene(place).render().rectangle_probability).all() for place in range(25))
