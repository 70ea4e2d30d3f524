"""An orderly end: a signal ends the next wait, and nothing that is half begun."""

import signal
import threading
import time

import pytest

from controller.sandbox.ending import Ended, Ending

ASKING = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


@pytest.mark.parametrize("number", ASKING)
def test_a_signal_ends_every_wait_after_it_and_the_first_is_remembered(number: int):
    with Ending() as ending:
        ending.wait(0)
        for one in (number, *ASKING):
            signal.raise_signal(one)
        for _ in range(2):
            with pytest.raises(Ended):
                ending.wait(60)
        assert ending.number == number


def test_a_wait_that_is_under_way_ends_at_once():
    main = threading.main_thread().ident
    assert main is not None
    began = time.monotonic()
    with Ending() as ending:
        threading.Timer(0.1, signal.pthread_kill, (main, signal.SIGTERM)).start()
        with pytest.raises(Ended):
            ending.wait(60)
    assert time.monotonic() - began < 5


def test_a_wait_that_nobody_ends_takes_its_time():
    began = time.monotonic()
    with Ending() as ending:
        ending.wait(0.12)
    assert time.monotonic() - began >= 0.12


def test_nothing_between_two_waits_is_interrupted():
    done: list[str] = []
    with Ending() as ending:
        # KeyboardInterrupt that leaves such a text makes Python end itself by SIGINT, even where it was caught.
        exec("signal.raise_signal(signal.SIGTERM)\nfor one in 'abc':\n    done.append(one)")  # noqa: S102
        assert (done, ending.number) == (["a", "b", "c"], signal.SIGTERM)


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
