"""Whether values are of those that a module lists, and codes of the context group they should come from.

PS3.3 §7.4 tells enumerated values, which are all there may be, from defined terms, which are not;
PS3.3 §8.3 and PS3.16 §B the context groups.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Finding, Severity
from ..standards import context_groups, iods
from ..standards.iods import Values
from .dataset import DataSet, Element
from .validate_conditions import Scope, holds
from .validate_plan import Use

_OLD_SNOMED = frozenset(("SRT", "SNM3", "99SDM"))
_VALUE_LIMIT = 4_096
_SCHEME = 0x00080102


def enumerated(element: Element, uses: tuple[Use, ...], scope: Scope, path: str) -> Iterator[Finding]:
    """The values that are none of those that a module lists exhaustively."""
    listed = [
        (use, [one for one in use.attribute.values if one.condition is None or holds(one.condition, scope)])
        for use in uses
        if use.attribute.values
    ]
    if not listed or element.length > _VALUE_LIMIT or element.vr == "SQ":
        return
    value = element.value
    found = value if isinstance(value, tuple) else () if value is None else (value,)
    reported: set[int] = set()
    for use, values in listed:
        for number, one in enumerate(found, 1):
            terms = _terms(values, number, isinstance(one, int))
            if terms is None or one in (None, "") or number in reported or str(one) in terms:
                continue
            reported.add(number)
            text = (
                f"{use.module.name}: {element.keyword} has {str(one)!r} as value {number}, not one of "
                f"{', '.join(sorted(terms))}"
            )
            yield Finding(Severity.ERROR, path, "enumerated-value", text, use.citation)


def _terms(values: list[Values], number: int, is_number: bool) -> frozenset[str] | None:
    """All that the value of a number may be; None where that is open."""
    terms: set[str] = set()
    for one in values:
        if one.number in (0, number):
            if not one.closed:
                return None
            terms.update(_number(term) if is_number else term for term in one.terms)
    return frozenset(terms) or None


def _number(term: str) -> str:
    """A term for a binary number as that number: they are listed as `0001H` or `0001`."""
    try:
        return str(int(term.removesuffix("H"), 16))
    except ValueError:
        return term


def codes(element: Element, uses: tuple[Use, ...], path: str) -> Iterator[Finding]:
    """The items of a code sequence whose code is not of the group that the standard or the item names."""
    group = iods.context_group_of(element.tag)
    for number, item in enumerate(element.items):
        place = f"{path}/{number}"
        scheme = str(item.get(_SCHEME) or "")
        if scheme in _OLD_SNOMED:
            text = f"the designator {scheme} is replaced by SCT"
            yield Finding(Severity.WARNING, f"{place}/00080102", "deprecated-scheme", text, "PS3.16 §8.1")
        if group is not None and group.is_defined:
            yield from _of_group(item, group.cid, group.is_extensible, place, uses)
        claimed = str(item.get(0x0008010F) or "")
        if not claimed.isdigit() or item.get(0x00080105) != "DCMR" or item.get(0x0008010B) == "Y":
            continue
        if group is None or group.cid != int(claimed):
            yield from _of_group(item, int(claimed), None, place, uses)


def _of_group(
    item: DataSet, cid: int, is_extensible: bool | None, place: str, uses: tuple[Use, ...]
) -> Iterator[Finding]:
    known = context_groups.by_cid(cid)
    value = next((str(found) for tag in (0x00080100, 0x00080119) if (found := item.get(tag))), "")
    scheme = str(item.get(_SCHEME) or "")
    if known is None or not known.codes or not value or known.has(scheme, value):
        return
    severity = Severity.ERROR if is_extensible is False else Severity.WARNING
    said = " as its Context Identifier says" if is_extensible is None and not uses else ""
    text = f"the code ({value}, {scheme}) is not of CID {cid} {known.name}{said}"
    citation = uses[0].citation if uses else "PS3.16 §B"
    yield Finding(severity, place, "context-group", text, citation)
