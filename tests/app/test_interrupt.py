"""Ctrl-C is put off, told of, and raised where that is asked for."""

import os
import signal
import threading

import pytest

from chiasm.app.interrupt import told_of_interrupt


def test_it_is_noted_and_raised_when_asked_for():
    before = signal.getsignal(signal.SIGINT)
    told = []
    with told_of_interrupt(lambda: told.append(True)) as interrupted:
        interrupted.check()
        os.kill(os.getpid(), signal.SIGINT)
        assert told == [True]
        with pytest.raises(KeyboardInterrupt):
            interrupted.check()
    assert signal.getsignal(signal.SIGINT) is before


def test_in_another_thread_nothing_changes():
    before, seen = signal.getsignal(signal.SIGINT), []

    def work():
        with told_of_interrupt(lambda: None) as interrupted:
            interrupted.check()
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
