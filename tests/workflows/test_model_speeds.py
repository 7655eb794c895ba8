import json

from command_runs import succeed
from runs_here import run_here

from shapeseg.models import ARCHITECTURES, missing_extra


def test_models_lists_every_architecture_with_size_and_speed_and_those_not_installed(tmp_path):
    listed = json.loads(succeed(run_here("models", "--quick", "--size", 32, "--json", cwd=tmp_path)).stdout)
    missing = {name: missing_extra(name) for name in ARCHITECTURES if missing_extra(name) is not None}
    assert listed["not_installed"] == missing
    assert [one["name"] for one in listed["models"]] == [name for name in ARCHITECTURES if name not in missing]
    for one in listed["models"]:
        assert min(one["parameters"], one["predict_images_a_second"], one["train_images_a_second"]) > 0
