"""Splits: shuffled, exact per block of 100 indices, and stable, so that appending never moves a sample."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache

from shapeseg.errors import UsageError
from shapeseg.scenes.streams import Stream, permutation, words

SPLITS = ("train", "val", "test", "holdout")
BLOCK = 100
_FIRST = 10  # the first so many of a block hold every split, so that small datasets have them all


@dataclass(frozen=True)
class SplitSettings:
    """How samples are divided; the four shares add up to 100."""

    train_percent: int = 72
    """Per cent of the samples to train on."""
    val_percent: int = 9
    """Per cent used to choose the best epoch and the threshold."""
    test_percent: int = 9
    """Per cent to measure on."""
    holdout_percent: int = 10
    """Per cent kept for the last check before a model ships."""

    def __post_init__(self) -> None:
        shares = astuple(self)
        if min(shares) < 0 or sum(shares) != BLOCK:
            raise UsageError(
                "the split shares must be 0 or more and add up to 100",
                received="/".join(map(str, shares)),
                fix="Set --train-percent, --val-percent, --test-percent and --holdout-percent together",
            )


def split_of(index: int, *, seed: int, settings: SplitSettings) -> str:
    """Returns the split of sample ``index``: a pure function of (settings, seed, index)."""
    block, place = divmod(index, BLOCK)
    return _block_splits(block, seed, settings)[place]


@lru_cache(maxsize=64)
def _block_splits(block: int, seed: int, settings: SplitSettings) -> list[str]:
    shares = dict(zip(SPLITS, astuple(settings), strict=True))
    one_of_each = [name for name in SPLITS if shares[name]]
    others = [name for name in SPLITS for _ in range(shares[name] - (name in one_of_each))]
    random = words(seed, Stream.SPLIT, block, BLOCK + _FIRST)
    others = permutation(random[:BLOCK], others)
    filling = _FIRST - len(one_of_each)
    return permutation(random[BLOCK:], one_of_each + others[:filling]) + others[filling:]
