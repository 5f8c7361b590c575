"""Routing over STOW-RS: each object in a request of its own, streamed, its answer read. PS3.18 §10.5."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError, ServiceError
from ..services.archive import Archive
from ..services.delivery import Delivery, Reply
from ..services.routing_rules import Destination
from ..store.queue import Item
from .routing_source import Source, Unreadable

if TYPE_CHECKING:
    import httpx

_FAILED, _REASON, _STORED, _WARNING = "00081198", "00081197", "00081199", "00081196"
_INSTANCE = "00081155"
_MOST_ANSWER = 4 << 20
_PASSES = frozenset({403, 408, 425, 429, 500, 502, 503, 504, 507})
"""Statuses after which the same request may yet succeed: RFC 9110 §15."""
_CLOSED = frozenset({401, 404, 405, 407, 410, 421})
"""Statuses of the service as it is called here, and not of an object: nothing is given up for them."""


class _Lost(Exception):  # noqa: N818  # it never leaves this module
    """The connection was there, and was lost in the middle of a request."""


class StowDeliverer:
    """Deliveries to one web service; the connection is kept between them."""

    def __init__(self, archive: Archive, destination: Destination) -> None:
        self._archive, self._to = archive, destination
        self._client: httpx.AsyncClient | None = None

    def _http(self) -> httpx.AsyncClient:
        import httpx

        if self._client is None:
            headers = {**dict(self._to.headers), "accept": "application/dicom+json"}
            self._client = httpx.AsyncClient(headers=headers, timeout=self._to.timeout, trust_env=False)
        return self._client

    async def deliver(self, items: Sequence[Item]) -> AsyncIterator[Delivery]:
        """Send each object. ServiceError where the service is not reached, or takes nothing from this node.

        The object at which the connection was lost is told as LATER; what is untold stays queued.
        """
        for item in items:
            try:
                source = await Source.begin(self._archive.stream_object(item.location))
            except (ChiasmError, OSError) as error:
                yield Delivery(item, Reply.LATER, message=f"it cannot be sent: {error}")
                continue
            try:
                status, text = await self._post(item, source)
            except Unreadable as error:
                yield Delivery(item, Reply.LATER, message=f"it cannot be read to its end: {error}")
                continue
            except _Lost as error:
                yield Delivery(item, Reply.LATER, message=f"the connection was lost at this object: {error}")
                raise ServiceError("unavailable", str(error), source=self._to.url) from None
            if status in _CLOSED or 300 <= status < 400:
                raise ServiceError("not-authorized", f"it answers {status}", source=self._to.url)
            yield told(item, status, text)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _post(self, item: Item, source: Source) -> tuple[int, bytes]:
        """The status and the body of the answer; a body that is too long counts as none."""
        import httpx

        boundary = uuid.uuid4().hex
        part = f"application/dicom; transfer-syntax={item.location.transfer_syntax}"
        head = f"--{boundary}\r\nContent-Type: {part}\r\n\r\n".encode()
        tail = f"\r\n--{boundary}--\r\n".encode()

        async def body() -> AsyncIterator[bytes]:
            yield head
            async for piece in source:
                yield piece
            yield tail

        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        length = len(head) + item.location.size + len(tail)
        headers = {"content-type": kind, "content-length": str(length)}
        url = self._to.url + "/studies"
        try:
            async with self._http().stream("POST", url, content=body(), headers=headers) as answer:
                text = bytearray()
                async for piece in answer.aiter_bytes():
                    text += piece
                    if len(text) > _MOST_ANSWER:
                        return answer.status_code, b""
                return answer.status_code, bytes(text)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            told = str(error) or "no answer"
            raise ServiceError("unavailable", f"cannot connect: {told}", source=url) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _Lost(str(error) or type(error).__name__) from None


def told(item: Item, status: int, text: bytes) -> Delivery:
    """What the answer to one object says: PS3.18 §10.5.3."""
    code, uid = str(status), item.location.sop_instance
    if status in _PASSES:
        return Delivery(item, Reply.LATER, status=code, message="the service cannot take it now")
    content = _read(text)
    stored = next((one for one in _items(content, _STORED) if _value(one, _INSTANCE) == uid), None)
    if status in {200, 202} and stored is not None:
        warning = _value(stored, _WARNING)
        words = f"stored, with warning {_code(warning)}" if warning is not None else ""
        return Delivery(item, Reply.DELIVERED, f"STOW-RS status {code}, named in its answer", code, words)
    for one in _items(content, _FAILED):
        # The request had one object, so that a failure is of this one whatever UID it is told under.
        reason = _value(one, _REASON)
        passes = isinstance(reason, int) and (reason & 0xFF00 == 0xA700 or reason == 0x0110)
        reply = Reply.LATER if passes else Reply.REFUSED
        return Delivery(item, reply, status=_code(reason) or code, message="the service failed to store it")
    if status == 200:
        return Delivery(item, Reply.DELIVERED, "STOW-RS status 200", code)
    if status == 202:
        return Delivery(item, Reply.LATER, status=code, message="the service does not say what it stored")
    return Delivery(item, Reply.REFUSED, status=code, message="the service refuses it")


def _read(text: bytes) -> Any:
    """The DICOM JSON of an answer; nothing where it is in another form."""
    try:
        content = json.loads(text) if text.strip() else {}
    except (ValueError, RecursionError):
        return {}
    return (content[0] if content else {}) if isinstance(content, list) else content


def _code(reason: Any) -> str:
    return f"{reason:04X}" if isinstance(reason, int) else ""


def _items(content: Any, tag: str) -> list[Any]:
    element = content.get(tag) if isinstance(content, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _value(item: Any, tag: str) -> Any:
    found = _items(item, tag)
    return found[0] if found else None
