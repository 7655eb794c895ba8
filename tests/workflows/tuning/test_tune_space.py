from pathlib import Path

import optuna
import pytest

from shapeseg.training.settings import TrainingSettings
from shapeseg.workflows.tuning.settings import TuneOptions
from shapeseg.workflows.tuning.space import SearchSpace, train_options

OWN = (16, 16, 32, 48)  # widths of the default network


def test_what_train_does_unasked_can_be_tried(tmp_path):
    for ambiguous in ("exclude", "exact"):
        usual = SearchSpace(loss=("bce", "bce+dice"), ambiguous=(ambiguous,)).usual(OWN)
        options = train_options(usual, data=tmp_path, model="unet", epochs=TrainingSettings().epochs, seed=0)
        known = ambiguous == "exact"
        assert options.training.settled(known=known) == TrainingSettings().settled(known=known)
    assert options.widths == OWN


@pytest.mark.parametrize(
    "space",
    [
        SearchSpace(learning_rate=(1e-3, 2e-3)),
        SearchSpace(batch_size=(8,)),
        SearchSpace(widths=("4-4",)),
        SearchSpace(loss=("dice",)),
        SearchSpace(loss=("bce+dice", "bce"), ambiguous=("hard",)),
        SearchSpace(augmentation=("turn",)),
    ],
)
def test_a_space_without_it_says_so(space):
    assert space.usual(OWN) is None


def test_a_trial_chooses_from_everything_and_from_nothing_else(tmp_path):
    space = SearchSpace((0.5, 2.0), (3, 5), ("4-4", "6"), ("dice", "bce"), ("exclude", "hard"), ("noise", "turn"))
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    seen = {"rates": set(), "batches": set(), "widths": set(), "losses": set(), "ambiguous": set(), "augmentations": set()}
    for _ in range(60):
        options = train_options(space.choose(study.ask()), data=tmp_path, model="unet", epochs=4, seed=9)
        training = options.training
        assert (training.epochs, training.seed, options.data) == (4, 9, tmp_path)
        for values, value in zip(
            seen.values(),
            (
                training.learning_rate,
                training.batch_size,
                options.widths,
                training.loss,
                training.ambiguous,
                training.augmentation,
            ),
            strict=True,
        ):
            values.add(value)
    assert 0.5 <= min(seen["rates"]) < 0.7 < 1.6 < max(seen["rates"]) <= 2.0
    assert seen["batches"] == {3, 5}
    assert seen["widths"] == {(4, 4), (6,)}
    assert seen["losses"] == {"dice", "bce"}
    assert seen["ambiguous"] == {"exclude", "hard"}
    assert seen["augmentations"] == {(), ("turn",), ("noise",), ("turn", "noise")}


def test_a_search_is_one_study_from_wherever_its_folder_is_named(tmp_path, monkeypatch):
    (tmp_path / "search/deeper").mkdir(parents=True)
    named = set()
    for here, out in (("", "search"), ("search", "."), ("search/deeper", ".."), ("", "search/deeper/..")):
        monkeypatch.chdir(tmp_path / here)
        options = TuneOptions(out=Path(out))
        named.add((options.name, options.storage_url))
    assert named == {("search", f"sqlite:///{tmp_path}/search/study.db")}
