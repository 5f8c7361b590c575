"""QIDO-RS: what is held, asked for by attributes. PS3.18 §10.6."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from ..errors import ServiceError
from ..model.holdings import Found
from ..model.query import Level
from ..protocols.accept import charset_of, choose
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from ..services.metadata import Metadata
from .web_query_text import Asked, asked
from .web_request import Answer, Request
from .web_switch import Operation, Parameter

JSON = "application/dicom+json"
XML = 'multipart/related; type="application/dicom+xml"'
_OFFERS = (JSON, "application/json", XML)
_MOST = 10_000
_MOST_HEADERS = 1_000
# Members stand in ascending order, each but the first after a line feed: where Retrieve URL belongs.
_AFTER = re.compile(
    r',\n"(?:0008(?:119[1-9A-F]|11[A-F]|1[2-9A-F]|[2-9A-F])|000[9A-F]|00[1-9A-F]|0[1-9A-F]|[1-9A-F])'
)
_PARAMETERS = (
    Parameter("{attribute}", "a keyword, a tag or a path of them joined by dots: the value to match"),
    Parameter("includefield", "attributes to add, repeated or in a comma list; all"),
    Parameter("fuzzymatching", "names by sound and spelling", schema=(("type", "boolean"),)),
    Parameter("limit", "at most so many", schema=(("type", "integer"),)),
    Parameter("offset", "after so many", schema=(("type", "integer"),)),
)
_PATHS = (
    ("/studies", Level.STUDY),
    ("/studies/{StudyInstanceUID}/series", Level.SERIES),
    ("/studies/{StudyInstanceUID}/series/{SeriesInstanceUID}/instances", Level.INSTANCE),
    ("/studies/{StudyInstanceUID}/instances", Level.INSTANCE),
    ("/series", Level.SERIES),
    ("/series/{SeriesInstanceUID}/instances", Level.INSTANCE),
    ("/instances", Level.INSTANCE),
)


def operations(archive: Archive, metadata: Metadata) -> list[Operation]:
    """All paths of the search transaction: PS3.18 §10.6.1, table 10.6.1-1."""
    service = _Search(archive, metadata)
    return [
        Operation(
            "GET", path, service.act(level), f"search for {level.name.lower()} entities", _PARAMETERS, JSON
        )
        for path, level in _PATHS
    ]


class _Search:
    """The search transaction over an archive."""

    def __init__(self, archive: Archive, metadata: Metadata) -> None:
        self._archive = archive
        self._metadata = metadata

    def act(self, level: Level) -> Callable[[Request], Any]:
        """What answers a search at one level."""

        async def search(request: Request) -> Answer:
            return await self._search(level, request)

        return search

    async def _search(self, level: Level, request: Request) -> Answer:
        kind = choose(request.accepted, _OFFERS)
        if kind is None:
            raise ServiceError("unknown-syntax", "answers are application/dicom+json or +xml", place="Accept")
        wanted = asked(level, request.query, request.arguments, most=_MOST, page=_MOST)
        found = await self._archive.find(wanted.query)
        most = (wanted.query.limit or 1) - 1
        more = len(found) > most
        if more:
            found = found[:most]
        base = request.base
        texts = [with_url(one, base) for one in found]
        if wanted.fields:
            texts = await self._with_fields(wanted, found, texts, base)
        answer = _answer(kind, texts, request)
        self._describe(answer, request, wanted, more, most)
        return answer

    def _describe(self, answer: Answer, request: Request, wanted: Asked, more: bool, most: int) -> None:
        """Links to what follows, and warnings: PS3.18 §8.3.4.4, §10.6.3; RFC 8288."""
        if answer.status == 204:
            answer.kind = ""
        if more:
            plain = [(key, value) for key, value in request.query if key not in {"limit", "offset"}]
            plain += [("limit", str(most)), ("offset", str(wanted.query.offset + most))]
            url = f"{request.base}{request.path[len(request.root) :]}?{urlencode(plain)}"
            answer.add("link", f'<{url}>; rel="next"')
            if most == _MOST:
                text = "The number of results exceeded the maximum; additional results can be requested"
                answer.add("warning", f'299 chiasm "{text}"')
        for text in wanted.warnings:
            answer.add("warning", f'299 chiasm "{text}"')

    async def _with_fields(self, wanted: Asked, found: list[Found], texts: list[str], base: str) -> list[str]:
        """The same with attributes that the index does not keep, from the header of one instance of each."""
        tags = {f"{path[0]:08X}" for path in wanted.fields}
        done: list[str] = []
        for number, (one, text) in enumerate(zip(found, texts, strict=True)):
            missing = [tag for tag in tags if f'"{tag}":' not in text]
            if not missing or number >= _MOST_HEADERS:
                done.append(text)
                continue
            header = await self._header(one, base)
            added = {tag: header[tag] for tag in missing if tag in header}
            if not added:
                done.append(text)
                continue
            whole: dict[str, Any] = json.loads("{" + text + "}") | added
            ordered = dict(sorted(whole.items()))
            done.append(json.dumps(ordered, ensure_ascii=False, separators=(",", ":"))[1:-1])
        return done

    async def _header(self, one: Found, base: str) -> dict[str, Any]:
        if one.instance:
            some = await self._archive.locations(instances=(one.instance,))
        elif one.series:
            some = await self._archive.locations(series=(one.series,))
        else:
            some = await self._archive.locations(studies=(one.study,))
        if not some:
            return {}
        header: dict[str, Any] = json.loads((await self._metadata.texts(some[:1], base))[0])
        return header


def with_url(one: Found, base: str) -> str:
    """The members of an answer with its Retrieve URL in its place: PS3.18 §10.6.3.3."""
    url = f"{base}/studies/{one.study}"
    if one.series:
        url += f"/series/{one.series}"
    if one.instance:
        url += f"/instances/{one.instance}"
    text = one.members
    member = f'"00081190":{{"vr":"UR","Value":["{url}"]}}'
    if not text:
        return member
    match = _AFTER.search(text)
    if match is None:
        return f"{text},{member}"
    at = match.start()
    return f"{text[:at]},{member}{text[at:]}"


def _answer(kind: str, texts: list[str], request: Request) -> Answer:
    if not texts:
        return Answer(204)
    if kind == XML:
        return xml_answer(["{" + text + "}" for text in texts])
    body = "[{" + "},\n{".join(texts) + "}]"
    return json_answer(kind, body, request)


def json_answer(kind: str, body: str, request: Request) -> Answer:
    """JSON in the character set that is asked for, with escapes where it lacks a character."""
    asked_for = request.parameter("charset") or request.header(b"accept-charset")
    charset = charset_of(asked_for) if asked_for else "utf-8"
    if charset == "utf-8":
        return Answer(200, kind, body.encode("utf-8", "replace"))
    content = json.loads(body)
    text = json.dumps(content, ensure_ascii=charset != "gb18030", separators=(",", ":"))
    return Answer(200, f"{kind}; charset={charset}", text.encode(charset, "replace"))


def xml_answer(objects: list[str] | list[bytes]) -> Answer:
    """Data sets given as JSON as parts that are Native DICOM Models: PS3.18 §8.7.3.3."""
    from ..dicom.json_model import from_dict
    from ..dicom.xml_model import to_xml

    boundary = new_boundary()
    head = part_head(boundary, "application/dicom+xml")
    parts: list[bytes] = []
    for text in objects:
        references: dict[bytes, str] = {}

        def held(uri: str, references: dict[bytes, str] = references) -> bytes:
            token = f"\0uri{len(references):06d}".encode()
            references[token] = uri
            return token

        def refer(path: str, raw: bytes, references: dict[bytes, str] = references) -> str | None:
            return references.get(raw)

        parts += [head, to_xml(from_dict(json.loads(text), bulk=held), bulk=refer)]
    return Answer(200, content_type("application/dicom+xml", boundary), b"".join([*parts, closing(boundary)]))
