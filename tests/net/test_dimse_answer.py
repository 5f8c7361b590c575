"""One response is waited for, whether it comes before, later, or never."""

import asyncio

import pytest

from chiasm.errors import ServiceError
from chiasm.net.dimse_answer import OneAnswer
from chiasm.protocols import commands
from chiasm.protocols.commands import Command

ANSWER = Command(commands.ECHO | commands.RESPONSE, responded_to=1, status=0), b""


def test_what_came_before_and_only_the_first():
    async def work():
        one = OneAnswer()
        one.put_nowait(ANSWER)
        one.put_nowait(ServiceError("unavailable", "later"))
        return await one.get(), await one.get()

    assert asyncio.run(work()) == (ANSWER, ANSWER)


def test_what_comes_later_also_after_one_has_given_up_waiting():
    async def work():
        one = OneAnswer()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await one.get()
        waiting = asyncio.ensure_future(one.get())
        await asyncio.sleep(0)
        one.put_nowait(ANSWER)
        return await waiting

    assert asyncio.run(work()) == ANSWER


def test_what_never_comes_is_raised():
    async def work():
        one = OneAnswer()
        asyncio.get_running_loop().call_soon(one.put_nowait, ServiceError("unavailable", "gone"))
        with pytest.raises(ServiceError, match="gone"):
            await one.get()

    asyncio.run(work())
