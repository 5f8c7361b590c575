"""Questions that are asked ahead: what they say, and when they cannot be sure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from chiasm.services.question import Lately, Question

UID = "1.2.3"


def asked(
    work: Callable[[asyncio.Future[list[object]], Lately, list[bool]], object],
) -> list[bool]:
    """What was told of a question that was asked ahead, once the work was done."""

    async def run() -> list[bool]:
        future: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()
        lately, told = Lately(), []
        question = Question(UID, lately, 0.0)
        future.add_done_callback(question.answered)
        work(future, lately, told)
        question.then(told.append)
        for _ in range(3):
            await asyncio.sleep(0)
        return told

    return asyncio.run(run())


def test_no_row_is_new_and_a_row_is_not() -> None:
    assert asked(lambda future, lately, told: future.set_result([])) == [True]
    assert asked(lambda future, lately, told: future.set_result([(1,)])) == [False]


def test_what_is_not_answered_is_not_told() -> None:
    assert asked(lambda future, lately, told: None) == []


def test_a_question_that_failed_is_not_sure() -> None:
    assert asked(lambda future, lately, told: future.set_exception(ConnectionError("gone"))) == [False]
    assert asked(lambda future, lately, told: future.cancel()) == [False]


def test_it_is_told_once_where_it_is_answered_before_anyone_listens() -> None:
    async def run() -> list[bool]:
        future: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()
        question, told = Question(UID, Lately(), 0.0), []
        future.add_done_callback(question.answered)
        future.set_result([])
        await asyncio.sleep(0)
        question.then(told.append)
        await asyncio.sleep(0)
        return told

    assert asyncio.run(run()) == [True]


def test_an_answer_holds_for_a_while_and_is_told_once() -> None:
    question, told = Question(UID, Lately(), 5.0), []
    assert not question.is_old(5.2)
    assert question.is_old(5.3)
    question.then(told.append)
    question.answer(is_new=True)
    question.answer(is_new=False)
    assert told == [True]


def test_what_came_into_the_index_after_the_question_is_not_new() -> None:
    def another_came(future: asyncio.Future[list[object]], lately: Lately, told: list[bool]) -> None:
        future.set_result([])
        lately.add(UID)

    assert asked(another_came) == [False]


def test_nothing_is_sure_once_more_came_than_is_remembered() -> None:
    def many_came(future: asyncio.Future[list[object]], lately: Lately, told: list[bool]) -> None:
        future.set_result([])
        for number in range(5000):
            lately.add(f"9.{number}")

    assert asked(many_came) == [False]
    lately = Lately()
    for number in range(5000):
        lately.add(f"9.{number}")
    assert not lately.may_hold(UID, 5000)  # it was asked after all of them
