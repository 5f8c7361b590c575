"""Studies of which all that is held is known: what is answered without the index, and when that holds no more."""

from __future__ import annotations

import pytest

from chiasm.services.known_studies import MANY, KnownStudies, Looked
from chiasm.services.question import Lately, Question

STUDY = "1.2"


class Index:
    """What an index holds by study, and who waits for its answers; `answer` gives them."""

    def __init__(self, **held: list[str]) -> None:
        self.held = {"1.2": held.get("held", [])}
        self.recent: list[str] = []
        self.looked: list[str] = []
        self.waiting: list[tuple[str, Looked]] = []
        self.fails = False

    def look(self, study: str, then: Looked) -> None:
        self.looked.append(study)
        self.waiting.append((study, then))

    def answer(self) -> None:
        for study, then in self.waiting:
            rows = [(uid,) for uid in self.held.get(study, [])][:MANY]
            then(None if self.fails else rows)
        self.waiting.clear()


class Asking:
    """Studies over an index, and the answers that were given in their order."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.studies = KnownStudies(index.look, lambda study: index.recent)
        self.told: list[tuple[str, bool]] = []

    def ask(self, uid: str, study: str = STUDY, others: int = 0, now: float = 0.0) -> bool:
        question = Question(uid, Lately(), now)
        question.then(lambda is_new: self.told.append((uid, is_new)))
        return self.studies.ask(study, question, others, now)


def test_a_study_is_looked_at_once_and_all_who_asked_are_told() -> None:
    asking = Asking(Index(held=["1.2.1"]))
    assert asking.ask("1.2.1")
    assert asking.ask("1.2.2")
    assert asking.told == []
    asking.index.answer()
    assert asking.told == [("1.2.1", False), ("1.2.2", True)]
    assert asking.ask("1.2.3")
    assert asking.told[2:] == [("1.2.3", True)]
    assert asking.index.looked == [STUDY]


def test_what_comes_is_known_from_then_on_also_while_the_index_is_asked() -> None:
    asking = Asking(Index())
    asking.ask("1.2.1")
    asking.studies.add(STUDY, "1.2.2")
    asking.index.answer()
    asking.studies.add(STUDY, "1.2.1")
    for uid in ("1.2.1", "1.2.2", "1.2.3"):
        assert asking.ask(uid)
    assert asking.told == [("1.2.1", True), ("1.2.1", False), ("1.2.2", False), ("1.2.3", True)]


def test_what_the_index_has_not_heard_of_when_it_is_asked_is_known() -> None:
    asking = Asking(Index())
    asking.index.recent = ["1.2.1"]
    asking.ask("1.2.1")
    asking.index.answer()
    assert asking.told == [("1.2.1", False)]


def test_what_others_took_in_ends_what_was_known() -> None:
    asking = Asking(Index())
    asking.ask("1.2.1")
    asking.index.answer()
    assert not asking.ask("1.2.2", others=1, now=0.5)
    assert asking.index.looked == [STUDY]  # it is not looked at for each while others go on
    asking.index.held[STUDY] = ["1.2.3"]
    assert asking.ask("1.2.3", others=1, now=1.5)
    asking.index.answer()
    assert asking.told[1:] == [("1.2.3", False)]


def test_an_answer_of_before_others_took_in_more_is_not_taken_for_one_of_after() -> None:
    asking = Asking(Index())
    asking.ask("1.2.1")
    assert asking.ask("1.2.3", others=1, now=1.5)  # looked at again before the first answer is there
    (_, first), (_, second) = asking.index.waiting
    first([])
    assert asking.told == [("1.2.1", False)]  # nobody knows
    second([("1.2.3",)])
    assert asking.told[1:] == [("1.2.3", False)]
    assert asking.ask("1.2.4", others=1, now=1.6)
    assert asking.told[2:] == [("1.2.4", True)]


@pytest.mark.parametrize(("count", "known"), [(MANY - 1, True), (MANY, False)])
def test_a_study_of_which_much_is_held_is_not_known(count: int, known: bool) -> None:
    asking = Asking(Index(held=[f"1.2.{number}" for number in range(count)]))
    asking.ask("1.3")
    asking.index.answer()
    assert asking.told == [("1.3", known)]
    assert asking.ask("1.4") is known
    asking.studies.add(STUDY, "1.5")
    assert asking.index.looked == [STUDY]


def test_an_index_that_fails_is_asked_again() -> None:
    asking = Asking(Index())
    asking.index.fails = True
    asking.ask("1.2.1")
    asking.index.answer()
    assert asking.told == [("1.2.1", False)]
    asking.index.fails = False
    assert asking.ask("1.2.1")
    asking.index.answer()
    assert asking.told[1:] == [("1.2.1", True)]


def test_the_oldest_studies_are_forgotten_and_looked_at_again() -> None:
    asking = Asking(Index())
    for number in range(65):
        asking.ask("1.2.1", f"1.{number}")
        asking.index.answer()
    asking.ask("1.2.2", "1.64")
    assert len(asking.index.looked) == 65
    asking.ask("1.2.2", "1.0")
    assert asking.index.looked[65:] == ["1.0"]


def test_no_more_is_remembered_than_there_is_room_for() -> None:
    asking = Asking(Index())
    for study in ("1.1", STUDY):
        asking.ask("1.2.1", study)
        asking.index.answer()
        for number in range(20_000):
            asking.studies.add(study, f"9.{number}")
    assert asking.ask("9.5")
    assert asking.ask("9.5", "1.1")
    assert asking.index.looked == ["1.1", STUDY, "1.1"]
    assert asking.told[-1] == ("9.5", False)
