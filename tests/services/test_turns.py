"""Turns: one at a time for each subject, in the order in which they asked, whoever gives up."""

import asyncio

from chiasm.services.turns import Turn


def test_those_who_ask_for_the_same_go_one_after_the_other_and_others_beside_them():
    waiting, order = {}, []

    async def one(subject, number):
        async with Turn(waiting, subject):
            order.append((number, "begins"))
            await asyncio.sleep(0)
            order.append((number, "ends"))

    async def run():
        await asyncio.gather(one("a", 1), one("a", 2), one("b", 3), one("a", 4))

    asyncio.run(run())
    of_a = [step for step in order if step[0] != 3]
    assert of_a == [(number, step) for number in (1, 2, 4) for step in ("begins", "ends")]
    assert order.index((3, "begins")) < order.index((1, "ends"))
    assert waiting == {}


def test_who_gives_up_while_waiting_or_when_just_given_the_turn_passes_it_on():
    waiting, order = {}, []

    async def one(number, hold):
        async with Turn(waiting, "a"):
            order.append(number)
            await hold.wait()

    async def run():
        hold, free = asyncio.Event(), asyncio.Event()
        free.set()
        tasks = [asyncio.create_task(one(number, hold if number == 1 else free)) for number in (1, 2, 3, 4)]
        await asyncio.sleep(0)
        tasks[1].cancel()  # while it waits
        await asyncio.sleep(0)
        hold.set()
        await tasks[0]  # the turn was passed to the third
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert [task.cancelled() for task in tasks][:2] == [False, True]

    asyncio.run(run())
    assert order[0] == 1
    assert order[-1] == 4
    assert 2 not in order
    assert waiting == {}


def test_a_failure_passes_the_turn_on():
    waiting = {}

    async def run():
        try:
            async with Turn(waiting, "a"):
                raise OSError
        except OSError:
            pass
        async with asyncio.timeout(5), Turn(waiting, "a"):
            return True

    assert asyncio.run(run())
    assert waiting == {}
