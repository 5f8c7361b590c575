"""Whether an object meets the conditions of a route: attributes as in a query, the hour, the sender."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..dicom import DataSet, Package
from ..errors import ChiasmError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_RANGED = frozenset({"DA", "TM", "DT"})
_EXACT = frozenset({"UI"})
_NUMBERS = frozenset({"DS", "IS", "US", "SS", "UL", "SL", "FD", "FL", "SV", "UV"})
_DIGITS = {
    "DA": r"\d{4}(\d{2}(\d{2})?)?",
    "TM": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
    "DT": r"\d{4,14}(\.\d{1,6})?",
}
_FIRST = {"DA": "00000101", "TM": "000000.000000", "DT": "00000101000000.000000"}
_LAST = {"DA": "99991231", "TM": "235959.999999", "DT": "99991231235959.999999"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One attribute and the texts of which one must match it. `path` is of tags, through sequences.

    Matching is that of a query: wildcards, ranges of dates and times, lists of UIDs, an empty text for an
    attribute without a value. Text is compared without regard to case and width. PS3.4 §C.2.2.2.
    """

    path: tuple[int, ...]
    vr: str
    texts: tuple[str, ...]

    def holds(self, data: DataSet | Package) -> bool:
        """Whether a value of the attribute matches one of the texts."""
        present = [value for value in _values(data, self.path) if value]
        if not present:
            return "" in self.texts
        matchers = [_matcher(self.vr, text) for text in self.texts if text]
        return any(matches(value) for matches in matchers for value in present)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of the day in minutes, past midnight where `stop` is before `start`, on days of the week."""

    start: int = 0
    stop: int = 24 * 60
    days: frozenset[int] = frozenset(range(7))

    def holds(self, moment: datetime) -> bool:
        """Whether a local moment lies in it; what begins in the evening belongs to that evening's day."""
        minute = moment.hour * 60 + moment.minute
        if self.start < self.stop:
            return self.start <= minute < self.stop and moment.weekday() in self.days
        if minute >= self.start:
            return moment.weekday() in self.days
        return minute < self.stop and (moment.weekday() - 1) % 7 in self.days

    def opens(self, moment: datetime) -> datetime:
        """The first moment from this one on that lies in it."""
        if self.holds(moment):
            return moment
        first = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range(9):
            at = first + timedelta(days=day, minutes=self.start)
            if at > moment and self.holds(at):
                return at
        return moment


def problem_of(vr: str, text: str) -> str:
    """What is wrong with a text to match against a VR; empty where nothing is."""
    if vr not in _RANGED or not text or "*" in text or "?" in text:
        return ""
    low, dash, high = text.partition("-")
    for end in (low, high) if dash else (low,):
        if end and not re.fullmatch(_DIGITS[vr], end.replace(":", "")):
            return f"{text!r} is no {'date' if vr == 'DA' else 'time'} or range of them"
    return "" if low or high else f"{text!r} is an empty range"


def title_matches(patterns: tuple[str, ...], title: str) -> bool:
    """Whether an application entity's title or user's name is of one of the patterns; none means any."""
    return not patterns or any(_wildcard(one, str.strip)(title) for one in patterns)


def _values(data: DataSet | Package, path: tuple[int, ...]) -> Iterator[str]:
    """The values of an attribute as texts, through all items of sequences; what cannot be read is none."""
    try:
        if len(path) > 1:
            element = data.element(path[0])
            for item in element.items if element is not None else ():
                yield from _values(item, path[1:])
            return
        value = data.get(path[0])
    except ChiasmError:
        return
    if value is None or isinstance(value, bytes):
        return
    for one in value if isinstance(value, tuple) else (value,):
        yield str(one)


@functools.lru_cache(4096)
def _matcher(vr: str, text: str) -> Callable[[str], bool]:
    """The test of one text for one VR."""
    if vr in _RANGED and "*" not in text and "?" not in text:
        return _range(vr, text)
    if vr in _EXACT and "*" not in text:
        return lambda value: value.strip(" \0") == text
    if vr in _NUMBERS:
        return _number(text)
    if vr == "PN":
        whole = _wildcard(text, folded)
        return lambda value: any(whole(group.rstrip("^ ")) for group in value.split("="))
    return _wildcard(text, folded)


def folded(text: str) -> str:
    """A text without case, width and outer spaces."""
    return unicodedata.normalize("NFKC", text).casefold().strip()


def _wildcard(pattern: str, fold: Callable[[str], str]) -> Callable[[str], bool]:
    parts = {"*": ".*", "?": "."}
    compiled = re.compile("".join(parts.get(one) or re.escape(one) for one in fold(pattern)), re.DOTALL)
    return lambda value: compiled.fullmatch(fold(value)) is not None


def _number(text: str) -> Callable[[str], bool]:
    try:
        wanted = float(text)
    except ValueError:
        return _wildcard(text, folded)

    def matches(value: str) -> bool:
        try:
            return float(value) == wanted
        except ValueError:
            return False

    return matches


def _range(vr: str, text: str) -> Callable[[str], bool]:
    """A range of dates or times; a partial one stands for all moments that it covers."""
    text = text.replace(":", "")
    low, dash, high = text.partition("-")
    if not dash:
        high = low
    bottom = _padded(low, _FIRST[vr]) if low else ""
    top = _padded(high, _LAST[vr]) if high else "~"

    def matches(value: str) -> bool:
        # Dates of ACR-NEMA have dots, its times colons; a zone is left aside, as rules are of local moments.
        plain = value.replace(".", "") if vr == "DA" else re.split(r"[+-]", value.replace(":", ""))[0]
        return bottom <= _padded(plain.strip(), _FIRST[vr]) <= top

    return matches


def _padded(text: str, filler: str) -> str:
    return text + filler[len(text) :]
