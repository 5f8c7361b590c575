"""Questions to PostgreSQL from an event loop, without a thread between: libpq's pipeline on one connection.

For small answers alone: they are read whole, in the loop. Where the connection is lost, those who wait are
told, and further questions go another way until it is there again.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import deque
from collections.abc import Sequence
from typing import Any

from ..errors import ServiceError
from .index_driver import Row, Statement

_MOST = 64
"""Questions under way at once; who comes beyond asks another way."""

_SETTINGS = b"SET jit = off; SET plan_cache_mode = force_generic_plan; SET client_encoding = 'UTF8'"
"""What is asked here is found by an identifier: planning it anew takes longer than answering it."""

_BACK_OFF = 1.0
_PLACE = re.compile("%[s%]")


class Pipeline:
    """One connection of one event loop. For the loop's thread alone, but `connect`, which blocks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connection: Any = None
        self._watched = -1
        self._opening: asyncio.Future[None] | None = None
        self._closed = False
        self._names: dict[str, bytes] = {}
        self._named = 0
        self._waiting: deque[asyncio.Future[list[Row]]] = deque()
        self._result: list[Row] | None = None
        self._error = ""

    def rows(self, statement: Statement, values: Sequence[object]) -> asyncio.Future[list[Row]] | None:
        """Ask: the rows to come; None where the question must go another way.

        The future ends in a ServiceError `unavailable` where the database fails.
        """
        if self._connection is None:
            self._open()
            return None
        if len(self._waiting) >= _MOST or self._loop is not asyncio.get_running_loop():
            return None
        future: asyncio.Future[list[Row]] = self._loop.create_future()
        self._waiting.append(future)
        try:
            connection, name = self._connection, self._names.get(statement.text)
            if name is None:
                self._named += 1
                name = self._names[statement.text] = b"q%d" % self._named
                connection.send_prepare(name, _numbered(statement.text).encode())
            connection.send_query_prepared(name, [_text(value) for value in values])
            connection.pipeline_sync()
            self._flush()
        except Exception as error:
            self._lose(error)
        return future

    def _open(self) -> None:
        """Begin to connect, beside the loop, unless that is under way."""
        if self._opening is not None or self._closed:
            return
        self._loop = asyncio.get_running_loop()
        self._opening = asyncio.ensure_future(self._opened())

    async def _opened(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            connection = await loop.run_in_executor(None, connect, self._url)
            if self._closed:
                connection.finish()
                return
            self._names.clear()
            self._result, self._error = None, ""
            self._connection = connection
            self._watched = os.dup(connection.socket)  # libpq closes its own where the connection is lost
            loop.add_reader(self._watched, self._readable)
        except ServiceError:
            await asyncio.sleep(_BACK_OFF)
        finally:
            self._opening = None

    def _flush(self) -> None:
        assert self._loop is not None
        if self._connection.flush():
            self._loop.add_writer(self._watched, self._writable)

    def _writable(self) -> None:
        try:
            if not self._connection.flush() and self._loop is not None:
                self._loop.remove_writer(self._watched)
        except Exception as error:
            self._lose(error)

    def _readable(self) -> None:
        try:
            self._connection.consume_input()
            while self._waiting and not self._connection.is_busy():
                result = self._connection.get_result()
                if result is None and self._connection.status:
                    raise ConnectionError(self._error or "the connection was closed")
                self._take(result)
        except Exception as error:
            self._lose(error)

    def _take(self, result: Any) -> None:
        """One result: rows, the end of a statement (None), an error, or the end of a question."""
        if result is None:
            return
        from psycopg.pq import ExecStatus

        if result.status == ExecStatus.TUPLES_OK:
            self._result = _rows(result)
        elif result.status == ExecStatus.PIPELINE_SYNC:
            future = self._waiting.popleft()
            found, error, self._result, self._error = self._result, self._error, None, ""
            if future.done():
                return
            if error or found is None:
                future.set_exception(ServiceError("unavailable", f"the index does not answer: {error}"))
            else:
                future.set_result(found)
        elif result.status not in {ExecStatus.COMMAND_OK, ExecStatus.PIPELINE_ABORTED}:
            self._error = (result.error_message or b"").decode("utf-8", "replace").strip() or "it failed"
            self._names.clear()  # what could not be prepared is prepared again, by another name

    def _lose(self, error: Exception) -> None:
        """The connection is of no use any more: all who wait are told."""
        connection, self._connection = self._connection, None
        if connection is not None:
            watched, self._watched = self._watched, -1
            if self._loop is not None and not self._loop.is_closed():
                self._loop.remove_reader(watched)
                self._loop.remove_writer(watched)
            os.close(watched)
            connection.finish()
        waiting, self._waiting = self._waiting, deque()
        for future in waiting:
            if not future.done():
                future.set_exception(ServiceError("unavailable", f"the index does not answer: {error}"))

    def close(self) -> None:
        """Close the connection; who still waits is told."""
        self._closed = True
        self._lose(ConnectionError("it is closed"))


def connect(url: str) -> Any:
    """A connection of libpq in pipeline mode; it blocks. ServiceError where the database does not answer."""
    import psycopg
    from psycopg.pq import ConnStatus, ExecStatus, PGconn

    try:
        connection = PGconn.connect(url.encode())
        said = connection.error_message.decode("utf-8", "replace")
        is_open = connection.status == ConnStatus.OK
        if is_open and connection.exec_(_SETTINGS).status == ExecStatus.COMMAND_OK:
            connection.nonblocking = 1
            connection.enter_pipeline_mode()
            return connection
        connection.finish()
    except psycopg.Error as error:
        said = str(error)
    raise ServiceError("unavailable", f"the index does not answer: {said.strip()}")


def _numbered(text: str) -> str:
    """A statement of psycopg's format with the parameters numbered, as the server takes it."""
    number = 0

    def place(found: re.Match[str]) -> str:
        nonlocal number
        if found[0] == "%%":
            return "%"
        number += 1
        return f"${number}"

    return _PLACE.sub(place, text)


def _text(value: object) -> bytes | None:
    """A parameter as text: a text, a number, or a list of texts as an array."""
    if value is None:
        return None
    if isinstance(value, list):
        escaped = [str(one).replace("\\", "\\\\").replace('"', '\\"') for one in value]
        return ("{" + ",".join(f'"{one}"' for one in escaped) + "}").encode()
    return str(value).encode()


def _rows(result: Any) -> list[Row]:
    if not result.ntuples:
        return []
    from psycopg.adapt import Transformer

    loader = Transformer()
    loader.set_pgresult(result)
    return loader.load_rows(0, result.ntuples, tuple)
