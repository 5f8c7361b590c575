"""The rules of routing as text: what arrives from where, with which attributes and when, goes to whom.

[[destination]]
name = "reading-room"
ae = "READER"
host = "10.0.0.7"
port = 104

[[route]]
name = "CT by night"
from = ["CT*"]
when = { Modality = "CT", StudyDate = "20260101-", InstitutionName = ["North*", "South*"] }
unless = { "ProcedureCodeSequence.CodeValue" = "QA" }
hours = "19:00-07:00"
to = ["reading-room"]
priors = { count = 2, months = 24, same_modality = true }
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from ..errors import UsageError
from ..standards import dictionary
from .routing_match import DAYS, Wanted, Window, problem_of

_HINT = "see docs/routing.md"
_ROUTE_KEYS = frozenset({"name", "from", "called", "when", "unless", "hours", "days", "to", "priors"})
_PRIOR_KEYS = frozenset({"count", "months", "same_modality"})
_COMMON_KEYS = frozenset({"name", "hours", "days", "attempts", "first_retry", "last_retry", "associations"})
_PEER_KEYS = frozenset({"ae", "host", "port", "calling", "commitment", "tls", "timeout"})
_WEB_KEYS = frozenset({"url", "headers", "timeout"})


@dataclass(frozen=True, slots=True)
class Priors:
    """Earlier studies of the patient that go along: at most `count`, of the last `months` (0: any)."""

    count: int
    months: int = 0
    same_modality: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One route: all that is given must hold for an object, which then goes to each of `to`."""

    name: str
    to: tuple[str, ...]
    sources: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    when: tuple[Wanted, ...] = ()
    unless: tuple[Wanted, ...] = ()
    window: Window | None = None
    priors: Priors | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """One that takes objects: an application entity at `host` and `port`, or a web service at `url`.

    `commitment` says whether delivery counts only once the peer has committed itself to storage: `yes`,
    `no`, or `auto`, where it offers that. `first_retry` and `last_retry` are seconds; after `attempts` an
    item is a dead letter. Outside `window` nothing is sent.
    """

    name: str
    ae: str = ""
    host: str = ""
    port: int = 0
    calling: str = ""
    commitment: str = "auto"
    tls: bool = False
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    timeout: float = 30.0
    attempts: int = 20
    first_retry: float = 10.0
    last_retry: float = 3600.0
    associations: int = 1
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All routes, in the order of the text, and the destinations by name."""

    routes: tuple[Rule, ...] = ()
    destinations: Mapping[str, Destination] = field(default_factory=dict)


def parse(
    routes: Sequence[Mapping[str, Any]],
    destinations: Sequence[Mapping[str, Any]],
    *,
    text: str = "",
    source: str = "",
) -> Rules:
    """The rules of the tables `[[route]]` and `[[destination]]` as a TOML reader gives them.

    `text` is the file's text: with it an error names the line. UsageError for a key that is not known, a
    value of another kind, an attribute that is none, a destination that is not defined, two of one name.
    """
    known: dict[str, Destination] = {}
    for number, table in enumerate(destinations):
        place = _Place(text, source, "destination", number)
        one = _destination(table, place)
        if one.name in known:
            place.refuse("name", f"there are two destinations {one.name!r}")
        known[one.name] = one
    rules: dict[str, Rule] = {}
    for number, table in enumerate(routes):
        place = _Place(text, source, "route", number)
        rule = _rule(table, place, known)
        if rule.name in rules:
            place.refuse("name", f"there are two routes {rule.name!r}")
        rules[rule.name] = rule
    return Rules(tuple(rules.values()), known)


class _Place:
    """Where in the text a table stands, so that an error can name the line."""

    def __init__(self, text: str, source: str, table: str, number: int) -> None:
        self._lines = text.splitlines()
        self._source, self._table, self.ordinal = source, table, number + 1
        header = re.compile(rf"\s*\[\[\s*{table}\s*\]\]")
        starts = [at for at, line in enumerate(self._lines) if header.match(line)]
        self._start = starts[number] if number < len(starts) else -1

    def line_of(self, key: str, section: str = "") -> int:
        """The line of a key of this table, counted from 1; of its head where the key is not found; or 0.

        Within `section`, a key of this table that is itself a table, any mention of the word counts.
        """
        if self._start < 0:
            return 0
        start = max(self.line_of(section) - 1, self._start) if section else self._start
        word = rf"(?<!\w){re.escape(key)}(?!\w)"
        wanted = re.compile(word if section else rf"{word}[\"']?\s*(=|\.|\])")
        for at in range(start, len(self._lines)):
            line = self._lines[at]
            if at > self._start and line.lstrip().startswith("[["):
                break
            if wanted.search(line):
                return at + 1
        return start + 1

    def refuse(self, key: str, message: str, section: str = "") -> NoReturn:
        """Raise the error of one key."""
        line = self.line_of(key, section)
        place = f"{self._table} {self.ordinal}, {key}"
        raise UsageError(
            message,
            source=self._source,
            place=f"line {line}, {place}" if line else place,
            hint=_HINT,
        )

    def check_keys(self, table: Mapping[str, Any], known: frozenset[str]) -> None:
        """Refuse a key that is not known, so that a misspelled one is never silently ignored."""
        for key in table:
            if key not in known:
                self.refuse(key, f"there is no such key; known are {', '.join(sorted(known))}")

    def text(self, table: Mapping[str, Any], key: str, default: str = "") -> str:
        """The text of a key."""
        value = table.get(key, default)
        if not isinstance(value, str):
            self.refuse(key, "it must be a text")
        return value

    def number(self, table: Mapping[str, Any], key: str, default: float, low: float) -> float:
        """The number of a key, at least `low`."""
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, "it must be a number")
        if value < low:
            self.refuse(key, f"it must be at least {low:g}")
        return float(value)

    def texts(self, table: Mapping[str, Any], key: str) -> tuple[str, ...]:
        """The texts of a key, which may be one text or a list of them."""
        value = table.get(key, [])
        several = [value] if isinstance(value, str) else value
        if not isinstance(several, list) or not all(isinstance(one, str) and one for one in several):
            self.refuse(key, "it must be a text or a list of texts, none empty")
        return tuple(several)


def _rule(table: Mapping[str, Any], place: _Place, known: Mapping[str, Destination]) -> Rule:
    place.check_keys(table, _ROUTE_KEYS)
    to = place.texts(table, "to")
    if not to:
        place.refuse("to", "a route must name at least one destination")
    for name in to:
        if name not in known:
            place.refuse("to", f"there is no destination {name!r}")
    return Rule(
        place.text(table, "name") or f"route {place.ordinal}",
        to,
        place.texts(table, "from"),
        place.texts(table, "called"),
        _tests(table, "when", place),
        _tests(table, "unless", place),
        _window(table, place),
        _priors(table, place),
    )


def _tests(table: Mapping[str, Any], section: str, place: _Place) -> tuple[Wanted, ...]:
    conditions = table.get(section, {})
    if not isinstance(conditions, Mapping):
        place.refuse(section, "it must be a table of attributes, as { Modality = 'CT' }")
    given = (_attribute((name,), value, place, section) for name, value in conditions.items())
    return tuple(one for several in given for one in several)


def _attribute(words: tuple[str, ...], value: Any, place: _Place, section: str) -> list[Wanted]:
    """The conditions on one attribute; TOML reads an unquoted dotted key as tables within tables."""
    words = tuple(part.strip() for word in words for part in word.split("."))
    if isinstance(value, Mapping):
        inner = (_attribute((*words, name), one, place, section) for name, one in value.items())
        return [one for several in inner for one in several]
    path = tuple(_tag(word, place, section) for word in words)
    for word, tag in zip(words[:-1], path[:-1], strict=True):
        if dictionary.vr(tag) != "SQ":
            place.refuse(word, f"{word} is no sequence", section)
    vr, last = dictionary.vr(path[-1]), words[-1]
    if vr == "SQ":
        place.refuse(last, f"{last} is a sequence; name an attribute of its items", section)
    several = value if isinstance(value, list) else [value]
    if not several or not all(isinstance(one, str | int | float) for one in several):
        place.refuse(last, "it must be a text, a number or a list of them", section)
    texts = tuple(str(one) for one in several)
    for text in texts:
        problem = problem_of(vr, text)
        if problem:
            place.refuse(last, problem, section)
    return [Wanted(path, vr, texts)]


def _tag(word: str, place: _Place, section: str) -> int:
    tag = dictionary.tag(word)
    if tag is None and re.fullmatch(r"[0-9A-Fa-f]{8}", word):
        tag = int(word, 16)
    if tag is None:
        place.refuse(word, f"{word!r} is no attribute's keyword or tag", section)
    return tag


def _window(table: Mapping[str, Any], place: _Place) -> Window | None:
    hours, days = place.text(table, "hours"), place.text(table, "days")
    if not hours and not days:
        return None
    start, stop = 0, 24 * 60
    if hours:
        match = re.fullmatch(r"([01]\d|2[0-4]):([0-5]\d)\s*-\s*([01]\d|2[0-4]):([0-5]\d)", hours)
        if match is None:
            place.refuse("hours", f"{hours!r} is no span of hours; write 19:00-07:00")
        start, stop = (int(match[one]) * 60 + int(match[one + 1]) for one in (1, 3))
        if max(start, stop) > 24 * 60 or start == stop:
            place.refuse("hours", f"{hours!r} is no span of hours; write 19:00-07:00")
    return Window(start, stop, _days(days, place))


def _days(text: str, place: _Place) -> frozenset[int]:
    if not text:
        return frozenset(range(7))
    chosen: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = (end.strip()[:3] for end in part.partition("-"))
        if first not in DAYS or (last and last not in DAYS):
            place.refuse("days", f"{part.strip()!r} is no day; write mon-fri, sun")
        at, stop = DAYS.index(first), DAYS.index(last or first)
        chosen.update((at + step) % 7 for step in range((stop - at) % 7 + 1))
    return frozenset(chosen)


def _priors(table: Mapping[str, Any], place: _Place) -> Priors | None:
    given = table.get("priors")
    if given is None:
        return None
    if not isinstance(given, Mapping):
        place.refuse("priors", "it must be a table, as { count = 2, months = 24 }")
    place.check_keys(given, _PRIOR_KEYS)
    same = given.get("same_modality", False)
    if not isinstance(same, bool):
        place.refuse("same_modality", "it must be true or false")
    count = place.number(given, "count", 1, 1)
    return Priors(int(count), int(place.number(given, "months", 0, 0)), same)


def _destination(table: Mapping[str, Any], place: _Place) -> Destination:
    web = "url" in table
    place.check_keys(table, _COMMON_KEYS | (_WEB_KEYS if web else _PEER_KEYS))
    name = place.text(table, "name") or place.text(table, "ae")
    if not name:
        place.refuse("name", "a destination must have a name")
    common = Destination(
        name,
        timeout=place.number(table, "timeout", 30, 0.1),
        attempts=int(place.number(table, "attempts", 20, 1)),
        first_retry=place.number(table, "first_retry", 10, 0),
        last_retry=place.number(table, "last_retry", 3600, 0),
        associations=int(place.number(table, "associations", 1, 1)),
        window=_window(table, place),
    )
    return _web(common, table, place) if web else _peer(common, table, place)


def _web(common: Destination, table: Mapping[str, Any], place: _Place) -> Destination:
    url = place.text(table, "url")
    if not re.match(r"https?://[^/\s]+", url):
        place.refuse("url", f"{url!r} is no address of a web service")
    headers = table.get("headers", {})
    if not isinstance(headers, Mapping) or not all(isinstance(one, str) for one in headers.values()):
        place.refuse("headers", "it must be a table of texts")
    for key, value in headers.items():
        if not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", key) or re.search(r"[\r\n\0]", value):
            place.refuse("headers", f"{key!r} is no header field")
    return replace(common, url=url.rstrip("/"), headers=tuple(headers.items()))


def _peer(common: Destination, table: Mapping[str, Any], place: _Place) -> Destination:
    ae, host = place.text(table, "ae"), place.text(table, "host")
    calling, commitment = place.text(table, "calling"), place.text(table, "commitment", "auto")
    port = int(place.number(table, "port", 104, 1))
    tls = table.get("tls", False)
    for key, title in (("ae", ae), ("calling", calling)):
        if len(title) > 16 or "\\" in title or any(ord(one) < 32 or ord(one) > 126 for one in title):
            place.refuse(key, f"{title!r} is no application entity title")
    if not ae:
        place.refuse("ae", "a destination must have an application entity title or a url")
    if not host:
        place.refuse("host", "a destination must have a host")
    if port > 65535:
        place.refuse("port", "a port is at most 65535")
    if commitment not in {"auto", "yes", "no"}:
        place.refuse("commitment", "it must be auto, yes or no")
    if not isinstance(tls, bool):
        place.refuse("tls", "it must be true or false")
    return replace(common, ae=ae, host=host, port=port, calling=calling, commitment=commitment, tls=tls)
