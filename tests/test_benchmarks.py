"""The benchmarks run and write what they promise. How fast anything is, no test asserts: that depends on the machine."""

import json
import math
import os

import pytest
from command_runs import REPOSITORY, run_python, succeed

BENCHMARKS = REPOSITORY / "benchmarks"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The output, and the folder of a run of 20 images a measurement; temporary files go to a folder of its own."""
    place = tmp_path_factory.mktemp("benchmark")
    (place / "temporary").mkdir()
    script = BENCHMARKS / "generate.py"
    arguments = ("--quick", "--rounds", 1, "--images", 20, "--out", "results/new")
    result = succeed(run_python(script, *arguments, cwd=place, TMPDIR=str(place / "temporary")))
    assert not any((place / "temporary").iterdir())
    assert {path.name for path in place.iterdir()} == {"temporary", "results"}
    return result.stdout, place / "results" / "new"


def test_the_json_is_complete(run):
    result = json.loads((run[1] / "generate.json").read_text())
    assert set(result) == {"machine", "options", "images_a_second", "ratios", "growth"}
    assert result["options"] == {"quick": True, "rounds": 1, "sections": ["memory", "disk", "growth"], "images": 20}
    assert result["machine"]["processor"]
    assert result["machine"]["cores"] == os.cpu_count()
    assert result["machine"]["numpy"]
    assert [row["images"] for row in result["growth"]] == [20, 40]
    measured = [*result["images_a_second"].values(), *result["ratios"]]
    assert len(measured) >= 10
    for each in measured:
        assert 0 < each["min"] <= each["median"] <= each["max"] < math.inf
    for ratio in result["ratios"]:
        assert ratio["met"] is (ratio["median"] >= ratio["target"])
    for row in result["growth"]:
        assert all(row[speed] > 0 for speed in ("create", "verify_quick", "verify"))


def test_the_tables_are_well_formed_and_printed(run):
    printed, folder = run
    report = (folder / "generate.md").read_text()
    assert report in printed
    tables = [block.strip().splitlines() for block in report.split("\n\n") if block.strip().startswith("|")]
    assert len(tables) == 3
    for head, line, *rows in tables:
        columns = head.count("|")
        assert set(line) <= set("| -")
        assert rows
        assert all(row.count("|") == columns for row in [line, *rows])


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


def test_a_missing_peer_is_left_out_visibly(tmp_path):
    hidden = "import runpy, sys; sys.modules['skimage'] = None; sys.path.insert(0, sys.argv[1])"
    script = f"{hidden}; import generate; generate.main(['--rounds', '1', '--images', '2', '--out', 'results'])"
    result = succeed(run_python("-c", script, BENCHMARKS, cwd=tmp_path))
    assert "scikit-image is not installed and is left out" in result.stdout
    assert "times scikit-image" not in (tmp_path / "results" / "generate.md").read_text()
    assert "times Pillow" in (tmp_path / "results" / "generate.md").read_text()
