import json
import shutil

import keras
import numpy as np
import pytest
from command_runs import REPOSITORY, error_line

from shapeseg.commands.doctor import main
from shapeseg.models import Architecture, Card, build, read_card, save_model

ARCHITECTURE = Architecture("unet", {"widths": [4, 6]})


def new_model(seed):
    keras.utils.set_random_seed(seed)
    return build(ARCHITECTURE.name, ARCHITECTURE.settings)


@pytest.fixture
def model(tmp_path):
    save_model(new_model(0), tmp_path / "model.keras", Card(ARCHITECTURE, versions={"keras": keras.__version__}))
    return tmp_path / "model.keras"


def edit(model, change):
    path = model.with_suffix(".json")
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))


def outcomes(text):
    return {line.split()[0]: line.split()[1] for line in text.splitlines()[:-1]}


def test_a_saved_model_is_healthy_and_its_card_knows_what_it_gives(model, capsys):
    assert main([str(model)]) == 0
    text = capsys.readouterr().out
    assert outcomes(text) == {"file": "ok", "digest": "ok", "version": "ok", "threads": "ok", "golden": "ok"}
    assert text.endswith("model.keras: healthy\n")
    means = read_card(model).golden.means
    assert len(means) == 16
    assert all(0 < mean < 1 for mean in means)


def test_the_reference_model_is_healthy(capsys):
    assert main([str(REPOSITORY / "saved_models/reference/model.keras")]) == 0
    assert outcomes(capsys.readouterr().out)["golden"] == "ok"


def test_another_output_is_a_problem(model, capsys):
    edit(model, lambda card: card["golden"]["means"].__setitem__(3, card["golden"]["means"][3] + 2e-4))
    assert main([str(model)]) == 1
    text = capsys.readouterr().out
    assert outcomes(text)["golden"] == "problem"
    assert "2.0e-04" in text
    edit(model, lambda card: card["golden"].__setitem__("means", []))
    assert main([str(model)]) == 1
    assert "the number of golden means must be from 16 to 16" in capsys.readouterr().out


def test_numbers_that_are_not_finite_are_a_problem(tmp_path, capsys):
    large = new_model(0)
    large.set_weights([weight * np.float32(1e30) for weight in large.get_weights()])
    save_model(large, tmp_path / "model.keras", Card(ARCHITECTURE))
    assert read_card(tmp_path / "model.keras").golden is None
    assert main([str(tmp_path / "model.keras")]) == 1
    assert "not finite" in capsys.readouterr().out


def test_a_changed_file_is_a_problem_and_a_missing_one_missing_input(model, capsys):
    content = model.read_bytes()
    model.write_bytes(content[:500] + bytes([content[500] ^ 1]) + content[501:])
    assert main([str(model)]) == 1
    told = capsys.readouterr()
    assert outcomes(told.out) == {"file": "problem"}
    assert "another digest" in told.out
    assert told.err == ""
    assert main([str(model.with_name("nowhere.keras"))]) == 3
    assert "nowhere.keras" in error_line(capsys.readouterr().err)
    assert main([]) == 2


@pytest.mark.parametrize(
    ("change", "check", "word"),
    [
        (lambda card: card.pop("golden"), "golden", "no golden output"),
        (lambda card: card["golden"].update(image_sha256="0" * 64), "golden", "draws the golden scene differently"),
        (lambda card: card["versions"].update(keras="3.0.0"), "version", "saved with 3.0.0"),
        (lambda card: card["versions"].update(nothing="1.0"), "version", "nothing is not installed"),
    ],
    ids=["an old card", "another generator", "another version", "a package that is gone"],
)
def test_what_cannot_be_compared_is_noted_and_no_problem(change, check, word, model, capsys):
    edit(model, change)
    assert main([str(model)]) == 0
    text = capsys.readouterr().out
    assert outcomes(text)[check] == "note"
    assert word in text


def test_the_model_before_an_interrupted_save_is_noted(model, tmp_path, capsys):
    old = shutil.copy(model, tmp_path / "old")
    save_model(new_model(1), model, Card(ARCHITECTURE))
    shutil.copy(old, model)
    assert main([str(model)]) == 0
    assert outcomes(capsys.readouterr().out) == {"file": "ok", "digest": "note", "threads": "ok", "golden": "note"}
