from collections import Counter

import pytest

from shapeseg.datasets import SPLITS, SplitSettings
from shapeseg.datasets.splits import split_of
from shapeseg.errors import UsageError

DEFAULT = SplitSettings()


def splits(start, stop, seed=0, settings=DEFAULT):
    return [split_of(index, seed=seed, settings=settings) for index in range(start, stop)]


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_every_block_of_100_is_shared_out_exactly(seed):
    for block in (0, 1, 2, 77):
        shares = Counter(splits(100 * block, 100 * block + 100, seed))
        assert shares == {"train": 72, "val": 9, "test": 9, "holdout": 10}


@pytest.mark.parametrize("seed", range(20))
def test_the_first_ten_of_a_block_hold_every_split(seed):
    for block in (0, 3):
        assert set(splits(100 * block, 100 * block + 10, seed)) == set(SPLITS)


def test_the_blocks_are_shuffled_by_the_seed():
    orders = {tuple(splits(100 * block, 100 * block + 100, seed)) for seed in range(5) for block in range(5)}
    assert len(orders) == 25
    assert len({tuple(splits(0, 10, seed)) for seed in range(50)}) > 10


def test_a_sample_keeps_its_split_whatever_else_is_asked():
    order = splits(0, 300)
    for index in (299, 3, 150, 100, 99):
        assert split_of(index, seed=0, settings=DEFAULT) == order[index]


@pytest.mark.parametrize("shares", [(100, 0, 0, 0), (50, 50, 0, 0), (97, 1, 1, 1), (0, 0, 100, 0), (25, 25, 25, 25)])
def test_other_shares_are_exact_too(shares):
    expected = {name: share for name, share in zip(SPLITS, shares, strict=True) if share}
    order = splits(0, 100, 4, SplitSettings(*shares))
    assert Counter(order) == expected
    assert set(order[:10]) == set(expected)


@pytest.mark.parametrize("shares", [(72, 9, 9, 9), (72, 9, 9, 11), (110, -10, 0, 0), (0, 0, 0, 0)])
def test_shares_that_do_not_add_up_are_refused(shares):
    with pytest.raises(UsageError, match="/".join(map(str, shares))):
        SplitSettings(*shares)
