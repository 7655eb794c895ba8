"""Work that is shared out to processes: order, errors, deaths, ends. Interrupted commands are in test_interruptions."""

import multiprocessing
import os
import time

import pytest

from shapeseg.datasets.workers import CHUNK, map_chunks, worker_count
from shapeseg.errors import InputError, ResourcesError


def slower_first(number):
    time.sleep(0.2 if number == 0 else 0.0)
    return number, b"x" * 10**6  # more than a pipe holds


def refuse(number):
    if number == 2:
        raise InputError("no", received=number, fix="Ask for less")


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
def test_results_come_in_order_whoever_is_ready_first(workers):
    assert [number for number, _ in map_chunks(slower_first, range(8), workers)] == list(range(8))
    assert multiprocessing.active_children() == []


def test_an_error_of_the_work_is_raised_and_says_where_it_was():
    with pytest.raises(InputError, match=r"no. Received: 2. Ask for less.") as caught:
        list(map_chunks(refuse, range(4), 2))
    assert "in refuse" in caught.value.__notes__[0]
    assert multiprocessing.active_children() == []


def test_a_worker_that_ends_is_an_error():
    with pytest.raises(ResourcesError, match="a worker process died"):
        list(map_chunks(os._exit, [3, 3, 3], 2))
    assert multiprocessing.active_children() == []


def test_nobody_is_at_work_when_it_is_closed():
    results = map_chunks(time.sleep, iter([0, 60]), 2)
    next(results)
    assert len(multiprocessing.active_children()) == 2
    results.close()
    assert multiprocessing.active_children() == []


def test_there_are_no_more_workers_than_chunks():
    assert [worker_count(5, samples) for samples in (1, CHUNK, CHUNK + 1, 5 * CHUNK, 9 * CHUNK)] == [1, 1, 2, 5, 5]


@pytest.mark.parametrize("workers", [0, 2, 3])
def test_chunks_may_come_one_by_one_and_none_at_all(workers):
    assert list(map_chunks(abs, iter([-1, -2, -3]), workers)) == [1, 2, 3]
    assert list(map_chunks(abs, iter([]), workers)) == []
