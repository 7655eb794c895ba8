import json

from command_runs import run_python, succeed

from shapeseg.models import ARCHITECTURES


def test_models_lists_every_architecture_with_size_and_speed(tmp_path):
    result = succeed(run_python("-m", "shapeseg", "models", "--quick", "--size", 32, "--json", cwd=tmp_path))
    listed = json.loads(result.stdout)
    assert set(json.dumps(listed).split('"')) >= set(ARCHITECTURES)
