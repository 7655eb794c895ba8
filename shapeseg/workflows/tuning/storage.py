"""The study of a search: an Optuna study in a database that several processes may share, and that outlives them all."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from shapeseg.errors import StorageError, UsageError

if TYPE_CHECKING:
    import optuna

_MISSED = 3  # signs of life that a running trial may miss before it counts as killed
_PATIENCE = 60  # seconds that SQLite waits while another process writes
_TRIES = 4
_BEGUN = "begun_with"


@contextmanager
def told_storage_errors(url: str) -> Iterator[None]:
    """Makes an error of the database, while the block runs, a StorageError."""
    import sqlalchemy.exc
    from optuna.exceptions import StorageInternalError

    try:
        yield
    except (sqlalchemy.exc.SQLAlchemyError, StorageInternalError) as error:
        raise StorageError(
            f"the study's storage failed ({error.__cause__ or error})",
            received=_kind(url),
            fix="Check that it exists and can be written",
        ) from error


@contextmanager
def open_study(
    url: str,
    name: str,
    *,
    heartbeat: int,
    direction: Literal["maximize", "minimize"],
    pruner: optuna.pruners.BasePruner,
    on_killed: Callable[[optuna.trial.FrozenTrial], None],
) -> Iterator[optuna.Study]:
    """Opens a study, or begins it; at the end of the block its connections are closed.

    Args:
        url: URL of the database.
        name: Name of the study in it.
        heartbeat: Seconds between a running trial's signs of life.
        direction: Whether scores are to ``maximize`` or to ``minimize``.
        pruner: Decides which trials are not worth finishing.
        on_killed: Called for a trial whose process is found to have died; it counts as failed.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)  # errors come as exceptions
    storage = _open_storage(
        url,
        engine_kwargs={"connect_args": {"timeout": _PATIENCE}} if url.startswith("sqlite") else {},
        heartbeat_interval=heartbeat,
        grace_period=_MISSED * heartbeat,
        heartbeat_stale_trial_callback=lambda _study, trial: on_killed(trial),
    )
    try:
        yield optuna.create_study(study_name=name, storage=storage, direction=direction, pruner=pruner, load_if_exists=True)
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _open_storage(url: str, **options: Any) -> optuna.storages.RDBStorage:
    """Opens the database; tries again when another process is making its tables at this very moment, and was first."""
    import optuna
    import sqlalchemy.exc

    with _without_notices():
        for _ in range(_TRIES - 1):
            try:
                return optuna.storages.RDBStorage(url, **options)
            except (sqlalchemy.exc.ArgumentError, ImportError) as error:
                raise UsageError(
                    f"Optuna cannot open such a storage ({error})",
                    received=_kind(url),
                    fix="Name one like sqlite:///study.db, and install its driver",
                ) from error
            except (sqlalchemy.exc.DBAPIError, optuna.exceptions.StorageInternalError):
                time.sleep(0.5)
        return optuna.storages.RDBStorage(url, **options)


def _kind(url: str) -> str:
    """Returns the part of a database's address that holds no password."""
    return url.partition(":")[0]


def refuse_other_settings(study: optuna.Study, settings: dict[str, Any]) -> None:
    """Raises a UsageError when the study was begun with other settings, whose scores could not be compared."""
    begun = study.user_attrs.get(_BEGUN)
    if begun is None:
        study.set_user_attr(_BEGUN, settings)
        return
    differences = [
        f"{name}: begun with {begun.get(name)}, now {settings.get(name)}"
        for name in sorted(begun.keys() | settings.keys())
        if begun.get(name) != settings.get(name)
    ]
    if differences:
        raise UsageError(
            "a study must continue with the same settings and data", received="; ".join(differences), fix="Name another --out"
        )


def fail_killed_trials(study: optuna.Study) -> None:
    """Marks the trials whose processes died as failed."""
    from optuna.storages import fail_stale_trials

    with _without_notices():
        fail_stale_trials(study)


def counted(study: optuna.Study) -> int:
    """Returns how many trials are finished, pruned or running: failed ones showed nothing, and are replaced."""
    from optuna.trial import TrialState

    return len(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED, TrialState.RUNNING)))


@contextmanager
def _without_notices() -> Iterator[None]:
    """Hides that heartbeats are new in Optuna."""
    from optuna.exceptions import ExperimentalWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        yield
