"""A client of DICOMweb services: what a study has (QIDO-RS), and its objects as files (WADO-RS), streamed.

Nothing is taken on trust: answers are bounded, and what ends early is told. PS3.18 §10.4, §10.6.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from ..errors import LimitError, ParseError, ServiceError, UsageError
from ..limits import DEFAULT, Limits
from ..protocols.accept import parse_content_type
from ..protocols.multipart import MultipartReader, Piece

if TYPE_CHECKING:
    from types import TracebackType

    import httpx

_PAGE = 1_000
_FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_JSON = "application/dicom+json"
_INSTANCE = "00080018"
_NOT_LISTED = frozenset({"no-such-object", "unknown-syntax", "not-understood", "fault"})
_WORDS = {
    401: ("not-authorized", "it wants to know who asks"),
    403: ("not-authorized", "it does not allow this"),
    404: ("no-such-object", "it has no such study, or this is not its address"),
    406: ("unknown-syntax", "it does not give objects as files in the form they are stored in"),
    429: ("unavailable", "it is asked too often"),
    503: ("unavailable", "it is not at work now"),
}


@dataclass(frozen=True, slots=True)
class Service:
    """A DICOMweb service: its root as `https://host/dicom-web`, and what each request carries.

    `timeout` is how many seconds it may be silent. Without `tls` the certificates are those of the system.
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    timeout: float = 60.0


class WebClient:
    """Asks one service; to be used with `async with`."""

    def __init__(self, service: Service, limits: Limits = DEFAULT) -> None:
        self._service, self._limits = service, limits
        self._http: httpx.AsyncClient | None = None

    async def __aenter__(self) -> Self:
        import httpx

        try:
            self._http = httpx.AsyncClient(
                headers={"accept-encoding": "identity", **self._service.headers},
                timeout=self._service.timeout,
                verify=self._service.tls or True,
                trust_env=False,
            )
        except (ValueError, TypeError) as error:
            raise UsageError(f"a header cannot be sent: {error}") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def listed(self, study: str) -> list[str] | None:
        """The UIDs of the objects of a study, as QIDO-RS lists them; None where it does not list objects.

        Empty where it holds no such study. ServiceError where it cannot be reached or lets nobody in.
        """
        found: dict[str, None] = {}
        while True:
            query = f"limit={_PAGE}&offset={len(found)}"
            try:
                page = await self._page(f"/studies/{study}/instances?{query}")
            except ServiceError as error:
                if found or error.failure.name not in _NOT_LISTED:
                    raise
                return [] if error.failure.name == "no-such-object" else None
            before = len(found)
            found.update(dict.fromkeys(page))
            if len(found) == before:
                return list(found)

    async def _page(self, path: str) -> list[str]:
        async with self._answer(path, _JSON) as answer:
            if answer.status_code == 204:
                return []
            text = bytearray()
            async for piece in _heard(answer):
                text += piece
                if len(text) > self._limits.json_bytes:
                    raise LimitError("its list is too long", source=path, rule="limits.json_bytes")
        try:
            return [uid for item in json.loads(text or b"[]") if (uid := _uid(item))]
        except (ValueError, TypeError, RecursionError):
            raise ServiceError("not-understood", "its list is no DICOM JSON", source=path) from None

    async def objects(self, study: str) -> AsyncGenerator[Piece, None]:
        """The files of a study, as pieces of a multipart body, each object in the form it is stored in.

        ServiceError where it gives none, and `unavailable` where the connection is lost; ParseError where its
        answer is not what it says or ends early.
        """
        path = f"/studies/{study}"
        async with self._answer(path, _FILES) as answer:
            if answer.status_code == 204:
                raise ServiceError("no-such-object", _WORDS[404][1], source=path)
            reader = MultipartReader(_boundary(answer, path))
            async for piece in _heard(answer):
                for one in reader.feed(piece):
                    yield one
                if reader.ended:
                    return
            reader.close()

    @asynccontextmanager
    async def _answer(self, path: str, accept: str) -> AsyncIterator[httpx.Response]:
        """The answer to a GET, whose body is still to be read; ServiceError for what is no success."""
        import httpx

        assert self._http is not None
        url = self._service.url + path
        try:
            request = self._http.build_request("GET", url, headers={"accept": accept})
            answer = await self._http.send(request, stream=True)
        except httpx.InvalidURL as error:
            raise UsageError(f"it is no address: {error}", source=url) from None
        except httpx.TransportError as error:
            told = str(error) or type(error).__name__
            raise ServiceError("unavailable", f"it does not answer: {told}", source=url) from None
        try:
            if not answer.is_success:
                raise _refusal(answer, url)
            yield answer
        finally:
            await answer.aclose()


async def _heard(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes of a body. ServiceError `unavailable` where the connection is lost."""
    import httpx

    try:
        async for piece in answer.aiter_bytes():
            yield piece
    except (httpx.TransportError, httpx.DecodingError) as error:
        told = str(error) or type(error).__name__
        raise ServiceError("unavailable", f"the connection was lost: {told}") from None


def _refusal(answer: httpx.Response, url: str) -> ServiceError:
    status = answer.status_code
    if answer.is_redirect:
        place = answer.headers.get("location", "elsewhere")[:200]
        return ServiceError("unavailable", f"it sends elsewhere ({status}): {place}", source=url)
    fault = ("fault", "it failed") if status >= 500 else ("not-understood", "it does not do this")
    name, words = _WORDS.get(status, fault)
    return ServiceError(name, f"{words} (status {status})", source=url)


def _boundary(answer: httpx.Response, path: str) -> str:
    text = answer.headers.get("content-type", "")
    try:
        kind = parse_content_type(text)
    except UsageError:
        kind = None
    if kind is None or kind.kind != "multipart/related":
        raise ParseError(f"it answers with {text[:80] or 'nothing'}, not with objects", source=path)
    return kind.parameter("boundary")


def _uid(item: Any) -> str:
    element = item.get(_INSTANCE) if isinstance(item, dict) else None
    values = element.get("Value") if isinstance(element, dict) else None
    return values[0] if isinstance(values, list) and values and isinstance(values[0], str) else ""
