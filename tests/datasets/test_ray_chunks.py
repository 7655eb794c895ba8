"""Drawing by a real Ray cluster, which each command starts on this machine for itself."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from secrets import token_hex

import pytest
from command_runs import (
    HANG,
    REPOSITORY,
    SMALL,
    command_line,
    descendants,
    environment,
    error_line,
    folder_names,
    run_python,
    run_script,
    running,
    succeed,
)

from shapeseg.datasets import create_dataset
from shapeseg.datasets.shard import Shard
from shapeseg.errors import UsageError

pytestmark = pytest.mark.process
linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")


CLUSTER = """
import ray
print(ray.init("local", num_cpus=2, include_dashboard=False, log_to_driver=False).address_info["gcs_address"], flush=True)
input()
"""


def start(folder, *command, stdin=None, **changes):
    return subprocess.Popen(
        [sys.executable, *map(str, command)],
        cwd=folder,
        env=environment(changes),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def start_drawing(folder, images, *flags, **changes):
    """Starts a drawing by a cluster, and returns it when its first images are there."""
    flags = ("--out", "d", "--num-images", images, "--seed", 3, "--engine", "ray", *flags, *SMALL)
    process = start(folder, REPOSITORY / "generate_data.py", *flags, **changes)
    wait_until(lambda: process.poll() is not None or any(folder.glob(".d.*.shapeseg-tmp/images/000063.png")))
    assert process.poll() is None, process.communicate()
    return process


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster of two workers that is there already: its process, its address, and the token that it asks for."""
    folder = tmp_path_factory.mktemp("cluster")
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token_hex(32)}
    process = start(folder, "-c", CLUSTER, stdin=subprocess.PIPE, PYTHONPATH=REPOSITORY, **token)
    address = process.stdout.readline().strip()
    assert address, process.communicate()
    yield process, address, token
    process.communicate("\n", timeout=HANG)


def interrupt(process, number, code):
    """Interrupts a command as a terminal does, or as a scheduler does, and sees it end with one line and its exit code."""
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    stderr = process.communicate(timeout=HANG)[1]
    assert process.returncode == code, stderr
    assert error_line(stderr)


def at_work(process):
    """Returns the workers of a process's cluster that draw at this moment."""
    return [each for each in descendants(process.pid) if command_line(each).startswith(b"ray::work_on")]


def wait_until(true):
    deadline = time.monotonic() + HANG
    while not (found := true()):
        assert time.monotonic() < deadline, "hung"
        time.sleep(0.02)
    return found


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@linux
def test_a_cluster_that_loses_a_worker_draws_the_same_files(cluster, small_settings, tmp_path):
    create_dataset(tmp_path / "one", num_images=3000, seed=3, settings=small_settings, workers=0)
    machine, address, token = cluster
    process = start_drawing(tmp_path, 3000, "--ray-address", address, **token)
    worker = wait_until(lambda: at_work(machine))[0]
    os.kill(worker, signal.SIGKILL)
    assert not (tmp_path / "d").exists()
    _, stderr = process.communicate(timeout=HANG)
    assert (process.returncode, stderr) == (0, "")
    assert content(tmp_path / "d") == content(tmp_path / "one")


def test_a_shard_is_drawn_by_a_cluster_as_by_processes(cluster, small_settings, tmp_path):
    create_dataset(tmp_path / "one", num_images=200, seed=3, settings=small_settings, shard=Shard(2, 2), workers=0)
    _, address, token = cluster
    flags = ("--num-images", 200, "--seed", 3, "--shard", "2/2", "--engine", "ray", "--ray-address", address, *SMALL)
    succeed(run_script("generate_data.py", "--out", "d", *flags, cwd=tmp_path, **token))
    assert content(tmp_path / "d") == content(tmp_path / "one")


@linux
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interruption_ends_the_cluster_and_leaves_nothing(number, code, tmp_path):
    process = start_drawing(tmp_path, 10**5)
    below = descendants(process.pid)
    interrupt(process, number, code)
    assert folder_names(tmp_path) == set()
    wait_until(lambda: not running(below))


@linux
def test_an_interruption_leaves_a_cluster_that_was_there_at_rest(cluster, tmp_path):
    machine, address, token = cluster
    process = start_drawing(tmp_path, 10**5, "--ray-address", address, **token)
    wait_until(lambda: at_work(machine))
    interrupt(process, signal.SIGINT, 130)
    assert at_work(machine) == []
    assert folder_names(tmp_path) == set()


def test_what_cannot_be_drawn_is_told_as_without_a_cluster(cluster, tmp_path):
    # The ninth scene finds no place for its shapes; the first few, by which the disk is judged beforehand, do.
    crowded = ("--min-instances", 12, "--max-instances", 12, "--max-occlusion", 0, "--num-images", 20, *SMALL)
    plain = run_script("generate_data.py", "--out", "d", *crowded, cwd=tmp_path)
    _, address, token = cluster
    flags = ("--engine", "ray", "--ray-address", address)
    result = run_script("generate_data.py", "--out", "d", *flags, *crowded, cwd=tmp_path, **token)
    assert (result.returncode, result.stderr) == (3, plain.stderr)
    assert error_line(result.stderr)
    assert folder_names(tmp_path) == set()


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense"])
def test_a_cluster_that_is_not_there_is_told_at_once(address, tmp_path):
    flags = ("--out", "d", "--num-images", 3, "--engine", "ray", "--ray-address", address)
    result = run_script("generate_data.py", *flags, cwd=tmp_path)
    assert result.returncode == 8
    assert address in error_line(result.stderr)
    assert folder_names(tmp_path) == set()


def test_an_address_without_a_cluster_is_a_mistake():
    from shapeseg.workflows.options import GenerateOptions

    with pytest.raises(UsageError, match="--engine ray"):
        GenerateOptions(ray_address="auto")


def test_without_ray_it_says_what_to_install(tmp_path):
    script = "import sys; sys.modules['ray'] = None; from shapeseg.commands.generate import main; sys.exit(main(sys.argv[1:]))"
    result = run_python("-c", script, "--engine", "ray", "--out", "d", cwd=tmp_path, PYTHONPATH=REPOSITORY)
    assert result.returncode == 2
    assert "pip install ray" in error_line(result.stderr)
    assert folder_names(tmp_path) == set()
