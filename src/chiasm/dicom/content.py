"""Content items of structured reports, built one by one. PS3.3 §C.17.3."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import UsageError
from .dataset import DataSet
from .general import code

CONTAINS = "CONTAINS"

Concept = Sequence[str]
"""A code as (value, scheme, meaning)."""


def content_item(value_type: str, name: Concept, relationship: str = CONTAINS) -> DataSet:
    """A content item without its value: what all value types have in common."""
    data = DataSet()
    if relationship:
        data["RelationshipType"] = relationship
    data["ValueType"] = value_type
    data["ConceptNameCodeSequence"] = [code(*name)]
    return data


def container(
    name: Concept, children: Sequence[DataSet], template: str = "", relationship: str = CONTAINS
) -> DataSet:
    """A heading with the items below it; `template` is the number of its template, as `1500`."""
    data = content_item("CONTAINER", name, relationship)
    data["ContinuityOfContent"] = "SEPARATE"
    if template:
        used = DataSet()
        used["MappingResource"] = "DCMR"
        used["TemplateIdentifier"] = template
        data["ContentTemplateSequence"] = [used]
    if children:
        data["ContentSequence"] = list(children)
    return data


def text(name: Concept, value: str, relationship: str = CONTAINS) -> DataSet:
    """A text item."""
    data = content_item("TEXT", name, relationship)
    data["TextValue"] = value
    return data


def coded(name: Concept, value: Concept, relationship: str = CONTAINS) -> DataSet:
    """An item whose value is a code."""
    data = content_item("CODE", name, relationship)
    data["ConceptCodeSequence"] = [code(*value)]
    return data


def number(name: Concept, value: str, unit: Concept, relationship: str = CONTAINS) -> DataSet:
    """A measured number with its unit of UCUM."""
    data = content_item("NUM", name, relationship)
    measured = DataSet()
    measured["MeasurementUnitsCodeSequence"] = [code(*unit)]
    measured["NumericValue"] = value
    data["MeasuredValueSequence"] = [measured]
    return data


def simple(value_type: str, name: Concept, value: str, relationship: str = CONTAINS) -> DataSet:
    """A PNAME, DATE, TIME, DATETIME or UIDREF item."""
    keyword = {"PNAME": "PersonName", "DATE": "Date", "TIME": "Time", "DATETIME": "DateTime", "UIDREF": "UID"}
    data = content_item(value_type, name, relationship)
    data[keyword[value_type]] = value
    return data


def referenced(
    value_type: str, sop_class: str, instance: str, name: Concept | None = None, relationship: str = CONTAINS
) -> DataSet:
    """An IMAGE, WAVEFORM or COMPOSITE item."""
    data = DataSet()
    data["RelationshipType"] = relationship
    data["ValueType"] = value_type
    if name:
        data["ConceptNameCodeSequence"] = [code(*name)]
    data["ReferencedSOPSequence"] = [reference(sop_class, instance)]
    return data


def reference(sop_class: str, instance: str) -> DataSet:
    """A reference to an instance: PS3.3 §10.8."""
    data = DataSet()
    data["ReferencedSOPClassUID"] = sop_class
    data["ReferencedSOPInstanceUID"] = instance
    return data


def from_mapping(source: Mapping[str, Any]) -> DataSet:
    """The item that a mapping describes: `type`, `name`, `value`, and `unit`, `relationship`, `items`.

    Names, units and codes are [value, scheme, meaning]; the value of an image is [SOP class, SOP instance,
    series] and its study where that is another one than the report's.
    Children are built with a stack, so depth costs nothing. Raises UsageError for what is no item.
    """
    root = _one(source)
    pending = [(root, source)]
    while pending:
        data, described = pending.pop()
        below = described.get("items") or ()
        if below:
            children = [_one(one) for one in below]
            data["ContentSequence"] = children
            pending += zip(children, below, strict=True)
    return root


def _one(source: Mapping[str, Any]) -> DataSet:
    value_type = str(source.get("type", ""))
    name, value = source.get("name"), source.get("value")
    relationship = str(source.get("relationship", CONTAINS))
    try:
        if value_type == "CONTAINER":
            return container(name or (), (), str(source.get("template", "")), relationship)
        if value_type == "TEXT":
            return text(name or (), str(value), relationship)
        if value_type == "CODE":
            return coded(name or (), value or (), relationship)
        if value_type == "NUM":
            return number(
                name or (), str(value), source.get("unit") or ("1", "UCUM", "no units"), relationship
            )
        if value_type in {"PNAME", "DATE", "TIME", "DATETIME", "UIDREF"}:
            return simple(value_type, name or (), str(value), relationship)
        if value_type in {"IMAGE", "WAVEFORM", "COMPOSITE"}:
            sop_class, instance, *_ = value if isinstance(value, (list, tuple)) else ()
            return referenced(value_type, str(sop_class), str(instance), name, relationship)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"a {value_type} item is described wrongly: {error}",
            rule="PS3.3 §C.17.3",
            hint="a name is [value, scheme, meaning]",
        ) from error
    raise UsageError(f"'{value_type}' is not a value type that can be described", rule="PS3.3 §C.17.3.2.1")
