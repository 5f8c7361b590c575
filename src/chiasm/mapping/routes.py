"""Which conversion leads where: the routes by source and target, and the one call that takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..dicom import Package
from ..errors import UsageError
from ..hl7 import Message
from ..model import Sender
from . import crosswalk as crosswalks
from . import forward
from .crosswalk import Crosswalk
from .result import Result

Named = tuple[str, Package]
Source = Package | Message | Sequence[Named]


@dataclass(frozen=True, slots=True)
class Options:
    """What a conversion may be told: the rows, the sender named in MSH, and how much to carry.

    `carry` is `rows` (what the crosswalk has a place for) or `all` (every element but pixels as an
    observation, so that the receiver can rebuild the header).
    """

    crosswalk: Crosswalk = field(default_factory=crosswalks.default)
    sender: Sender = Sender()
    carry: str = "rows"


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
        return forward.to_message(source, kind, options.crosswalk, options.sender, carry_all=carry_all)

    return take


ROUTES: dict[tuple[str, str], Route] = {
    (route.source, route.target): route
    for route in (
        Route("dicom", "oru", "ORU^R01 2.5.1: images available, report or document", _message("oru")),
        Route("dicom", "omi", "OMI^O23 2.5.1: imaging order", _message("omi")),
        Route("dicom", "orm", "ORM^O01 2.3.1 with ZDS: general order", _message("orm")),
        Route("dicom", "omg", "OMG^O19 2.5.1 with ZDS: general clinical order", _message("omg")),
        Route("dicom", "adt", "ADT^A08 2.5.1: update patient information", _message("adt")),
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
