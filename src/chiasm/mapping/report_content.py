"""From the observations of any ORU to the content of a report: headings and texts, or measurements.

Numbers make it a TID 1500 report, one measurement group for each prefix of OBX-4; without numbers it is
a TID 2000 one, a section for each code of OBX-3. What an observation says that no content item can is
refused and told, never guessed. PS3.16 §TID 1500, §TID 1501, §TID 2000; HL7 v2.5.1 §7.4.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import ChiasmError
from ..model import Coded, Content
from . import sr_elements as sr
from .report_values import NO_RESULT, Refusal, actionable, coded, flags, limits, numbered, valued
from .sr_decorations import LOWER, UPPER
from .sr_rebuild import path_of
from .times import from_v2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..model import Person, Position
    from .report_obx import Obx

MEASUREMENT_REPORT = Coded("126000", "DCM", "Imaging Measurement Report")
DIAGNOSTIC_REPORT = Coded("18748-4", "LN", "Diagnostic Imaging Report")
MEASUREMENTS = Coded("126010", "DCM", "Imaging Measurements")
GROUP = Coded("125007", "DCM", "Measurement Group")
PROCEDURE = Coded("121058", "DCM", "Procedure reported")
OBSERVER_TYPE, PERSON_TYPE = Coded("121005", "DCM", "Observer Type"), Coded("121006", "DCM", "Person")
OBSERVER_NAME = Coded("121008", "DCM", "Person Observer Name")

CONTAINS, MODIFIER, CONTEXT, PROPERTY = "CONTAINS", "HAS CONCEPT MOD", "HAS OBS CONTEXT", "HAS PROPERTIES"
TEXTS, MEASURED = "report.text", "report.measurement"

_MODIFYING = {sr.FINDING_SITE.code: MODIFIER, sr.LATERALITY.code: MODIFIER}
_CONTEXTUAL = frozenset({sr.TRACKING_IDENTIFIER.code, sr.TRACKING_UID.code})
"""Observations that say of their group where it is, and which one it is. PS3.16 §TID 1501."""


@dataclass(slots=True)
class Tree:
    """A tree of content items that grows from its root."""

    items: dict[Position, Content] = field(default_factory=dict)
    _counts: dict[Position, int] = field(default_factory=dict)

    def add(
        self, parent: Position, relationship: str, value_type: str, name: Coded | None, **fields: Any
    ) -> Position:
        """Add an item below a position; gives back its own."""
        number = self._counts.get(parent, 0) + 1
        self._counts[parent] = number
        position = (*parent, number)
        self.items[position] = Content(position, relationship, value_type, name, **fields)
        return position

    def container(self, parent: Position, name: Coded, template: str = "") -> Position:
        """Add a heading."""
        relationship = CONTAINS if parent else ""
        return self.add(parent, relationship, "CONTAINER", name, text="SEPARATE", template=template)

    def finished(self) -> tuple[Content, ...]:
        """The items in the order of the document."""
        return tuple(self.items[position] for position in sorted(self.items))


def has_numbers(found: Iterable[Obx]) -> bool:
    """Whether any observation is a number, so that the report is one of measurements."""
    return any(one.kind in {"NM", "SN"} for one in found)


def build(
    found: list[Obx], procedures: tuple[Coded, ...], observer: Person | None, observer_name: str
) -> tuple[Content, ...]:
    """The content that observations say; none where no observation says any."""
    measured = has_numbers(found)
    tree = Tree()
    root = tree.container(
        (), MEASUREMENT_REPORT if measured else DIAGNOSTIC_REPORT, "1500" if measured else "2000"
    )
    if observer is not None and observer_name:
        tree.add(root, CONTEXT, "CODE", OBSERVER_TYPE, code=PERSON_TYPE)
        tree.add(root, CONTEXT, "PNAME", OBSERVER_NAME, text=observer_name)
    for procedure in procedures:
        if procedure.code and procedure.scheme and procedure.meaning:
            tree.add(root, MODIFIER, "CODE", PROCEDURE, code=procedure)
    above = tree.container(root, MEASUREMENTS) if measured else root
    before = len(tree.items)
    places: dict[object, Position] = {}
    for one in found:
        try:
            _add(tree, one, above, places, measured)
        except ChiasmError as error:
            one.refusal = f"refused: {error.message}"
    return tree.finished() if len(tree.items) > before else ()


def _add(tree: Tree, one: Obx, above: Position, places: dict[object, Position], measured: bool) -> None:
    status = one.peek(11)
    if status in NO_RESULT:
        raise Refusal(f"its status {status} says that it is no result")
    name = coded(one, 3)
    if not name:
        raise Refusal("it has no code and no name")
    fields, kind = valued(one)
    moment = one.text(14)
    if moment:
        fields["observed"] = from_v2(moment)
    if kind == "NUM":
        fields["unit"] = numbered(one, fields)
    qualifiers = _qualifiers(one, kind, fields)
    relationship = CONTAINS
    if name.code in _CONTEXTUAL:
        relationship = CONTEXT
    elif kind == "CODE":
        relationship = _MODIFYING.get(name.code, CONTAINS)
    # From here on nothing is refused, so that no heading is left without its items.
    parent = _parent(tree, one, name, above, places, measured)
    position = tree.add(parent, relationship, kind, name, **fields)
    for below, value_type, concept, said in qualifiers:
        tree.add(position, below, value_type, concept, **said)
    one.use(path_of(position), MEASURED if measured else TEXTS)


def _parent(
    tree: Tree, one: Obx, name: Coded, above: Position, places: dict[object, Position], measured: bool
) -> Position:
    """The group or section that an observation belongs to, made when it is first needed."""
    if not measured:
        if name not in places:
            places[name] = tree.container(above, name)
        return places[name]
    sub_id = one.text(4)
    prefix = sub_id.rpartition(".")[0] or sub_id
    if prefix not in places:
        group = places[prefix] = tree.container(above, GROUP, "1501")
        if prefix:
            tree.add(group, CONTEXT, "TEXT", sr.TRACKING_IDENTIFIER, text=prefix)
    return places[prefix]


def _qualifiers(one: Obx, kind: str, fields: dict[str, Any]) -> list[tuple[str, str, Coded, dict[str, Any]]]:
    """What the fields of an OBX say of its value, as items to go below it."""
    found: list[tuple[str, str, Coded, dict[str, Any]]] = [
        (MODIFIER, "CODE", sr.NORMALITY, {"code": flag}) for flag in flags(one)
    ]
    method = coded(one, 17)
    if method:
        found.append((MODIFIER, "CODE", sr.MEASUREMENT_METHOD, {"code": method}))
    category = actionable(one)
    if category:
        found.append((MODIFIER, "CODE", sr.ACTIONABLE, {"code": category}))
    if kind != "NUM":
        return found
    for name, limit in zip((LOWER, UPPER), limits(one), strict=True):
        if limit:
            found.append((PROPERTY, "NUM", name, {"numbers": (limit,), "unit": fields["unit"]}))
    comparator = one.component(5, 1) if one.kind == "SN" else ""
    if comparator and comparator != "=":
        found.append((MODIFIER, "TEXT", sr.COMPARATOR, {"text": comparator}))
    return found
