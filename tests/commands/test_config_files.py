import json
import os

import pytest
from command_runs import error_line, succeed
from runs_here import run_here

from shapeseg.commands.command_line import run
from shapeseg.errors import UsageError
from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.predict_options import PredictOptions

SCENE = {"width": 32, "height": 32, "min_size": 4, "max_size": 8, "colors": [[1, 2, 3], [4, 5, 6]], "kinds": ["ellipse"]}


def manifest(folder):
    return json.loads((folder / "dataset.json").read_text())


@pytest.mark.parametrize("flag", [("--config", "settings.json"), ("--config=settings.json",)])
def test_a_json_file_sets_what_flags_do_not(flag, tmp_path):
    (tmp_path / "settings.json").write_text(json.dumps({"num_images": 4, "seed": 9, "out": "a", "scene": SCENE}))
    succeed(run_here("generate", *flag, "--num_images", 3, "--max-size", 6, cwd=tmp_path))
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
        succeed(run_here("generate", "--config", name, cwd=tmp_path))
    assert (tmp_path / "y/dataset.json").read_bytes() == (tmp_path / "j/dataset.json").read_bytes()


def test_a_flag_may_mend_what_the_file_alone_could_not_mean(tmp_path):
    # Shapes of up to 40, as usual, do not fit this canvas; the flag says 20.
    (tmp_path / "settings.json").write_text(json.dumps({"scene": {"width": 32, "height": 32}}))
    flags = ("--min-size", 4, "--max-size", 20, "--num-images", 2, "--out", "a")
    succeed(run_here("generate", "--config", "settings.json", *flags, cwd=tmp_path))
    assert manifest(tmp_path / "a")["settings"]["scene"]["max_size"] == 20


@pytest.mark.parametrize("name", ["settings.yaml", "settings.json"])
def test_settings_stand_alone_as_flags_do_or_in_their_group(name, tmp_path):
    content = {"epochs": 3, "learning-rate": 0.001, "max_minutes": 2, "training": {"epochs": 5, "batch_size": 2}}
    text = json.dumps(content).replace("0.001", "1e-3")
    (tmp_path / name).write_text(text)
    found = []
    assert run(TrainOptions, found.append, ["--config", str(tmp_path / name), "--clip-norm", "2"], "train") == 0
    (options,) = found
    assert options.training == TrainingSettings(epochs=3, learning_rate=1e-3, batch_size=2, clip_norm=2)
    assert options.max_minutes == 2


@pytest.mark.parametrize("name", ["ignore_ambiguous", "ignore-ambiguous"])
@pytest.mark.parametrize("group", [False, True])
def test_a_file_of_an_earlier_version_says_what_it_said(group, name, tmp_path):
    path, found = tmp_path / "settings.yaml", []
    for value, ambiguous in (("true", "exclude"), ("false", "hard")):
        path.write_text(f"training:\n  {name}: {value}\n" if group else f"{name}: {value}\n")
        assert run(TrainOptions, found.append, ["--config", str(path)], "train") == 0
        assert found.pop().training == TrainingSettings(ambiguous=ambiguous, ambiguous_weight=1.0)
    assert run(TrainOptions, found.append, ["--config", str(path), "--ambiguous", "exact"], "train") == 0
    assert found.pop().training.ambiguous == "exact"


@pytest.mark.parametrize("text", ["ignore_ambiguous: 3", "ignore_ambiguous: true\nambiguous: hard"])
def test_what_an_earlier_version_could_not_say_is_refused(text, tmp_path, capsys):
    (tmp_path / "settings.yaml").write_text(text)
    assert run(TrainOptions, print, ["--config", str(tmp_path / "settings.yaml")], "train") == 2
    assert "Received: ignore_ambiguous" in capsys.readouterr().err


@pytest.mark.parametrize("content", [{"epochs": "many"}, {"epochs": 3, "training": 5}, {"training": {"epoch": 3}}], ids=str)
def test_a_setting_that_is_none_is_refused_wherever_it_stands(content, tmp_path, capsys):
    (tmp_path / "settings.json").write_text(json.dumps(content))
    assert run(TrainOptions, lambda options: 0, ["--config", str(tmp_path / "settings.json")], "train") == 2
    assert error_line(capsys.readouterr().err)


def test_a_file_may_ask_for_the_traceback(tmp_path, capsys):
    def fail(options):
        raise UsageError("no", received=1, fix="Stop")

    (tmp_path / "settings.json").write_text('{"debug": true}')
    assert run(TrainOptions, fail, ["--config", str(tmp_path / "settings.json")], "train") == 2
    assert "Traceback" in capsys.readouterr().err


UNREAD = [  # no JSON, or no YAML that is read
    *("seed: 0b_", "out: !!timestamp x", "seed: !!int ''", "debug: !!bool maybe", "training: !!set {a}", "a: &a 1\nseed: *a"),
    *(f"seed: {'1' * 6000}", "[" * 3000, "a: " + "[{" * 3000, "{a: " * 3000, "? " * 20_000, "out: a\0b", "? [a]\n: 2"),
    *("\n".join("  " * depth + "a:" for depth in range(200)), "seed: 1\n---\nseed: 2", "", "\udcff", "x" * 2**16 + "x"),
    "\n".join([f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]),
]
NOT_MEANT = [  # no values of these options
    *(
        "seed: 2001-13-45",
        f"seed: {2**70}",
        f"seed: {'1' * 4000}",
        "seed: -1",
        "seed: 1.5",
        "seed: true",
        "seed: null",
        "seed: =",
        "seed: [1]",
    ),
    *(
        "learning_rate: .nan",
        "learning_rate: .inf",
        f"learning_rate: {'9' * 400}.0",
        "learning_rate: yes",
        "widths: '48'",
        "widths: [true]",
    ),
    *(
        "1: 2",
        "training: {1: 2}",
        "<<: {seed: 1}",
        "out: --help",
        "out: -x",
        'out: "\\uD800"',
        'out: "a\\0b"',
        '{"out": "a\\u0000"}',
        "out: {a: b}",
        "out: 5",
    ),
]


@pytest.mark.parametrize(
    ("code", "content"),
    [*((3, content) for content in UNREAD), *((2, content) for content in NOT_MEANT)],
    ids=lambda value: repr(value)[:40],
)
def test_what_no_settings_file_holds_is_one_line(code, content, tmp_path, capsys):
    (tmp_path / "settings.yaml").write_bytes(content.encode(errors="surrogateescape"))
    assert run(TrainOptions, lambda options: 0, ["--config", str(tmp_path / "settings.yaml")], "train") == code
    assert "a bug" not in error_line(capsys.readouterr().err)


@pytest.mark.parametrize("content", ["model: 5", "model: [a]", "paths: abc", "paths: {a: b}", "paths: [1]", "paths: [[a]]"])
def test_positional_settings_are_checked_too(content, tmp_path, capsys):
    (tmp_path / "settings.yaml").write_text(content)
    assert run(PredictOptions, lambda options: 0, ["--config", str(tmp_path / "settings.yaml")], "predict") == 2
    assert error_line(capsys.readouterr().err)


@pytest.mark.parametrize("name", ["/dev/full", "/dev/zero", "fifo", "folder", "missing"])
def test_what_is_no_settings_file_is_missing_input(name, tmp_path, capsys):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    assert run(TrainOptions, lambda options: 0, ["--config", str(tmp_path / name)], "train") == 3
    assert error_line(capsys.readouterr().err)


def test_a_settings_file_may_be_a_link_and_begin_with_a_mark(tmp_path):
    (tmp_path / "real").write_bytes("\ufeffseed: 3\nlearning_rate: 1e-3\n".encode())
    (tmp_path / "link").symlink_to("real")
    found = []
    assert run(TrainOptions, found.append, ["--config", str(tmp_path / "link")], "train") == 0
    assert found[0].training == TrainingSettings(seed=3, learning_rate=1e-3)
