"""The checker of information objects: what a data set should have, may have and must not have.

Every module of the SOP class's object is laid over the data set, item by item, with a stack: no nesting is
too deep. PS3.3 §A, §C; PS3.5 §7.4 for the types of attributes.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import Finding, Severity
from ..standards import dictionary
from . import validate_values
from .dataset import DataSet, Element
from .keys import text_of
from .meaning import creator_of
from .package import Package
from .validate_across import agreement
from .validate_conditions import Scope, demand
from .validate_directory import directory
from .validate_meta import check_meta
from .validate_plan import EMPTY, Plan, Use, plan_of
from .validate_terms import codes, enumerated

_SOP_CLASS, _MEDIA_SOP_CLASS = 0x00080016, 0x00020002
_RANK = {"1": 0, "1C": 1, "2": 2, "2C": 3, "3": 4}
_DIRECTORY_GROUP, _TRAILING_PADDING = 0x0004FFFF, 0xFFFCFFFC
_OVERLAY_PLANE, _CURVE = 0x60000000, 0x50000000


def validate(package: Package) -> Iterator[Finding]:
    """What in a package breaks the standard.

    In the order of its bytes, a data set before its items; last what concerns the whole.
    An object whose SOP class is unknown, or that has none, is checked for the form of its values alone.
    LimitError where reading nested items costs more than the budgets.
    """
    yield from check_meta(package)
    uid = str(package.data.get(_SOP_CLASS) or package.header.get(_MEDIA_SOP_CLASS) or "")
    yield from validate_data(package.data, uid)
    yield from directory(package.data)
    plan = plan_of(uid)
    yield from agreement(package, () if plan is None else plan.iod.functional_groups)


def validate_data(data: DataSet, sop_class: str = "") -> Iterator[Finding]:
    """As `validate`, of a data set by itself; `sop_class` counts where it names none."""
    uid = str(data.get(_SOP_CLASS) or sop_class)
    plan = plan_of(uid)
    if plan is None:
        text = f"no information object is known for the SOP class {uid}" if uid else "there is no SOP class"
        yield Finding(Severity.WARNING, text_of(_SOP_CLASS), "unknown-sop-class", text, "PS3.4 §B.5")
    top = Scope(data, EMPTY if plan is None else plan.top, None, "")
    active = frozenset[str]() if plan is None else _active(plan, top)
    stack = [top]
    while stack:
        scope = stack.pop()
        yield from _missing(scope, active)
        below: list[Scope] = []
        for element in scope.data:
            yield from _element(scope, element, active)
            if element.vr == "SQ":
                level = scope.level.below(element.tag)
                inner = f"{scope.path}{text_of(element.tag)}/"
                below += [Scope(item, level, scope, f"{inner}{n}/") for n, item in enumerate(element.items)]
        stack += reversed(below)


def _active(plan: Plan, top: Scope) -> frozenset[str]:
    """The modules that the object has: those it must have, and those of which something is there."""
    tags = {_plain(tag) for tag in top.data.records}
    found = set()
    for module in plan.iod.modules:
        wanted = module.usage == "M"
        if not wanted and module.condition is not None:
            wanted = demand(module.condition, top) is True
        if wanted or tags & plan.own[module.key]:
            found.add(module.key)
    return frozenset(found)


def _plain(tag: int) -> int:
    """The tag under which the tables have it: overlays and curves in the first of their groups."""
    if tag & 0xFF000000 in (_OVERLAY_PLANE, _CURVE) and not tag >> 16 & 1:
        return tag & 0xFF00FFFF
    return tag


def _missing(scope: Scope, active: frozenset[str]) -> Iterator[Finding]:
    """The attributes that a module wants here, and that are missing, empty or not allowed."""
    records = scope.data.records
    overlays = sorted({tag >> 16 for tag in records if tag >> 24 == 0x60 and not tag >> 16 & 1})
    for tag in scope.level.wanted:
        uses = scope.level.uses[tag]
        if tag & 0xFF000000 == _OVERLAY_PLANE:
            for group in overlays:
                yield from _want(scope, group << 16 | tag & 0xFFFF, uses, active)
        else:
            yield from _want(scope, tag, uses, active)


def _want(scope: Scope, tag: int, uses: tuple[Use, ...], active: frozenset[str]) -> Iterator[Finding]:
    strongest, kind, use, refused = 4, "3", uses[0], None
    for one in uses:
        if one.module.key not in active:
            continue
        attribute = one.attribute
        rank = _RANK[attribute.type]
        if attribute.type in ("1C", "2C"):
            wanted = demand(attribute.condition, scope) if attribute.condition else None
            if wanted is False:
                refused = one
            rank = (rank - 1 if wanted else 4) if tag not in scope.data.records else rank
        if rank < strongest:
            strongest, kind, use = rank, attribute.type, one
    element = scope.data.element(tag)
    path, keyword = scope.path + text_of(tag), dictionary.keyword(tag) or text_of(tag)
    if element is None:
        if strongest < 4:
            text = f"{use.module.name}: {keyword} of type {kind} is missing"
            yield Finding(Severity.ERROR, path, f"missing-type-{kind.lower()}", text, use.citation)
    elif kind in ("1", "1C") and _is_empty(element):
        text = f"{use.module.name}: {keyword} of type {kind} is empty"
        yield Finding(Severity.ERROR, path, f"empty-type-{kind.lower()}", text, use.citation)
    elif refused is not None and len(uses) == 1:
        text = f"{refused.module.name}: {keyword} is there while its condition does not hold"
        yield Finding(Severity.ERROR, path, "not-allowed", text, refused.citation)


def _is_empty(element: Element) -> bool:
    if element.vr == "SQ":
        return not element.items
    if element.length == 0:
        return True
    return element.length < 64 and not element.raw.strip(b" \0") and element.vr in _SPACED


_SPACED = frozenset(
    ("AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UT")
)


def _element(scope: Scope, element: Element, active: frozenset[str]) -> Iterator[Finding]:
    """The findings of one element that is there."""
    tag, path = element.tag, scope.path + text_of(element.tag)
    if tag == _TRAILING_PADDING:
        return
    if element.is_private and tag & 0xFFFF:
        yield from _private(scope, element, path)
        return
    uses = scope.level.uses.get(_plain(tag), ())
    entry = dictionary.by_tag(tag)
    is_length = tag & 0xFFFF == 0
    if is_length and tag > _DIRECTORY_GROUP:
        yield Finding(Severity.NOTE, path, "retired", "group lengths are retired", "PS3.5 §7.2")
    elif entry is not None and entry.retired and not is_length:
        yield Finding(Severity.NOTE, path, "retired", f"{entry.keyword} is retired", "PS3.6 §6")
    elif entry is None and not is_length:
        text = f"({tag >> 16:04X},{tag & 0xFFFF:04X}) is not of the dictionary"
        yield Finding(Severity.WARNING, path, "unknown-element", text, "PS3.6 §6")
    elif not uses and not is_length and not scope.level.is_open and tag != scope.level.sequence:
        where = (
            f"an item of {dictionary.keyword(scope.level.sequence)}"
            if scope.level.sequence
            else "this object"
        )
        text = f"{validate_values.name(element)} is of no module of {where}"
        yield Finding(Severity.WARNING, path, "not-in-iod", text, "PS3.4 §3.11.3")
    yield from validate_values.check(element, path)
    used = tuple(use for use in uses if use.module.key in active)
    if element.vr == "SQ":
        yield from codes(element, used, path)
    else:
        yield from enumerated(element, used, scope, path)


def _private(scope: Scope, element: Element, path: str) -> Iterator[Finding]:
    tag = element.tag
    number = tag & 0xFFFF
    if number and number < 0x10:
        text = f"({tag >> 16:04X},{number:04X}) is in no block that a creator can reserve"
        yield Finding(Severity.ERROR, path, "private-element", text, "PS3.5 §7.8.1")
    elif number > 0xFF and not creator_of(scope.data, tag):
        text = f"({tag >> 16:04X},{number:04X}) has no private creator"
        yield Finding(Severity.WARNING, path, "private-creator", text, "PS3.5 §7.8.1")
    elif 0x10 <= number <= 0xFF and not element.length:
        text = f"({tag >> 16:04X},{number:04X}) reserves a block for nobody"
        yield Finding(Severity.ERROR, path, "private-creator", text, "PS3.5 §7.8.1")
    if element.vr != "SQ" and element.wire_vr:
        yield from validate_values.check(element, path)
