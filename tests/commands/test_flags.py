"""Flags: what help shows of them, and what is said of those that cannot be meant."""

import re

import pytest
from command_runs import error_line
from documented_commands import of_shapeseg, parse

from shapeseg.__main__ import main
from shapeseg.commands import COMMANDS, command_of
from shapeseg.commands.command_line import run
from shapeseg.commands.filter import FilterOptions
from shapeseg.commands.train import LAYOUT
from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.options import TrainOptions
from shapeseg.workflows.predict_options import PredictOptions
from shapeseg.workflows.study.settings import StudyOptions
from shapeseg.workflows.tuning.settings import TuneOptions


def parsed(options_type, *words):
    found = []
    assert run(options_type, found.append, [str(word) for word in words], "shapeseg test") == 0
    return found[0]


@pytest.fixture
def help_of(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")

    def show(command):
        assert main([*command.split(), "--help"]) == 0
        return capsys.readouterr().out

    return show


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_nothing_of_values_that_are_not_there(command, help_of):
    text = " ".join(help_of(command).split())
    for word in ("None", "(default: )", "(default: False)"):
        assert word not in text
    assert text.rindex("--config PATH") > text.rindex("general options") > text.rindex("show this help")


def test_help_of_train_begins_with_what_is_used_most_and_comes_in_groups(help_of):
    text = help_of("train")
    flags = re.findall(r"^\W (--\S.*)$", text, re.M)
    for flag, line in zip(("--data", "--model", "--epochs", "--batch-size", "--learning-rate"), flags[:5], strict=True):
        assert f"{flag} " in line
    titles = re.findall(r"^\W*\b((?:\w+ )?options)\W*$", text, re.M)
    assert titles == ["options", *(f"{name} options" for name in LAYOUT.groups if name), "general options"]


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_in_help_can_be_typed(command, help_of, monkeypatch):
    text = help_of(command)
    examples = [line.split() for line in text.splitlines() if line.startswith("  shapeseg ")]
    assert len(examples) == 2
    for words in examples:
        named, arguments = of_shapeseg(words)
        assert named == command
        parse(monkeypatch, command, arguments)


def test_flags_have_short_names_and_are_written_as_one_likes():
    expected = TrainingSettings(batch_size=8, learning_rate=0.01)
    for words in (
        ["--batch", 8, "--lr", 0.01],
        ["--batch_size=8", "--learning-rate=0.01"],
        ["--lr", 1, "--batch", 8, "--lr", 0.01],
    ):
        assert parsed(TrainOptions, *words).training == expected
    assert parsed(PredictOptions, "--batch", 3).batch_size == 3


def test_settings_that_are_not_given_keep_what_their_command_has_for_them():
    usual = StudyOptions()
    options = parsed(StudyOptions, "--patience", 9, "--width", 96)
    assert options.training.augmentation == usual.training.augmentation != TrainingSettings().augmentation
    assert (options.training.epochs, options.training.patience, options.scene.width) == (usual.training.epochs, 9, 96)


def test_words_without_a_flag_are_told_apart_by_their_place():
    options = parsed(PredictOptions, "model.keras", "--out", "there", "--", "-a.png", "--b.png")
    assert [str(path) for path in (options.model, *options.paths)] == ["model.keras", "-a.png", "--b.png"]
    assert str(parsed(PredictOptions, "--out=-there").out) == "-there"


@pytest.mark.parametrize(
    ("command", "words", "told"),
    [
        (TrainOptions, "--lrx 4", "Received: --lrx. Did you mean --lr."),
        (TrainOptions, "--epoch 4", "Received: --epoch. Did you mean --epochs."),
        (TrainOptions, "--resume --ot new", "Received: --ot. Did you mean --out."),
        (TrainOptions, "--no-epochs", "no such flag"),
        (TrainOptions, "--zzzzzz", "See shapeseg test --help."),
        (PredictOptions, "model.keras photo.png --thr=3", "Did you mean --threshold."),
        (TrainOptions, "--epochs many", "Received: --epochs many. It takes INT."),
        (TrainOptions, "--batch 4 --batch=many", "Received: --batch-size many. It takes INT."),
        (TrainOptions, "--widths 8 1.5", "Received: --widths 8 1.5. It takes INT."),
        (TrainOptions, "--schedule cosin", "Received: --schedule cosin. Did you mean cosine."),
        (TrainOptions, "--augmentation turn --schedule zzz", "It takes {linear,cosine,constant,plateau}."),
        (TrainOptions, "--augmentation turn recolour", "Did you mean recolor."),
        (StudyOptions, "--occluder-color 1 2", "It takes {any,same,other}|INT INT INT."),
        (TrainOptions, "--epochs", "a flag has no value. Received: --epochs. Give it INT."),
        (TrainOptions, "--config", "a flag has no value. Received: --config. Give it PATH."),
        (TrainOptions, "--resume=yes", "Received: yes. See shapeseg test --help."),
        (TrainOptions, "data/shapes", "Received: data/shapes. See shapeseg test --help."),
        (FilterOptions, "data/shapes more", "Received: more."),
        (TuneOptions, "-x", "Received: -x."),
    ],
)
def test_a_flag_that_cannot_be_meant_is_one_line_that_says_what_was(command, words, told, capsys):
    assert run(command, print, words.split(), "shapeseg test") == 2
    line = error_line(capsys.readouterr().err)
    assert told in line
    assert "Received: " in line


@pytest.mark.parametrize(("word", "meant"), [("trane", "train"), ("gen", "generate"), ("xyz", "Use one of generate, ")])
def test_a_command_that_cannot_be_meant_is_one_line_that_says_what_was(word, meant, capsys):
    assert main([word]) == 2
    assert meant in error_line(capsys.readouterr().err)


def test_a_command_of_two_words_is_two_arguments():
    assert command_of(["study", "honesty", "--quick"]) == "study honesty"
    assert command_of(["study", "--quick"]) == "study"
    assert command_of(["study honesty"]) is None
    assert command_of([]) is None
