import json

import pytest
from command_runs import run_script, succeed

SCENE = {"width": 32, "height": 32, "min_size": 4, "max_size": 8, "colors": [[1, 2, 3], [4, 5, 6]], "kinds": ["ellipse"]}


def manifest(folder):
    return json.loads((folder / "dataset.json").read_text())


@pytest.mark.parametrize("flag", [("--config", "settings.json"), ("--config=settings.json",)])
def test_a_json_file_sets_what_flags_do_not(flag, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"num_images": 4, "seed": 9, "out": "a", "scene": SCENE}))
    succeed(run_script("generate_data.py", *flag, "--num_images", 3, "--max-size", 6, cwd=tmp_path))
    written = manifest(tmp_path / "a")
    assert (written["count"], written["seed"]) == (3, 9)
    assert written["settings"]["scene"] == manifest(tmp_path / "a")["settings"]["scene"] | SCENE | {"max_size": 6}


def test_yaml_says_the_same(tmp_path):
    (tmp_path / "settings.yaml").write_text(
        "num_images: 4\nseed: 9\nout: y\nscene:\n  width: 32\n  height: 32\n  min_size: 4\n  max_size: 8\n"
        "  colors: [[1, 2, 3], [4, 5, 6]]\n  kinds: [ellipse]\n"
    )
    (tmp_path / "settings.json").write_text(json.dumps({"num_images": 4, "seed": 9, "out": "j", "scene": SCENE}))
    for name in ("settings.yaml", "settings.json"):
        succeed(run_script("generate_data.py", "--config", name, cwd=tmp_path))
    assert (tmp_path / "y/dataset.json").read_bytes() == (tmp_path / "j/dataset.json").read_bytes()


def test_a_flag_may_mend_what_the_file_alone_could_not_mean(tmp_path):
    # Shapes of up to 40, as usual, do not fit this canvas; the flag says 20.
    (tmp_path / "settings.json").write_text(json.dumps({"scene": {"width": 32, "height": 32}}))
    flags = ("--min-size", 4, "--max-size", 20, "--num-images", 2, "--out", "a")
    succeed(run_script("generate_data.py", "--config", "settings.json", *flags, cwd=tmp_path))
    assert manifest(tmp_path / "a")["settings"]["scene"]["max_size"] == 20
