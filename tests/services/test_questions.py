"""Whether what comes is new, asked of both databases: by what is known of its study, or of each object."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import cast

import pytest

from chiasm.services.archive import Archive
from chiasm.services.questions import Questions
from chiasm.store.index import Index
from chiasm.store.journal import Journal

from .test_archive import CT, EXPLICIT, SENDER, data_set, give, opened

LARGE = bytes(40_000)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_database"))


async def ready(archive: Archive) -> None:
    """Return once the database is asked in the loop."""
    async with asyncio.timeout(30):
        while archive.ask("9.9", "9") is None:
            await asyncio.sleep(0.01)


async def is_new(archive: Archive, uid: str, study: str = "1.2.3") -> bool:
    question = archive.ask(uid, study)
    assert question is not None
    told: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    question.then(told.set_result)
    async with asyncio.timeout(30):
        return await told


async def soon(archive: Archive, uid: str, data: bytes) -> str:
    """The verdict on an object that is kept without a task."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    reception = archive.receive(sop_class=CT, sop_instance=uid, transfer_syntax=EXPLICIT, source=SENDER)
    reception.write(data)
    assert reception.complete_soon(lambda outcome: told.set_result(outcome.verdict.value))
    return await told


def counted(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the questions that the index is asked from now on."""
    asked: list[str] = []

    def told(name: str) -> Callable[..., object]:
        work = getattr(archive.index, name)

        def tell(*values: object) -> object:
            asked.append(name)
            return work(*values)

        return tell

    for name in ("holds", "held_soon", "held_of", "held_of_soon"):
        monkeypatch.setattr(archive.index, name, told(name))
    return asked


def test_the_index_is_asked_once_about_a_study_that_comes(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> tuple[list[str], list[str]]:
        async with opened(tmp_path, database=database) as archive:
            await ready(archive)
            asked = counted(archive, monkeypatch)
            verdicts = [await soon(archive, f"1.2.{one}", data_set(f"1.2.{one}", LARGE)) for one in range(8)]
            verdicts.append(await soon(archive, "1.2.5", data_set("1.2.5", LARGE)))
            verdicts.append(await soon(archive, "1.2.6", data_set("1.2.6", LARGE + b"\1\1")))
            return verdicts, asked

    verdicts, asked = asyncio.run(run())
    assert verdicts == ["stored"] * 8 + ["identical", "version"]
    assert asked == ["held_of_soon" if database else "held_of"]


def test_what_was_held_when_the_node_began_is_known(tmp_path: Path, database: str) -> None:
    async def run() -> list[bool]:
        async with opened(tmp_path, database=database) as archive:
            await give(archive, "1.2.5", data_set("1.2.5"))
            await archive.settle()
        async with opened(tmp_path, database=database) as archive:
            await ready(archive)
            return [await is_new(archive, uid) for uid in ("1.2.5", "1.2.6")]

    assert asyncio.run(run()) == [False, True]


def test_what_another_process_takes_in_is_asked_for(tmp_path: Path, database: str) -> None:
    async def run(archive: Archive, other: Archive) -> None:
        await ready(archive)
        assert await is_new(archive, "1.2.5")
        await give(other, "1.2.5", data_set("1.2.5"))
        await other.settle()
        await asyncio.sleep(0.05)
        assert not await is_new(archive, "1.2.5")
        assert await soon(archive, "1.2.5", data_set("1.2.5")) == "identical"
        assert await is_new(archive, "1.2.6")

    asyncio.run(with_two(tmp_path, database, run))


async def with_two(folder: Path, database: str, work: Callable[[Archive, Archive], Awaitable[None]]) -> None:
    async with opened(folder, database=database) as one, opened(folder, database=database) as other:
        await work(one, other)


@pytest.mark.parametrize(("rule", "verdict"), [("version", "stored"), ("refuse", "refused")])
def test_one_uid_in_two_studies_is_a_version_and_refused_where_versions_are(
    tmp_path: Path, database: str, rule: str, verdict: str
) -> None:
    async def run() -> tuple[str, list[str]]:
        async with opened(tmp_path, database=database, duplicates=rule) as archive:
            await give(archive, "1.2.5", data_set("1.2.5", LARGE))
        async with opened(tmp_path, database=database, duplicates=rule) as archive:
            await ready(archive)
            found = await soon(archive, "1.2.5", data_set("1.2.5", LARGE, study="1.2.4"))
            await archive.settle()
            return found, [one.study for one in archive.index.versions("1.2.5")]

    found, versions = asyncio.run(run())
    assert found == verdict
    assert versions == (["1.2.3", "1.2.4"] if rule == "version" else ["1.2.3"])


class Failing:
    """Index and journal whose answers the test gives; that about a study fails, so that each object is asked for."""

    def __init__(self) -> None:
        self.each: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()

    def others(self) -> int:
        return 0

    def held_of_soon(self, study: str, limit: int) -> asyncio.Future[list[object]]:
        failed: asyncio.Future[list[object]] = asyncio.get_running_loop().create_future()
        failed.set_exception(ConnectionError("gone"))
        return failed

    def held_soon(self, sop_instance: str) -> asyncio.Future[list[object]]:
        return self.each


@pytest.mark.parametrize(("of_each", "known"), [(True, True), (False, False)])
def test_a_row_is_held_none_is_new_and_a_failure_is_not_sure(of_each: bool, known: bool) -> None:
    def rows(one: asyncio.Future[list[object]]) -> None:
        one.set_result([(1,)])

    def none(one: asyncio.Future[list[object]]) -> None:
        one.set_result([])

    def failure(one: asyncio.Future[list[object]]) -> None:
        one.set_exception(ConnectionError("gone"))

    async def told(work: Callable[[asyncio.Future[list[object]]], object]) -> bool:
        index = Failing()
        questions = Questions(
            cast("Index", index), cast("Journal", index), lambda _: [], is_embedded=False, of_each=of_each
        )
        question, answer = questions.ask("1.2.5", "1.2"), asyncio.get_running_loop().create_future()
        assert question is not None
        question.then(answer.set_result)
        work(index.each)
        found: bool = await answer
        if index.each.done() and not index.each.cancelled():
            index.each.exception()
        return found

    answers = [asyncio.run(told(work)) for work in (rows, none, failure, asyncio.Future.cancel)]
    assert answers == [False, known, False, False]  # nothing is sure where the study's answer fails
