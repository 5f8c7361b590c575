"""Questions to PostgreSQL from a loop: values, many at once, failures, a connection that is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from chiasm.errors import ServiceError
from chiasm.store import index_pipeline
from chiasm.store.index_driver import Statement
from chiasm.store.index_pipeline import Pipeline

ECHO = Statement("SELECT %s::text, 7, '\\x00ff'::bytea, NULL, 5 %% 3, %s::text[]", ("a", "b"), {})


@pytest.fixture
def running(postgres_server: str) -> Callable[[Callable[[Pipeline], Awaitable[Any]]], Any]:
    """Runs work with a pipeline that is open."""

    def run(work: Callable[[Pipeline], Awaitable[Any]]) -> Any:
        async def inner() -> Any:
            pipeline = Pipeline(f"{postgres_server}/postgres")
            try:
                await opened(pipeline)
                return await work(pipeline)
            finally:
                pipeline.close()

        return asyncio.run(inner())

    return run


async def opened(pipeline: Pipeline) -> None:
    for _ in range(2000):
        future = pipeline.rows(Statement("SELECT 1", (), {}), [])
        if future is not None:
            assert await future == [(1,)]
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not connect")


def test_values_come_as_the_driver_gives_them(running: Any) -> None:
    async def work(pipeline: Pipeline) -> Any:
        text = "王 '%s' \\ \" {,}"
        future = pipeline.rows(ECHO, [text, [text, ""]])
        assert future is not None
        return text, await future

    text, rows = running(work)
    assert rows == [(text, 7, b"\0\xff", None, 2, [text, ""])]


def test_a_question_is_planned_once(running: Any) -> None:
    async def work(pipeline: Pipeline) -> Any:
        counted = Statement(
            "SELECT custom_plans FROM pg_prepared_statements WHERE statement LIKE %s", ("like",), {}
        )
        for _ in range(9):
            future = pipeline.rows(counted, ["SELECT custom_plans%"])
            assert future is not None
            rows = await future
        return rows

    assert running(work) == [(0,)]


def test_many_at_once_are_answered_each(running: Any) -> None:
    async def work(pipeline: Pipeline) -> Any:
        one = Statement("SELECT %s::bigint + 1", ("n",), {})
        asked = [pipeline.rows(one, [number]) for number in range(64)]
        beyond = pipeline.rows(one, [64])
        return [await future for future in asked if future is not None], beyond

    found, beyond = running(work)
    assert found == [[(number + 1,)] for number in range(64)]
    assert beyond is None


def test_a_question_that_fails_leaves_the_others_alone(running: Any) -> None:
    async def work(pipeline: Pipeline) -> Any:
        good, bad = Statement("SELECT 2", (), {}), Statement("SELECT nothing FROM nowhere", (), {})
        asked = [pipeline.rows(one, []) for one in (good, bad, good, bad)]
        told = await asyncio.gather(*[one for one in asked if one], return_exceptions=True)
        again = pipeline.rows(good, [])
        assert again is not None
        return told, await again

    (first, second, third, fourth), again = running(work)
    assert first == third == again == [(2,)]
    assert isinstance(second, ServiceError)
    assert "nowhere" in str(second)
    assert isinstance(fourth, ServiceError)


def test_a_caller_that_gave_up_is_passed_over(running: Any) -> None:
    async def work(pipeline: Pipeline) -> Any:
        slow = pipeline.rows(Statement("SELECT pg_sleep(0.05)", (), {}), [])
        after = pipeline.rows(Statement("SELECT 3", (), {}), [])
        assert slow is not None
        assert after is not None
        slow.cancel()
        return await after

    assert running(work) == [(3,)]


def test_a_connection_that_is_lost_is_told_and_made_again(running: Any) -> None:
    async def work(pipeline: Pipeline) -> None:
        end = Statement("SELECT pg_terminate_backend(pg_backend_pid())", (), {})
        future, after = pipeline.rows(end, []), pipeline.rows(Statement("SELECT 4", (), {}), [])
        assert future is not None
        assert after is not None
        for one in (future, after):
            with pytest.raises(ServiceError):
                await one
        await opened(pipeline)

    running(work)


def test_a_database_that_is_not_there() -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        index_pipeline.connect("postgresql://chiasm@127.0.0.1:1/none")
