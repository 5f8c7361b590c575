"""Routing over STOW-RS: each object in a request of its own, streamed, its answer read. PS3.18 §10.5."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import ServiceError
from ..services.archive import Archive
from ..services.delivery import Delivery, Reply
from ..services.routing_rules import Destination
from ..store.queue import Item

if TYPE_CHECKING:
    import httpx

_FAILED, _REASON, _STORED = "00081198", "00081197", "00081199"
_INSTANCE = "00081155"
_MOST_ANSWER = 4 << 20
_PASSES = frozenset({408, 425, 429, 500, 502, 503, 504, 507})
"""Statuses after which the same request may yet succeed: RFC 9110 §15."""


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
        """Send each object. ServiceError where the service is not reached; what is untold stays queued."""
        for item in items:
            yield await self._store(item)

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    async def _store(self, item: Item) -> Delivery:
        import httpx

        boundary = uuid.uuid4().hex
        part = f"application/dicom; transfer-syntax={item.location.transfer_syntax}"
        head = f"--{boundary}\r\nContent-Type: {part}\r\n\r\n"
        tail = f"\r\n--{boundary}--\r\n"

        async def body() -> AsyncIterator[bytes]:
            yield head.encode()
            async for piece in self._archive.stream_object(item.location):
                yield piece
            yield tail.encode()

        kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
        length = len(head) + item.location.size + len(tail)
        headers = {"content-type": kind, "content-length": str(length)}
        url = self._to.url.rstrip("/") + "/studies"
        try:
            async with self._http().stream("POST", url, content=body(), headers=headers) as answer:
                text = b""
                async for piece in answer.aiter_bytes():
                    text += piece
                    if len(text) > _MOST_ANSWER:
                        raise ServiceError("too-large", "the answer is too long", source=url)
        except httpx.TransportError as error:
            raise ServiceError("unavailable", str(error) or type(error).__name__, source=url) from None
        return told(item, answer.status_code, text)


def told(item: Item, status: int, text: bytes) -> Delivery:
    """What the answer to one object says: PS3.18 §10.5.3."""
    code = str(status)
    if status in _PASSES:
        return Delivery(item, Reply.LATER, status=code, message="the service cannot take it now")
    try:
        content = json.loads(text) if text.strip() else {}
    except ValueError:
        content = {}
    if isinstance(content, list):
        content = content[0] if content else {}
    uid = item.location.sop_instance
    for one in _items(content, _FAILED):
        if _value(one, _INSTANCE) in {uid, None}:
            reason = _value(one, _REASON)
            words = f"{reason:04X}" if isinstance(reason, int) else code
            reply = Reply.LATER if isinstance(reason, int) and reason & 0xFF00 == 0xA700 else Reply.REFUSED
            return Delivery(item, reply, status=words, message="the service failed to store it")
    if status in {200, 202}:
        named = any(_value(one, _INSTANCE) == uid for one in _items(content, _STORED))
        rests = f"STOW-RS status {code}" + (", named in its answer" if named else "")
        return Delivery(item, Reply.DELIVERED, rests, code)
    return Delivery(item, Reply.REFUSED, status=code, message="the service refuses it")


def _items(content: Any, tag: str) -> list[Any]:
    element = content.get(tag) if isinstance(content, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    return values if isinstance(values, list) else []


def _value(item: Any, tag: str) -> Any:
    found = _items(item, tag)
    return found[0] if found else None
