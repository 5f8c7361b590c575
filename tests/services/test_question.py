"""A question that is asked ahead: what it says, and when it cannot be sure."""

from __future__ import annotations

from chiasm.services.question import Lately, Question

UID = "1.2.3"


def asked(lately: Lately | None = None, now: float = 0.0) -> tuple[Question, list[bool]]:
    """A question, and what is told of it."""
    told: list[bool] = []
    question = Question(UID, Lately() if lately is None else lately, now)
    question.then(told.append)
    return question, told


def test_what_is_not_answered_is_not_told() -> None:
    assert asked()[1] == []


def test_it_is_told_once_whether_it_is_answered_before_or_after_anyone_listens() -> None:
    for is_new in (True, False):
        question, told = asked()
        question.answer(is_new=is_new)
        question.answer(is_new=not is_new)
        assert told == [is_new]
        early, told = Question(UID, Lately(), 0.0), []
        early.answer(is_new=is_new)
        early.then(told.append)
        assert told == [is_new]


def test_an_answer_holds_for_a_while() -> None:
    question, _ = asked(now=5.0)
    assert not question.is_old(5.2)
    assert question.is_old(5.3)


def test_what_came_into_the_index_after_the_question_is_not_new() -> None:
    lately = Lately()
    question, told = asked(lately)
    lately.add(UID)
    question.answer(is_new=True)
    assert told == [False]


def test_nothing_is_sure_once_more_came_than_is_remembered() -> None:
    lately = Lately()
    question, told = asked(lately)
    for number in range(5000):
        lately.add(f"9.{number}")
    question.answer(is_new=True)
    assert told == [False]
    assert not lately.may_hold(UID, 5000)  # it was asked after all of them
