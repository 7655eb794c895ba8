"""A shard: one of several parts of a dataset, each drawn by itself. Merged, they are the dataset, bit for bit."""

from __future__ import annotations

import re
from dataclasses import dataclass

from shapeseg.errors import UsageError
from shapeseg.settings import check_range

_FORM = re.compile(r"([0-9]{1,19})/([0-9]{1,19})")


@dataclass(frozen=True)
class Shard:
    """Which part of a whole this is, of ``of`` parts that follow one another and are as equal as can be.

    Attributes:
        number: From 1 to ``of``.
        of: How many parts there are.
    """

    number: int
    of: int

    def __post_init__(self) -> None:
        check_range("shard", self.number, least=1, most=self.of, fix="Count from 1: --shard 1/4 to --shard 4/4")

    def indices(self, num_images: int) -> range:
        """Returns the indices of this part of a dataset of so many images.

        >>> [Shard(number, 3).indices(10) for number in (1, 2, 3)]
        [range(0, 3), range(3, 6), range(6, 10)]

        Raises:
            UsageError: If there are more parts than images.
        """
        check_range("num_images", num_images, least=self.of, fix=f"Ask for fewer shards than {self.of}, or for more images")
        return range(num_images * (self.number - 1) // self.of, num_images * self.number // self.of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def parse_shard(text: str) -> Shard:
    """Reads ``K/N``.

    >>> parse_shard("2/4")
    Shard(number=2, of=4)

    Raises:
        UsageError: If it is none, or K is not from 1 to N.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise UsageError("this is no shard", received=f"shard={text!r:.60}", fix="Give its number and how many there are: 2/4")
    return Shard(int(match[1]), int(match[2]))
