"""Which conversion leads where: the routes by source and target, and the one call that takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..dicom import Package
from ..errors import UsageError
from ..hl7 import Message
from ..model import Sender
from . import carry, forward, patient_update, worklist
from . import crosswalk as crosswalks
from .crosswalk import Crosswalk
from .result import Result

Named = tuple[str, Package]
Source = Package | Message | Sequence[Named]


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
        for makes, kinds in ((report_forward, ("oru",)), (document_forward, ("oru", "mdm"))):
            if kind in kinds and any(makes.holds(package.data) for _, package in source):
                return makes.to_message(source, kind, options.crosswalk, options.sender, carry_all=carry_all)
        return forward.to_message(source, kind, options.crosswalk, options.sender, carry_all=carry_all)

    return take


def _worklist(source: object, options: Options) -> Result:
    assert isinstance(source, Message)
    return worklist.from_message(source, options.crosswalk)


def _patient(source: object, options: Options) -> Result:
    assert isinstance(source, Message)
    if options.onto is None:
        raise UsageError(
            "a patient update needs the object that it applies to", hint="name it with --onto FILE"
        )
    return patient_update.apply(source, options.onto, options.crosswalk)


def _rebuilt(source: object, options: Options) -> Result:
    assert isinstance(source, Message)
    return carry.restore(source)


ROUTES: dict[tuple[str, str], Route] = {
    (route.source, route.target): route
    for route in (
        Route("dicom", "oru", "ORU^R01 2.5.1: images available, report or document", _message("oru")),
        Route("dicom", "omi", "OMI^O23 2.5.1: imaging order", _message("omi")),
        Route("dicom", "orm", "ORM^O01 2.3.1 with ZDS: general order", _message("orm")),
        Route("dicom", "omg", "OMG^O19 2.5.1 with ZDS: general clinical order", _message("omg")),
        Route("dicom", "adt", "ADT^A08 2.5.1: update patient information", _message("adt")),
        Route("hl7", "worklist", "Modality Worklist items, one a step", _worklist),
        Route("hl7", "patient", "a stored object with the patient's attributes updated", _patient),
        Route("hl7", "dicom", "the data set that an ORU with --carry all holds", _rebuilt),
    )
}


def convert(source: Source, to: str, options: Options | None = None) -> Result:
    """Convert what a codec has parsed into another standard.

    `source` is a DICOM package, several of one study with their names, or a v2 message; `to` is the
    target of a route. Raises UsageError where no route leads there, MappingError where the content
    has no faithful form in the target.
    """
    standard = "hl7" if isinstance(source, Message) else "dicom"
    route = ROUTES.get((standard, to))
    if route is None:
        targets = ", ".join(target for origin, target in ROUTES if origin == standard)
        raise UsageError(f"no route leads from {standard} to '{to}'", hint=f"known targets are {targets}")
    if isinstance(source, Package):
        source = [("", source)]
    return route.take(source, options or Options())
