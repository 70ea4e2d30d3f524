"""An orderly end: a signal is one exception, at a moment when nothing is half begun."""

import signal

import pytest

from controller.sandbox.ending import Ending

ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ASKING)
def test_a_signal_interrupts_once_and_is_remembered(number):
    with Ending() as ending:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        for other in ASKING:
            signal.raise_signal(other)
        assert ending.number == number


def test_what_is_held_is_finished_first():
    done = []

    def begin(ending):
        with ending.held():
            signal.raise_signal(signal.SIGTERM)
            done.append("begun")
        done.append("gone on")

    with Ending() as ending, pytest.raises(KeyboardInterrupt):
        begin(ending)
    assert done == ["begun"]


def test_without_a_signal_nothing_happens_after_what_is_held():
    with Ending() as ending:
        with ending.held():
            pass
        assert ending.number == 0


def test_the_end_itself_is_not_interrupted():
    with Ending() as ending:
        ending.close()
        signal.raise_signal(signal.SIGTERM)
        assert ending.number == signal.SIGTERM


def test_what_was_ignored_stays_ignored_and_everything_is_put_back():
    before = {number: signal.getsignal(number) for number in ASKING}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Ending() as ending:
            signal.raise_signal(signal.SIGHUP)
            assert ending.number == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before[signal.SIGHUP])
    assert {number: signal.getsignal(number) for number in ASKING} == before
