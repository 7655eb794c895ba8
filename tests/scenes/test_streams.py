from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeseg.scenes.streams import Stream, below, permutation, words
from shapeseg.settings import MAX_SEED

word = st.integers(0, 2**64 - 1)


def philox(key, counter, blocks):
    """Philox4x64-10 (Salmon and others, 2011) in plain integers: four words a block, the counter raised before each."""
    number = sum(limb << (64 * place) for place, limb in enumerate(counter))
    drawn = []
    for _ in range(blocks):
        number = (number + 1) % 2**256
        a, b, c, d = (number >> (64 * place) & MAX_SEED for place in range(4))
        k, m = key
        for _ in range(10):
            one, two = 0xD2E7470EE14C6C93 * a, 0xCA5A826395121157 * c
            a, b, c, d = (two >> 64) ^ b ^ k, two & MAX_SEED, (one >> 64) ^ d ^ m, one & MAX_SEED
            k, m = (k + 0x9E3779B97F4A7C15) & MAX_SEED, (m + 0xBB67AE8584CAA73B) & MAX_SEED
        drawn += [a, b, c, d]
    return drawn


@given(word, st.sampled_from(Stream), st.integers(0, 2**40), st.integers(0, 1000))
def test_words_are_those_of_philox_keyed_by_seed_and_stream(seed, stream, index, attempt):
    assert words(seed, stream, index, 9, attempt=attempt) == philox((seed, stream), (0, 0, attempt, index), 3)[:9]


def test_words_depend_on_each_of_seed_stream_index_and_attempt():
    runs = [
        tuple(words(seed, stream, index, 4, attempt=attempt))
        for seed in (0, 1, 2, MAX_SEED)
        for stream in Stream
        for index in (0, 1, 2, 10**6)
        for attempt in (0, 1, 2)
    ]
    assert len(set(runs)) == len(runs)


def test_more_words_begin_with_the_fewer():
    assert words(5, Stream.COLOR, 7, 20)[:3] == words(5, Stream.COLOR, 7, 3)


def test_the_streams_keep_their_numbers():
    # They are part of what a seed means; a new stream takes a new number.
    kept = {"GEOMETRY": 1, "COLOR": 2, "SPLIT": 3, "SHUFFLE": 4, "AUGMENTATION": 5}
    assert {name: int(Stream[name]) for name in kept} == kept
    assert len({int(stream) for stream in Stream.__members__.values()}) == len(Stream.__members__)


@given(word, st.integers(1, 2**62))
def test_below_is_in_range(value, bound):
    assert 0 <= below(value, bound) < bound


@pytest.mark.parametrize("bound", [1, 2, 3, 6, 41, 255])
def test_below_shares_the_words_out_evenly(bound):
    # 60 evenly spaced words a value: each value gets 60 of them, give or take one at either end of its interval.
    count = 60 * bound
    shares = Counter(below(step * 2**64 // count, bound) for step in range(count))
    assert sorted(shares) == list(range(bound))
    assert max(abs(share - 60) for share in shares.values()) <= 1


@given(st.lists(word, min_size=40, max_size=40), st.lists(st.integers(), max_size=40))
def test_a_permutation_holds_the_same_items_and_leaves_the_given_list_alone(random, items):
    before = list(items)
    assert Counter(permutation(random, items)) == Counter(items)
    assert items == before


def test_permutations_are_uniform():
    # 6000 shuffles of 3 items: 1000 of each of the 6 orders, standard deviation about 29.
    orders = Counter(tuple(permutation(words(1, Stream.SHUFFLE, index, 2), [0, 1, 2])) for index in range(6000))
    assert len(orders) == 6
    assert max(abs(count - 1000) for count in orders.values()) < 150
