"""What a client of HTTP takes: media types with their parameters and qualities, and the choice among offers.

PS3.18 §8.7; RFC 9110 §12.5.1.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageError

_LONGEST = 4_096
_MOST = 64
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_RANGE = re.compile(rf"\s*({_TOKEN})/({_TOKEN})\s*")
_PARAMETER = re.compile(rf';\s*({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))\s*')


@dataclass(frozen=True, slots=True)
class MediaType:
    """One media type or range: `kind` as `application/dicom` in lower case, parameters by lower-case name.

    `quality` is 0 to 1; 0 says that it is not taken.
    """

    kind: str
    parameters: tuple[tuple[str, str], ...] = ()
    quality: float = 1.0

    def parameter(self, name: str) -> str:
        """The value of a parameter; empty where it is not there."""
        return next((value for key, value in self.parameters if key == name), "")

    @property
    def inner(self) -> str:
        """What is wanted or brought: the type of the parts where this is multipart/related, else itself."""
        if self.kind == "multipart/related":
            return self.parameter("type").lower() or "*/*"
        return self.kind

    @property
    def is_multipart(self) -> bool:
        """Whether it is multipart/related."""
        return self.kind == "multipart/related"

    def admits(self, kind: str) -> bool:
        """Whether a type without parameters falls under this one."""
        return admits(self.kind, kind)


def admits(pattern: str, kind: str) -> bool:
    """Whether a type falls under a type or range as `*/*` or `image/*`."""
    return pattern in {kind, "*/*"} or (pattern.endswith("/*") and kind.startswith(pattern[:-1]))


def refuses(accepted: Sequence[MediaType], kind: str) -> bool:
    """Whether a type is named with quality 0: a range beside it does not take it. RFC 9110 §12.5.1."""
    qualities = [one.quality for one in accepted if kind == (one.inner if one.is_multipart else one.kind)]
    return bool(qualities) and max(qualities) <= 0


@functools.lru_cache(maxsize=512)
def parse_accept(text: str) -> tuple[MediaType, ...]:
    """The types that are taken, the wanted first; those of quality 0 stand last.

    Empty text is `*/*`. Types of one quality keep their order. UsageError for what cannot be read and for
    more than 64 types or 4,096 characters.
    """
    if not text.strip():
        return (MediaType("*/*"),)
    if len(text) > _LONGEST:
        raise UsageError(f"{len(text)} characters of media types", rule="PS3.18 §8.7.5")
    found: list[MediaType] = []
    at = 0
    while at < len(text):
        one, at = _media_type(text, at)
        found.append(one)
        if at < len(text):
            if text[at] != ",":
                raise UsageError(f"'{text}' is no list of media types", place=f"character {at}")
            at += 1
            at += len(text[at:]) - len(text[at:].lstrip(" ,\t"))
    if len(found) > _MOST:
        raise UsageError(f"{len(found)} media types", rule="PS3.18 §8.7.5")
    return tuple(sorted(found, key=lambda one: -one.quality))


def parse_content_type(text: str) -> MediaType:
    """The one media type of a Content-Type. UsageError for what is none."""
    one, at = _media_type(text, 0)
    if at < len(text):
        raise UsageError(f"'{text}' is no media type", place=f"character {at}", rule="RFC 9110 §8.3")
    return one


def _media_type(text: str, at: int) -> tuple[MediaType, int]:
    match = _RANGE.match(text, at)
    if match is None:
        raise UsageError(f"'{text[:80]}' is no media type", place=f"character {at}", rule="RFC 9110 §8.3.1")
    kind = f"{match[1]}/{match[2]}".lower()
    at = match.end()
    parameters: list[tuple[str, str]] = []
    quality = 1.0
    while parameter := _PARAMETER.match(text, at):
        at = parameter.end()
        name = parameter[1].lower()
        quoted = parameter[2]
        value = parameter[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        if name == "q":
            quality = _quality(value)
        else:
            parameters.append((name, value))
    if text[at : at + 1] == ";" and not text[at + 1 :].split(",", maxsplit=1)[0].strip():
        at += 1 + len(text[at + 1 :].split(",", maxsplit=1)[0])
    return MediaType(kind, tuple(parameters), quality), at


def _quality(text: str) -> float:
    try:
        quality = float(text)
    except ValueError:
        quality = -1.0
    if not 0.0 <= quality <= 1.0:
        raise UsageError(f"'{text}' is no quality from 0 to 1", rule="RFC 9110 §12.4.2")
    return quality


def choose(accepted: Sequence[MediaType], offers: Sequence[str]) -> str | None:
    """The offer that is wanted most; None where none is taken.

    An offer is a type, or `multipart/related; type="…"`. The most specific entry gives an offer's quality;
    among equals the earlier of the client's types wins, and under a range the earlier offer.
    """
    best: tuple[float, int, int] | None = None
    chosen: str | None = None
    for rank, offer in enumerate(offers):
        place = _standing(accepted, parse_content_type(offer))
        if place is not None and place[0] > 0:
            key = (-place[0], place[1], rank)
            if best is None or key < best:
                best, chosen = key, offer
    return chosen


def _standing(accepted: Sequence[MediaType], offer: MediaType) -> tuple[float, int] | None:
    """Quality and place in the client's list of the most specific entry that an offer falls under."""
    best: tuple[int, float, int] | None = None
    for place, one in enumerate(accepted):
        specific = _specific(one, offer)
        if specific and (best is None or specific > best[0]):
            best = (specific, one.quality, place)
    return None if best is None else (best[1], best[2])


def _specific(one: MediaType, offer: MediaType) -> int:
    if one.is_multipart or offer.is_multipart:
        if one.is_multipart and offer.is_multipart:
            return (5 if one.inner == offer.inner else 3) if admits(one.inner, offer.inner) else 0
        return 1 if one.kind == "*/*" else 2 if one.kind == "multipart/*" else 0
    if not one.admits(offer.kind):
        return 0
    return 1 if one.kind == "*/*" else 2 if one.kind.endswith("/*") else 4


@functools.lru_cache(maxsize=256)
def prefers_gzip(text: str) -> bool:
    """Whether an Accept-Encoding takes gzip: RFC 9110 §12.5.3."""
    for part in text[:_LONGEST].lower().split(","):
        name, _, rest = part.partition(";")
        if name.strip() in {"gzip", "x-gzip", "*"}:
            return rest.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def charset_of(text: str) -> str:
    """The character set to answer in, of those that an Accept-Charset names: PS3.18 §8.4.1.2.

    `utf-8` where it is taken or nothing is asked; else the first that is known among `iso-8859-1`,
    `us-ascii` and `gb18030`; `utf-8` where none of them is, which RFC 9110 §12.5.2 allows.
    """
    wanted: list[tuple[float, str]] = []
    for part in text[:_LONGEST].lower().split(","):
        name, _, rest = part.partition(";")
        quality = rest.replace(" ", "").removeprefix("q=")
        try:
            wanted.append((-float(quality or "1"), name.strip()))
        except ValueError:
            continue
    known = [name for quality, name in sorted(wanted, key=lambda one: one[0]) if quality < 0]
    if not known or "*" in known or "utf-8" in known:
        return "utf-8"
    return next((name for name in known if name in {"iso-8859-1", "us-ascii", "gb18030"}), "utf-8")
