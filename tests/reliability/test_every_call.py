"""A fault at every single call to the disk, in turn: a dataset is the old one or the new one, and the next run succeeds."""

import shutil

import pytest
from failing_disk import FAULTS, FailingDisk, Killed, every_call

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import FilterSettings, filter_copy, filter_in_place
from shapeseg.datasets.merge import merge_datasets
from shapeseg.datasets.verify import verify_dataset
from shapeseg.scenes import SceneSettings

pytestmark = pytest.mark.slow  # about a thousand faults, after each of which a dataset is checked

SETTINGS = DatasetSettings(SceneSettings(width=32, height=32, min_instances=2, max_instances=3, min_size=6, max_size=14))
LIMIT = FilterSettings(max_occlusion=0.0)
BEFORE, MORE = 5, 2


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Whole datasets: the first, one with more, one of other streams, what filter and merge make of them."""
    folder = tmp_path_factory.mktemp("known")
    create_dataset(folder / "old", num_images=BEFORE, seed=2, settings=SETTINGS)
    create_dataset(folder / "grown", num_images=BEFORE + MORE, seed=2, settings=SETTINGS)
    create_dataset(folder / "other", num_images=2, seed=9, settings=SETTINGS)
    filter_copy(Dataset(folder / "old"), LIMIT, folder / "filtered")
    merge_datasets([Dataset(folder / "old"), Dataset(folder / "other")], folder / "merged")
    assert 0 < len(Dataset(folder / "filtered")) < BEFORE
    return folder


def rows(folder):
    """Returns the rows of a dataset that must be whole."""
    assert [finding for finding in verify_dataset(folder) if finding.severity == "error"] == []
    return Dataset(folder).rows


def check_new_folder(write, wanted, fault, tmp_path):
    """Checks a command that makes a folder: it is not there or whole, and there if the command said so."""
    for out, failure in every_call(write, lambda place: place / "out", fault, tmp_path):
        assert out.exists() or failure
        if not out.exists():
            write(out)
        assert rows(out) == rows(wanted)
        assert [path.name for path in out.parent.iterdir()] == ["out"]


def check_in_place(write, before, after, fault, tmp_path):
    """Checks a command that changes a dataset: old or new, new if the command said so; once more ends in the new one."""

    def prepare(place):
        return shutil.copytree(before, place / "data")

    for data, failure in every_call(write, prepare, fault, tmp_path):
        found = rows(data)
        assert found == rows(after) or (failure and found == rows(before))
        if found != rows(after):
            write(data)
            assert rows(data) == rows(after)
        assert set(map(str, data.glob("*/*.png"))) >= {str(data / row["image"]) for row in rows(before)}


@pytest.mark.parametrize("fault", FAULTS)
class TestEveryCall:
    def test_create(self, fault, known, tmp_path):
        def write(out):
            create_dataset(out, num_images=BEFORE, seed=2, settings=SETTINGS)

        check_new_folder(write, known / "old", fault, tmp_path)

    def test_filter_to_a_copy(self, fault, known, tmp_path):
        check_new_folder(lambda out: filter_copy(Dataset(known / "old"), LIMIT, out), known / "filtered", fault, tmp_path)

    def test_merge(self, fault, known, tmp_path):
        def write(out):
            merge_datasets([Dataset(known / "old"), Dataset(known / "other")], out)

        check_new_folder(write, known / "merged", fault, tmp_path)

    def test_append(self, fault, known, tmp_path):
        def write(folder):
            append_samples(folder, num_images=MORE)

        check_in_place(write, known / "old", known / "grown", fault, tmp_path)

    def test_filter_in_place(self, fault, known, tmp_path):
        check_in_place(lambda folder: filter_in_place(folder, LIMIT), known / "old", known / "filtered", fault, tmp_path)

    def test_filter_in_place_with_purge(self, fault, known, tmp_path):
        """The files of what goes are deleted after the commit, so that no row ever lacks its file."""
        for data, failure in every_call(
            lambda folder: filter_in_place(folder, LIMIT, purge=True),
            lambda place: shutil.copytree(known / "old", place / "data"),
            fault,
            tmp_path,
        ):
            assert rows(data) == rows(known / "filtered") or (failure and rows(data) == rows(known / "old"))
            filter_in_place(data, LIMIT, purge=True)
            assert rows(data) == rows(known / "filtered")


@pytest.mark.parametrize("first", [6, 16, 26])
def test_a_kill_while_a_killed_append_is_cleaned_up(first, known, tmp_path):
    def prepare(place):
        data = shutil.copytree(known / "old", place / "data")
        with FailingDisk(place, first).mounted(), pytest.raises(Killed):
            append_samples(data, num_images=MORE)
        return data

    for data, failure in every_call(lambda folder: append_samples(folder, num_images=MORE), prepare, "kill", tmp_path):
        found = rows(data)
        assert found == rows(known / "grown") or (failure and found == rows(known / "old"))
        if found == rows(known / "old"):
            append_samples(data, num_images=MORE)
            assert rows(data) == rows(known / "grown")


def test_the_faulty_disk_sees_every_file(known, tmp_path):
    """Three files a sample, each opened and written, and some calls more."""
    disk = FailingDisk(tmp_path)
    with disk.mounted():
        create_dataset(tmp_path / "out", num_images=BEFORE, seed=2, settings=SETTINGS)
    assert disk.calls > 6 * BEFORE + 10
    assert rows(tmp_path / "out") == rows(known / "old")
