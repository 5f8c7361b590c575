"""Which conversion leads where: the routes by source and target, and the one call that takes them.

A route loads what it needs when it is taken, so that one conversion does not wait for all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, Union, cast

from ..dicom import Package
from ..errors import UsageError
from ..hl7 import Message
from ..model import Sender
from . import crosswalk as crosswalks
from .crosswalk import Crosswalk
from .result import Result

if TYPE_CHECKING:
    from ..fhir import Resource

Named = tuple[str, Package]
Source: TypeAlias = Union[Package, Message, "Resource", Sequence[Named]]


@dataclass(frozen=True, slots=True)
class Options:
    """What a conversion may be told: the rows, the sender named in MSH, and how much to carry.

    `carry` is `rows` (what the crosswalk has a place for) or `all` (every element but pixels as an
    observation, so that the receiver can rebuild the header). `onto` is the object that a patient update
    is applied to.
    """

    crosswalk: Crosswalk = field(default_factory=crosswalks.default)
    sender: Sender = Sender()
    carry: str = "rows"
    onto: Package | None = None


VALUE_TYPE, ENCAPSULATED_DOCUMENT = 0x0040A040, 0x00420011
"""What tells a structured report and an encapsulated document from images: PS3.3 §C.17.3, §C.24.2."""

Take = Callable[[object, Options], Result]


@dataclass(frozen=True, slots=True)
class Route:
    """One route: where it comes from, where it leads, and in words what it makes."""

    source: str
    target: str
    makes: str
    take: Take


def _message(kind: str) -> Take:
    def take(source: object, options: Options) -> Result:
        assert isinstance(source, list)
        carry_all = options.carry == "all"
        if len(source) == 1 and kind in {"oru", "mdm"}:
            data = source[0][1].data
            if kind == "oru" and data.get(VALUE_TYPE) == "CONTAINER":
                from . import report_forward

                return report_forward.to_message(
                    source, kind, options.crosswalk, options.sender, carry_all=carry_all
                )
            if ENCAPSULATED_DOCUMENT in data:
                from . import document_forward

                return document_forward.to_message(
                    source, kind, options.crosswalk, options.sender, carry_all=carry_all
                )
        from . import forward

        return forward.to_message(source, kind, options.crosswalk, options.sender, carry_all=carry_all)

    return take


def _worklist(source: object, options: Options) -> Result:
    from . import worklist

    assert isinstance(source, Message)
    return worklist.from_message(source, options.crosswalk)


def _patient(source: object, options: Options) -> Result:
    assert isinstance(source, Message)
    if options.onto is None:
        raise UsageError(
            "a patient update needs the object that it applies to", hint="name it with --onto FILE"
        )
    from . import patient_update

    return patient_update.apply(source, options.onto, options.crosswalk)


def _rebuilt(source: object, options: Options) -> Result:
    from . import carry

    assert isinstance(source, Message)
    return carry.restore(source)


def _report(source: object, options: Options) -> Result:
    from . import report_back

    assert isinstance(source, Message)
    return report_back.to_sr(source, options.crosswalk)


def _documents(source: object, options: Options) -> Result:
    from . import document_back

    assert isinstance(source, Message)
    return document_back.to_documents(source, options.crosswalk)


def _bundle(source: object, options: Options) -> Result:
    from . import fhir_forward  # the definitions of FHIR are read for FHIR alone

    if isinstance(source, Message):
        return fhir_forward.from_message(source, options.crosswalk)
    assert isinstance(source, list)
    return fhir_forward.to_bundle(source, options.crosswalk, options.sender)


def _requested(source: object, options: Options) -> Result:
    from . import fhir_worklist

    return fhir_worklist.from_resource(cast("Resource", source), options.crosswalk)


ROUTES: dict[tuple[str, str], Route] = {
    (route.source, route.target): route
    for route in (
        Route("dicom", "oru", "ORU^R01 2.5.1: images available, report or document", _message("oru")),
        Route("dicom", "omi", "OMI^O23 2.5.1: imaging order", _message("omi")),
        Route("dicom", "orm", "ORM^O01 2.3.1 with ZDS: general order", _message("orm")),
        Route("dicom", "omg", "OMG^O19 2.5.1 with ZDS: general clinical order", _message("omg")),
        Route("dicom", "adt", "ADT^A08 2.5.1: update patient information", _message("adt")),
        Route("dicom", "mdm", "MDM^T02 2.5.1: an encapsulated document; T10 replaces", _message("mdm")),
        Route("dicom", "fhir", "FHIR R4 bundle: patient, order, study, report and documents", _bundle),
        Route("hl7", "fhir", "FHIR R4 bundle of the patient, visit, orders and steps", _bundle),
        Route("fhir", "worklist", "Modality Worklist items, one a step of a ServiceRequest", _requested),
        Route("hl7", "worklist", "Modality Worklist items, one a step", _worklist),
        Route("hl7", "patient", "a stored object with the patient's attributes updated", _patient),
        Route("hl7", "sr", "a structured report: the tree it was made from, texts, or measurements", _report),
        Route("hl7", "document", "encapsulated documents: PDF, CDA or STL, one for each ED", _documents),
        Route("hl7", "dicom", "the data set that an ORU with --carry all holds", _rebuilt),
    )
}


def convert(source: Source, to: str, options: Options | None = None) -> Result:
    """Convert what a codec has parsed into another standard.

    `source` is a DICOM package, several of one study with their names, a v2 message or a FHIR resource;
    `to` is the target of a route. Raises UsageError where no route leads there, MappingError where the
    content has no faithful form in the target.
    """
    standard = "fhir"
    if isinstance(source, Message):
        standard = "hl7"
    elif isinstance(source, (Package, Sequence)):
        standard = "dicom"
    route = ROUTES.get((standard, to))
    if route is None:
        targets = ", ".join(target for origin, target in ROUTES if origin == standard)
        raise UsageError(f"no route leads from {standard} to '{to}'", hint=f"known targets are {targets}")
    if isinstance(source, Package):
        source = [("", source)]
    return route.take(source, options or Options())
