"""Named random streams: the words of stream S for sample i depend on (seed, S, i) and on nothing else.

Only raw 64-bit words are taken from NumPy, whose bit generators keep their streams forever (its distributions do not); they
are mapped to integers here.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any, TypeVar

import numpy as np
from numpy.random.bit_generator import ISeedSequence
from numpy.typing import NDArray

Item = TypeVar("Item")


class Stream(IntEnum):
    """Streams never change their number; a new use of randomness takes a new number and so shifts no other."""

    GEOMETRY = 1
    COLOR = 2
    SPLIT = 3
    SHUFFLE = 4
    AUGMENTATION = 5
    FORM = 6
    DIAL = 7
    NOISE = 8
    CORRUPTION = 9
    CROP = 10


def words(seed: int, stream: Stream, index: int, count: int, attempt: int = 0) -> list[int]:
    """Returns ``count`` random 64-bit words of a stream.

    Philox is counter based: (seed, stream) is its key, (attempt, index) the upper half of its counter, so that no two streams
    overlap before 2**130 words.

    Args:
        seed: 0 to 2**64 - 1.
        stream: What the words are for.
        index: The sample, block or epoch that they belong to, 0 or more.
        count: How many words.
        attempt: A further independent run of words for the same index.
    """
    key: Any = _Key(seed, stream)  # NumPy takes any ISeedSequence; its annotations name SeedSequence alone
    generator = np.random.Philox(key, counter=np.array([0, 0, attempt, index], np.uint64))
    return generator.random_raw(count).tolist()


class _Key(ISeedSequence):
    """Hands Philox its key. Given as ``key=`` the words are the same, but NumPy first gathers entropy that it never uses."""

    def __init__(self, seed: int, stream: Stream) -> None:
        self.words = seed, stream

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> NDArray[Any]:
        """Returns the key: uint64 (2,)."""
        return np.array(self.words, np.uint64)


def below(word: int, bound: int) -> int:
    """Maps a 64-bit word to 0 .. bound - 1 by multiply and shift (Lemire, 2019).

    Without his rejection step the chances differ by less than bound / 2**64, and each draw takes exactly one word.

    >>> below(2**64 - 1, 6), below(0, 6)
    (5, 0)
    """
    return (word * bound) >> 64


def permutation(words_: list[int], items: list[Item]) -> list[Item]:
    """Returns ``items`` in an order that is uniform for random words (Fisher and Yates); takes len(items) - 1 words."""
    shuffled = list(items)
    for last in range(len(shuffled) - 1, 0, -1):
        other = below(words_[last - 1], last + 1)
        shuffled[last], shuffled[other] = shuffled[other], shuffled[last]
    return shuffled
