import json

import pytest
from command_runs import REPOSITORY, error_line, run_python, succeed
from extras import every_architecture
from runs_here import run_here

from shapeseg.models import ARCHITECTURES, Architecture, build, missing_extra

MISSING = {name: missing_extra(name) for name in ARCHITECTURES if missing_extra(name) is not None}


def test_models_lists_every_architecture_with_size_and_speed_and_those_not_installed(tmp_path):
    listed = json.loads(succeed(run_here("models", "--speed", "--quick", "--size", 32, "--json", cwd=tmp_path)).stdout)
    assert listed["not_installed"] == MISSING
    assert [one["name"] for one in listed["models"]] == [name for name in ARCHITECTURES if name not in MISSING]
    for one in listed["models"]:
        assert min(one["parameters"], one["predict_images_a_second"], one["train_images_a_second"]) > 0


@pytest.mark.process
def test_without_speed_every_architecture_is_listed_and_nothing_heavy_loaded(tmp_path):
    script = "import sys; from shapeseg.__main__ import main; main(['models']); print({'keras', 'torch'} & set(sys.modules))"
    *table, loaded = succeed(run_python("-c", script, cwd=tmp_path, PYTHONPATH=REPOSITORY)).stdout.splitlines()
    assert loaded == "set()"
    assert [line.split()[0] for line in table[1 : len(ARCHITECTURES) + 1]] == [*ARCHITECTURES]
    listed = json.loads(succeed(run_here("models", "--json", cwd=tmp_path)).stdout)
    assert listed["not_installed"] == MISSING
    assert [one["parameters"] for one in listed["models"]] == [known.parameters for known in ARCHITECTURES.values()]


@every_architecture
def test_what_is_known_of_an_architecture_is_so(name):
    known = ARCHITECTURES[name]
    assert Architecture(name).stride == known.stride
    assert known.parameters in (None, build(name).count_params())


def test_only_timing_can_be_quick(tmp_path):
    result = run_here("models", "--quick", cwd=tmp_path)
    assert result.returncode == 2
    assert "--speed" in error_line(result.stderr)
