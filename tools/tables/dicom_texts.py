"""What the text of the standard says of each attribute of a module, read from the npm package.

Conditions, enumerated values and defined terms, and the section that explains the attribute. Modules that
the package has no text of borrow what every text of the same attribute agrees on.
"""

from __future__ import annotations

import html
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .dicom_conditions import Sentences

_VALUES = re.compile(
    r"<strong>\s*([^<]*?(?:Enumerated Values?|Defined Terms)[^<]*?)\s*</strong>\s*</p>\s*<dl>(.*?)</dl>",
    re.DOTALL | re.IGNORECASE,
)
_TERM = re.compile(r"<dt>\s*<span>(.*?)</span>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
_TABLE = re.compile(r"sect_([A-Z][\d.]*\d[a-z]?)\.html#table_([\w.-]+)")
_SECTION = re.compile(r"See Section\s([A-Z]\.[\d.]*\d)")
_NUMBER = re.compile(r"\bvalue (\d)\b", re.IGNORECASE)
_WHEN = re.compile(r"\b(?:if|when)\s(.*?):?$", re.DOTALL)


@dataclass(frozen=True)
class Said:
    """What a description says: its condition, its values, its section."""

    condition: Any
    values: list[Any]
    section: str


NOTHING = Said(None, [], "")


@dataclass
class Module:
    """One module of the package: its name, the section and table, and what is said by path of tags."""

    name: str
    section: str
    said: dict[str, Said]
    types: dict[str, str]


@dataclass
class Texts:
    """All modules of the package, and what their texts agree on."""

    folder: Path
    modules: dict[str, Module] = field(default_factory=dict)
    _agreed: dict[tuple[str, str], Said] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sentences = Sentences()
        known: dict[str, Said] = {}
        heard: dict[tuple[str, str], list[Said]] = defaultdict(list)
        for path in sorted(self.folder.glob("*.json")):
            content = json.loads(path.read_text("utf-8"))
            found = _TABLE.search(content.get("linkToStandard", ""))
            section = f"PS3.3 §{found[1]} Table {found[2]}" if found else ""
            module = Module(content["name"], section, {}, {})
            for attribute in content["attributes"]:
                place, text = attribute["path"].partition(":")[2], attribute["description"]
                if text not in known:
                    known[text] = _said(text, sentences)
                module.said[place] = known[text]
                module.types[place] = attribute.get("type") or "3"
                for key in _keys(place):
                    heard[key].append(known[text])
            self.modules[path.stem] = module
        self._agreed = {key: all_of[0] for key, all_of in heard.items() if _agree(all_of)}

    def of(self, module: str, place: str) -> Said:
        """What is said of an attribute of a module, by its path of tags joined by colons."""
        known = self.modules.get(module)
        if known and place in known.said:
            return known.said[place]
        for key in _keys(place):
            if key in self._agreed:
                return self._agreed[key]
        return NOTHING


def _keys(place: str) -> Iterator[tuple[str, str]]:
    """By which an attribute is known elsewhere: in the same sequence, then anywhere."""
    before, _, tag = place.rpartition(":")
    yield before.rpartition(":")[2], tag
    yield "*", tag


def _agree(all_of: list[Said]) -> bool:
    return len({json.dumps([said.condition, said.values]) for said in all_of}) == 1


def _said(text: str, sentences: Sentences) -> Said:
    plain = " ".join(html.unescape(_TAGS.sub(" ", text)).split())
    section = _SECTION.search(plain)
    return Said(sentences.condition(plain), list(_values(text, sentences)), section[1] if section else "")


def _values(text: str, sentences: Sentences) -> Iterator[list[Any]]:
    """Lists of values, each as [E or D, number of the value (0: any), terms, test or null].

    Lists that are alike but for their terms stand for parts of one attribute that the text alone tells
    apart; a value may be of any of them. A list whose own condition no program decides is left out.
    """
    found: dict[tuple[str, int, str], list[Any]] = {}
    for heading, listed in _VALUES.findall(text):
        title = " ".join(html.unescape(_TAGS.sub("", heading)).split())
        terms = [html.unescape(_TAGS.sub("", term)).strip() for term in _TERM.findall(listed)]
        when = _WHEN.search(title)
        test = sentences.when(when[1]) if when else None
        if not terms or "" in terms or (when and test is None):
            continue
        number = _NUMBER.search(title) if not when else None
        kind = "D" if "defined" in title.lower() else "E"
        key = (kind, int(number[1]) if number else 0, json.dumps(test))
        row = found.setdefault(key, [kind, key[1], [], test])
        row[2] += [term for term in terms if term not in row[2]]
    yield from found.values()
