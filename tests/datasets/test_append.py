import hashlib
import json
import subprocess
import sys
import threading

import pytest
from command_runs import folder_names

from shapeseg.datasets import Dataset, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.samples import FOLDERS
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import BusyError, InputError, UsageError
from shapeseg.folders import writer_lock
from shapeseg.temporaries import folder_identity


def contents(folder):
    """Returns the bytes of every sample file, by path, and of the metadata that counts."""
    files = {f"{name}/{path.name}": path.read_bytes() for name in FOLDERS.values() for path in (folder / name).iterdir()}
    return files, (folder / Dataset(folder).manifest.metadata.file).read_bytes(), (folder / "metadata.csv").read_bytes()


@pytest.fixture
def grown(tmp_path, small_settings):
    folder = tmp_path / "grown"
    create_dataset(folder, num_images=20, seed=9, settings=small_settings)
    append_samples(folder, num_images=7)
    append_samples(folder, num_images=3, workers=2)
    return folder


def test_appending_equals_creating_all_at_once(grown, tmp_path, small_settings):
    create_dataset(tmp_path / "whole", num_images=30, seed=9, settings=small_settings)
    assert contents(grown) == contents(tmp_path / "whole")
    assert verify_dataset(grown) == []
    assert Dataset(grown).manifest.count == Dataset(grown).manifest.next_index == 30


def test_files_that_exist_are_not_touched(grown):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in grown.glob("*/*.png")}
    append_samples(grown, num_images=5)
    assert all((path.stat().st_mtime_ns, path.read_bytes()) == was for path, was in before.items())


def test_readers_need_no_lock_and_one_of_two_writers_waits_its_turn(grown):
    with writer_lock(grown):
        assert len(Dataset(grown)) == 30
        with pytest.raises(BusyError, match="process"):
            append_samples(grown, num_images=1)
    append_samples(grown, num_images=1)
    assert len(Dataset(grown)) == 31


@pytest.mark.process
def test_two_appends_at_once_lose_nothing(grown):
    code = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from shapeseg.datasets.append import append_samples\n"
        "from shapeseg.errors import BusyError\n"
        "for _ in range(600):\n"
        "    try:\n"
        "        append_samples(Path(sys.argv[1]), num_images=4)\n"
        "        break\n"
        "    except BusyError:\n"
        "        time.sleep(0.05)\n"
        "else:\n"
        "    raise SystemExit(5)\n"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, str(grown)]) for _ in range(3)]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert len(Dataset(grown)) == 42
    assert verify_dataset(grown) == []


def test_a_reader_during_appends_always_sees_one_whole_version(grown):
    seen, stop = set(), threading.Event()

    def read():
        while not stop.is_set():
            data = Dataset(grown)
            assert len(data) == data.manifest.count
            seen.add(len(data))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(15):
            append_samples(grown, num_images=1)
    finally:
        stop.set()
        reader.join()
    assert len(seen) > 1


def leave_an_append(grown, folder):
    """Leaves what a kill between the sample files and the commit leaves: a journal, and files that no row names."""
    (grown / ".appending.json").write_text(json.dumps({"first": 30, "stop": 33, "folder": folder}))
    for name in FOLDERS.values():
        (grown / name / "000032.png").write_bytes(b"torn")


def test_what_a_killed_append_left_is_removed_by_the_next(grown, tmp_path, small_settings):
    leave_an_append(grown, folder_identity(grown))
    (grown / f"metadata-{hashlib.sha256(b'').hexdigest()[:16]}.jsonl").write_bytes(b"")  # named by its content, as ours are
    foreign = {".metadata.0-0.shapeseg-tmp.jsonl", "metadata-0000000000000000.jsonl", "notes.txt"}
    for name in foreign:
        (grown / name).write_text("a user's own file")
    assert [finding.severity for finding in verify_dataset(grown)].count("error") == 0
    append_samples(grown, num_images=1)
    create_dataset(tmp_path / "whole", num_images=31, seed=9, settings=small_settings)
    assert contents(grown) == contents(tmp_path / "whole")
    own = folder_names(tmp_path / "whole") - {"metadata.jsonl"} | {Dataset(grown).manifest.metadata.file}
    assert folder_names(grown) == own | foreign


def test_what_lies_in_a_copy_is_nobody_s_to_remove(grown, capsys):
    leave_an_append(grown, "1-2")
    with pytest.raises(InputError, match=r"3 files that no row names are in the way. Received: .*000032.png"):
        append_samples(grown, num_images=3)
    assert "was made in another folder" in capsys.readouterr().err
    assert (grown / "images/000032.png").read_bytes() == b"torn"
    assert append_samples(grown, num_images=2).count == 32


@pytest.mark.parametrize("content", ["[]", "{", "{}", '{"first": "a", "stop": 2}', '{"first": 0, "stop": NaN}', "9" * 5000])
def test_a_journal_that_is_none_is_told(grown, content):
    (grown / ".appending.json").write_text(content)
    with pytest.raises(InputError, match="what an append left behind cannot be read"):
        append_samples(grown, num_images=1)


def test_an_append_writes_over_nothing_and_through_no_link(grown, tmp_path):
    victim, elsewhere = tmp_path / "victim", tmp_path / "elsewhere"
    victim.write_text("precious")
    link = grown / "images/000030.png"
    link.symlink_to(victim)
    with pytest.raises(InputError, match=r"1 files that no row names are in the way. Received: .*000030.png"):
        append_samples(grown, num_images=1)
    assert victim.read_text() == "precious"
    link.unlink()
    for name in ("metadata.csv", "class_dict.csv"):
        (grown / name).unlink()
        (grown / name).symlink_to(victim)
    append_samples(grown, num_images=1)
    assert victim.read_text() == "precious"
    assert not (grown / "metadata.csv").is_symlink()
    (grown / "masks").rename(elsewhere)
    (grown / "masks").symlink_to(elsewhere)
    assert Dataset(grown)[30].mask.shape == Dataset(grown)[0].mask.shape  # a linked folder may be read
    with pytest.raises(InputError, match=r"nothing is written through a link. Received: .*masks"):
        append_samples(grown, num_images=1)
    assert len(folder_names(elsewhere)) == 31


def test_a_linked_dataset_is_grown_where_it_is(grown, tmp_path):
    (tmp_path / "link").symlink_to(grown)
    assert append_samples(tmp_path / "link", num_images=1).count == len(Dataset(grown)) == 31
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_is_refused(grown, count):
    with pytest.raises(UsageError, match="num_images must be 1 or more"):
        append_samples(grown, num_images=count)


def test_no_dataset_and_a_linked_lock_are_refused_and_nothing_is_made(tmp_path, grown):
    with pytest.raises(InputError, match="no dataset"):
        append_samples(tmp_path, num_images=1)
    assert not (tmp_path / ".lock").exists()
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (grown / ".lock").symlink_to(victim)
    with pytest.raises(InputError, match="link"):
        append_samples(grown, num_images=1)
    assert victim.read_text() == "precious"


def test_a_wrong_worker_count_is_refused_before_anything_is_written(grown):
    before = folder_names(grown)
    with pytest.raises(UsageError, match="workers"):
        append_samples(grown, num_images=1, workers=-1)
    assert folder_names(grown) == before
