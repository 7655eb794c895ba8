"""The benchmarks run and write what they promise. How fast anything is, no test asserts: that depends on the machine."""

import importlib.util
import json
import math
import os
import re
import runpy
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from command_runs import REPOSITORY, run_python, succeed
from own_photos import draw_all

BENCHMARKS = REPOSITORY / "benchmarks"
EXPORTS = pytest.mark.skipif(importlib.util.find_spec("onnxruntime") is None, reason="the export extra is not installed")

# Benchmark, flags of a run that only shows that it works, and what it writes: images a second, ratios, and tables of its own.
RUNS = {
    "generate": (("--images", 20), {"generate_memory": (3, 2), "generate_disk": (4, 2), "generate_growth": {"growth": 2}}),
    "feed": (("--images", 20), {"feed": (5, 3)}),
    "metrics": (("--images", 20), {"metrics": (4, 2)}),
    "inference": (("--images", 16), {"inference": (6, 4)}),
    "playground": (("--images", 3), {"playground": (2, 2)}),
    "startup": ((), {"startup": (8, 3)}),
    "busy": (("--images", 1), {"busy": {"steps": 4}}),
    "train": (
        ("--images", 20, "--sections", "speed", "quality", "memory"),
        {"train_speed": (8, 4), "train_quality": {"quality": 1}, "train_memory": {"memory": 1}},
    ),
}


@pytest.mark.process
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[EXPORTS] if name in ("inference", "playground", "startup") else []) for name in RUNS]
)
def test_a_benchmark_runs_and_its_results_are_whole(name, tmp_path):
    flags, expected = RUNS[name]
    arguments = ("--quick", "--rounds", 1, *flags, "--out", "results/new")
    with TemporaryDirectory() as temporary:  # of a short name: the sockets of workers lie in it, and their paths have a limit
        printed = succeed(run_python(BENCHMARKS / f"{name}.py", *arguments, cwd=tmp_path, TMPDIR=temporary)).stdout
        assert not list(Path(temporary).glob("tmp*"))  # torch's own folders have other names
    folder = tmp_path / "results" / "new"
    assert {path.name for path in folder.iterdir()} == {f"{each}{end}" for each in expected for end in (".json", ".md")}
    for each, what in expected.items():
        report = (folder / f"{each}.md").read_text()
        assert report in printed
        assert report.startswith("**A quick run: these numbers mean little.** `python benchmarks/")
        result = json.loads((folder / f"{each}.json").read_text())
        tables = check_result(result, what)
        assert len(check_tables(report)) == tables


def check_result(result, expected):
    """Checks one result against what it must hold, and returns how many tables it makes."""
    assert result["machine"]["cores"] == os.cpu_count()
    assert result["machine"]["processor"]
    assert result["machine"]["threads"]
    assert result["machine"]["shapeseg"]
    assert result["command"].startswith("python benchmarks/")
    assert result["rounds"] == 1
    speeds, ratios = expected if isinstance(expected, tuple) else (0, 0)
    assert len(result["a_second"]) >= speeds  # more where an optional peer is installed
    assert len(result["ratios"]) >= ratios
    for each in [*result["a_second"].values(), *result["ratios"]]:
        assert 0 < each["min"] <= each["median"] <= each["max"] < math.inf
    for ratio in result["ratios"]:
        assert ratio["met"] is (ratio["median"] >= ratio["target"])
    own = {name: rows for name, rows in result.items() if isinstance(rows, list) and name != "ratios"}
    if isinstance(expected, dict):
        assert {name: len(rows) for name, rows in own.items()} == expected
    return len([rows for rows in (result["a_second"], result["ratios"], *own.values()) if rows])


def check_tables(report):
    """Checks that every table has its line, and rows of one width; returns the tables."""
    tables = [block.strip().splitlines() for block in report.split("\n\n") if block.strip().startswith("|")]
    for head, line, *rows in tables:
        assert set(line) <= set("| -")
        assert rows
        assert all(row.count("|") == head.count("|") for row in [line, *rows])
    return tables


@pytest.mark.process
def test_the_coverage_of_intervals_is_simulated_and_printed(tmp_path):
    flags = ("--quick", "--scenes", 1500, "--samples", 100)
    printed = succeed(run_python(BENCHMARKS / "interval_coverage.py", *flags, cwd=tmp_path)).stdout
    scores, coverage, seeds = check_tables(printed)
    assert [len(table) - 2 for table in (scores, coverage, seeds)] == [3, 28, 18]
    shares = [float(share) for row in coverage[2:] for share in re.findall(r"\b[01]\.\d{3}\b", row)]
    assert len(shares) >= 2 * 27 * 8  # of the rarest rectangles a small pool may hold too few for any
    assert all(0 <= share <= 1 for share in shares)
    assert not any(tmp_path.iterdir())


@pytest.mark.process
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_a_case_of_training_runs_in_a_process_of_its_own(backend, tmp_path):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    precision = "bfloat16" if backend == "torch" else "float32"
    flags = ("--images", 8, "--precision", precision)
    measured = json.loads(
        succeed(run_python(BENCHMARKS / "train_case.py", *flags, cwd=tmp_path, KERAS_BACKEND=backend)).stdout
    )
    assert set(measured) == {"train", "predict", "peak_of_GPU_MiB"}
    assert measured["train"] > 0
    assert measured["predict"] > 0


@pytest.mark.process
def test_without_a_gpu_its_benchmark_says_so_and_writes_nothing(tmp_path):
    result = succeed(run_python(BENCHMARKS / "gpu.py", "--out", "results", cwd=tmp_path, CUDA_VISIBLE_DEVICES=""))
    assert "there is no GPU here" in result.stdout
    assert not any(tmp_path.iterdir())


def test_a_ratio_is_taken_within_a_round(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from measuring import Ratio, judge

    rates = {"one": [10.0, 200.0, 60.0], "other": [20.0, 100.0, 20.0]}
    # Round by round 0.5, 2 and 3; the ratio of the medians would be 60 / 20.
    expected = {"name": "n", "median": 2.0, "min": 0.5, "max": 3.0, "target": 2.5, "met": False}
    assert judge(Ratio("n", "one", "other", 2.5), rates) == expected
    assert judge(Ratio("n", "one", None, 60), rates) == {
        **expected,
        **{"median": 60, "min": 10, "max": 200, "target": 60},
        "met": True,
    }


@pytest.mark.process
def test_a_missing_peer_is_left_out_visibly(tmp_path):
    hidden = "import runpy, sys; sys.modules['skimage'] = None; sys.path.insert(0, sys.argv[1])"
    flags = "['--rounds', '1', '--images', '2', '--sections', 'memory', '--out', 'results']"
    result = succeed(run_python("-c", f"{hidden}; import generate; generate.main({flags})", BENCHMARKS, cwd=tmp_path))
    assert "scikit-image is not installed and is left out" in result.stdout
    assert "times scikit-image" not in (tmp_path / "results" / "generate_memory.md").read_text()
    assert "times Pillow" in (tmp_path / "results" / "generate_memory.md").read_text()


def test_time_to_quality_is_the_first_time_that_reached_it(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from train_quality import times_to

    ours = [{"minutes": 0.5, "IoU_decidable": "0.9712"}, {"minutes": 2.0, "IoU_decidable": "0.9950"}]
    theirs = [{"minutes": 8.0, "IoU_decidable": "0.9000"}, {"minutes": 30.0, "IoU_decidable": "0.9800"}]
    rows = times_to(ours, theirs)
    assert [row["shapeseg_minutes"] for row in rows] == [0.5, 2.0, 2.0]
    assert [row["UNet++_minutes"] for row in rows] == [30.0, None, None]
    assert rows[0]["times"] == 60
    assert rows[1]["times"] == "not reached in 15 times as long"


def test_the_pages_hold_the_tables_of_the_last_full_run():
    maker = runpy.run_path(str(REPOSITORY / "docs" / "make_benchmarks.py"))
    for page in maker["PAGES"]:
        assert maker["fresh_page"](page) == page.read_text(), "run: python docs/make_benchmarks.py"
    written = "".join(page.read_text() for page in maker["PAGES"])
    results = {path.stem for path in maker["RESULTS"].glob("*.json")}
    assert {name for name in results if f"<!-- {name} -->" in written} == results


@pytest.mark.process
def test_folders_of_photographs_are_trained_on_beside_other_networks(tmp_path):
    draw_all(tmp_path / "photos/boxes", 12)
    flags = ("--photos", "photos", "--seeds", 1, "--seconds", 1, "--out", "results")
    succeed(run_python(BENCHMARKS / "own_data.py", *flags, cwd=tmp_path, PYTHONPATH=REPOSITORY))
    rows = json.loads((tmp_path / "results/own_data.json").read_text())["own_data"]
    networks = {row["network"] for row in rows}
    assert {"shapeseg U-Net", "plain torch U-Net"} <= networks
    assert {row["set"] for row in rows} == {"boxes"}
    assert len({(row["learned_from"], row["measured"], row["sizes"]) for row in rows}) == 1
    assert all(0 <= float(row["IoU"]) <= 1 for row in rows)
    check_tables((tmp_path / "results/own_data.md").read_text())
