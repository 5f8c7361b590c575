"""The loop of commands: uvloop where it is, asyncio's own where it is not, ended properly by both."""

import asyncio
import os
import signal
import sys

import pytest

from chiasm.app import quick_loop


async def _kind():
    await asyncio.sleep(0)
    return type(asyncio.get_running_loop()).__module__


def test_uvloop_is_taken_where_it_is_installed():
    pytest.importorskip("uvloop")
    assert quick_loop.run(_kind()).startswith("uvloop")


def test_without_it_the_work_is_done_all_the_same(monkeypatch):
    monkeypatch.setitem(sys.modules, "uvloop", None)
    assert quick_loop.factory() is None
    assert quick_loop.run(_kind()).startswith("asyncio")


@pytest.mark.parametrize("has_uvloop", [True, False])
def test_an_interrupt_cancels_the_work_and_is_raised(monkeypatch, has_uvloop):
    if not has_uvloop:
        monkeypatch.setitem(sys.modules, "uvloop", None)
    ended = []

    async def work():
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(KeyboardInterrupt):
        quick_loop.run(work())
    assert ended == [True]
