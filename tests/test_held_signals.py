import signal

import pytest

from shapeseg.held_signals import HeldSignals


@pytest.fixture
def heard():
    """The numbers of the signals that a handler has heard, which stands in for those of a command."""
    heard = []
    before = {
        number: signal.signal(number, lambda number, _frame: heard.append(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    yield heard
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_waits_until_the_block_ends(number, heard):
    with HeldSignals():
        signal.raise_signal(number)
        assert heard == []
    assert heard == [number]
    signal.raise_signal(number)
    assert heard == [number, number]


def test_a_second_signal_does_not_wait(heard):
    with HeldSignals():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert heard == [signal.SIGINT]


def test_parts_let_signals_through_and_parts_of_those_hold_them(heard):
    with HeldSignals() as signals:
        signal.raise_signal(signal.SIGTERM)
        with signals.let_through():
            assert heard == [signal.SIGTERM]
            signal.raise_signal(signal.SIGINT)
            assert heard == [signal.SIGTERM, signal.SIGINT]
            with signals.hold():
                signal.raise_signal(signal.SIGTERM)
                assert len(heard) == 2
            assert len(heard) == 3
        signal.raise_signal(signal.SIGINT)
        assert len(heard) == 3
    assert len(heard) == 4


def test_an_exception_takes_the_place_of_what_waited(heard):
    def fail():
        signal.raise_signal(signal.SIGINT)
        raise KeyError

    with pytest.raises(KeyError), HeldSignals():
        fail()
    assert heard == []
