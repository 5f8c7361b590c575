"""`chiasm.convert`: one call from a file, or bytes, to the other standard."""

from __future__ import annotations

import functools
import os
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .. import hl7, mapping
from ..errors import ParseError, UsageError
from ..model import Instant, Sender
from .sources import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..mapping.crosswalk import Crosswalk
    from ..mapping.routes import Options

_DICOM = frozenset({"dicom", "dicom-json", "dicom-xml"})
_HEADERS = re.compile(rb"(?:\A|[\r\n\x0b\x1c])\s*(?:\xef\xbb\xbf)?(MSH|FHS|BHS)")
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def now() -> Instant:
    """This moment, to the second, with the zone of this machine."""
    moment = datetime.now().astimezone()
    return Instant(moment.strftime("%Y%m%d%H%M%S"), "", moment.strftime("%z"))


def convert(
    source: str | Path | bytes,
    to: str,
    *,
    carry: str = "rows",
    crosswalk: str | Path | None = None,
    onto: str | Path | None = None,
) -> mapping.Result:
    """Convert one file, or the bytes of one, into another standard.

    `to` is a target as `oru`, `omi`, `orm`, `adt`, `fhir`, `worklist`, `sr`; `carry="all"` takes every
    element but pixels along; `crosswalk` is a site's own table; `onto` the object that a patient update
    applies to. Raises ParseError for what cannot be read, UsageError where no route leads there,
    MappingError where the content has no faithful form.
    """
    one = (
        Source("bytes", data=source) if isinstance(source, bytes) else Source(str(source), path=Path(source))
    )
    return convert_source(one, to, options(carry, crosswalk, onto))


def options(
    carry: str = "rows", crosswalk: str | Path | None = None, onto: str | Path | None = None
) -> Options:
    """The options of a conversion, a site's crosswalk loaded and checked."""
    from ..mapping.routes import Options

    if carry not in {"rows", "all"}:
        raise UsageError(f"'{carry}' is not a way to carry", hint="known are rows and all")
    target = Source(str(onto), path=Path(onto)).package() if onto else None
    return Options(_rows(str(crosswalk or "")), Sender(sent=now()), carry, target)


@functools.lru_cache(maxsize=4)
def _rows(path: str) -> Crosswalk:
    """The rows, read once for all conversions of a run."""
    from ..mapping.crosswalk import default, load

    return load(path) if path else default()


def fresh(chosen: Options) -> Options:
    """The options for one more message, with a control ID that no other has. HL7 v2.5.1 §2.15.9.10."""
    sender = replace(chosen.sender, control_id=os.urandom(10).hex().upper())
    return replace(chosen, sender=sender)


def convert_source(source: Source, to: str, chosen: Options) -> mapping.Result:
    """Convert one source, whichever standard it is written in."""
    standard = source.standard()
    chosen = fresh(chosen)
    if standard in _DICOM:
        return mapping.convert([(source.name, source.package())], to, chosen)
    if standard == "hl7":
        return mapping.convert(hl7.parse(source.read(), source=source.name), to, chosen)
    if standard == "hl7-xml":
        return mapping.convert(hl7.from_xml(source.read()), to, chosen)
    if standard == "fhir":
        from .. import fhir

        return mapping.convert(fhir.parse(source.read(), source=source.name), to, chosen)
    raise UsageError(f"a {standard} file is not a source of conversions", source=source.name)


def apart(source: Source) -> Iterator[Source]:
    """The messages of a file that holds several, as `name#2`; any other source as it is.

    Raises ParseError for what cannot be read.
    """
    if source.standard() != "hl7":
        yield source
        return
    data = source.read()
    if _HEADERS.findall(data) == [b"MSH"] and data[:2] not in _WIDE:
        yield source
        return
    messages = hl7.parse_batch(data, source=source.name).messages
    if not messages:
        raise ParseError("the batch holds no message", source=source.name)
    for number, message in enumerate(messages, 1):
        name = f"{source.name}#{number}" if len(messages) > 1 else source.name
        yield Source(name, data=message.encode())
