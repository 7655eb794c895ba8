"""Any history of create, append, filter, merge and verify agrees with a list of scenes in memory."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import FilterSettings, filter_copy, filter_in_place
from shapeseg.datasets.merge import merge_datasets
from shapeseg.datasets.splits import split_of
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import InputError
from shapeseg.scenes import SceneSettings, sample_scene

SETTINGS = DatasetSettings(SceneSettings(width=24, height=24, min_instances=2, max_instances=3, min_size=5, max_size=12))
SEED, OTHER = 4, 5
LIMITS = st.sampled_from([0.0, 0.1, 0.4])


def worst(index):
    """Returns the worst occlusion of the rectangles that are drawn at an index."""
    scene = sample_scene(SETTINGS.scene, seed=SEED, index=index)
    rates = scene.render().occlusion_rates
    shapes = zip(scene.to_dict()["instances"], rates, strict=True)
    return max((rate for shape, rate in shapes if shape["kind"] == "rectangle"), default=0.0)


class Histories(RuleBasedStateMachine):
    """``indices`` and ``next_index`` are all that a dataset of one stream is; ``merged`` counts samples of another."""

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.data = self.place / "0"

    def teardown(self):
        shutil.rmtree(self.place)

    def next_place(self):
        return self.data.with_name(str(int(self.data.name) + 1))

    @initialize(count=st.integers(1, 4))
    def create(self, count):
        create_dataset(self.data, num_images=count, seed=SEED, settings=SETTINGS)
        self.indices, self.next_index, self.merged = list(range(count)), count, 0

    @rule(count=st.integers(1, 3))
    def append(self, count):
        append_samples(self.data, num_images=count)
        self.indices += range(self.next_index, self.next_index + count)
        self.next_index += count

    @precondition(lambda self: not self.merged)
    @rule(limit=LIMITS, how=st.sampled_from(["copy", "in place", "purge"]))
    def filter(self, limit, how):
        stays = [index for index in self.indices if worst(index) <= limit]
        chosen = FilterSettings(max_occlusion=limit)
        if not stays:
            with pytest.raises(InputError, match="nothing would be left"):
                filter_in_place(self.data, chosen, purge=True)
            return
        if how == "copy":
            filter_copy(Dataset(self.data), chosen, self.next_place())
            self.data = self.next_place()
        else:
            filter_in_place(self.data, chosen, purge=how == "purge")
        self.indices = stays

    @precondition(lambda self: not self.merged)
    @rule(count=st.integers(1, 6))
    def merge_the_same_streams(self, count):
        create_dataset(self.place / "same", num_images=count, seed=SEED, settings=SETTINGS)
        _, skipped = merge_datasets([Dataset(self.data), Dataset(self.place / "same")], self.next_place())
        shutil.rmtree(self.place / "same")
        self.data = self.next_place()
        assert skipped == len(set(self.indices) & set(range(count)))
        self.indices = sorted(set(self.indices) | set(range(count)))
        self.next_index = max(self.next_index, count)

    @precondition(lambda self: not self.merged)
    @rule()
    def merge_another_stream(self):
        create_dataset(self.place / "other", num_images=2, seed=OTHER, settings=SETTINGS)
        merge_datasets([Dataset(self.data), Dataset(self.place / "other")], self.next_place())
        shutil.rmtree(self.place / "other")
        self.data, self.merged = self.next_place(), 2
        self.foreign = {self.next_index, self.next_index + 1}
        self.next_index += 2

    @invariant()
    def it_is_what_memory_says(self):
        if not hasattr(self, "indices"):
            return
        assert [finding for finding in verify_dataset(self.data) if finding.severity == "error"] == []
        data = Dataset(self.data)
        own = [row for row in data.rows if row.get("source", {"seed": SEED})["seed"] == SEED]
        assert [row["index"] for row in own] == self.indices
        assert len(data) == len(own) + self.merged
        assert data.manifest.next_index == self.next_index
        for row in own:
            scene = sample_scene(SETTINGS.scene, seed=SEED, index=row["index"])
            assert row["split"] == split_of(row["index"], seed=SEED, settings=SETTINGS.splits)
            assert [shape["box"] for shape in row["instances"]] == [shape["box"] for shape in scene.to_dict()["instances"]]


TestHistories = Histories.TestCase
TestHistories.settings = settings(
    max_examples=15, stateful_step_count=8, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
