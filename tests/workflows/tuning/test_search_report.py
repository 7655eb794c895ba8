import optuna
import pytest

from shapeseg.workflows.tuning import report
from shapeseg.workflows.tuning.settings import TuneOptions

WITH = {f"with_{kind}" for kind in ("turn", "recolor", "noise", "paste")}


@pytest.mark.parametrize(("trials", "drawn"), [(3, False), (4, True)])
def test_what_mattered_is_drawn_or_it_is_told_why_not(trials, drawn, tmp_path, capsys):
    options = TuneOptions(out=tmp_path / "search")
    options.folder.mkdir()
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.RandomSampler(seed=1))
    study.optimize(lambda trial: options.space.choose(trial)["learning_rate"], n_trials=trials)
    report.write_report(study, options)
    assert ("not drawn: needs 4 finished trials" in capsys.readouterr().out) == (not drawn)
    assert (options.folder / "importance.png").exists() == drawn
    assert (options.folder / "search.png").exists()
    shares = report._importances(study)
    assert set(shares) == ({"learning_rate", "batch_size", "widths", "loss", *WITH} if drawn else set())
