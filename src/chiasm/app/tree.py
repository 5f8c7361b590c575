"""A file of any standard as rows of a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import dicom, hl7
from ..errors import UsageError
from ..services.outline import Node, of_data_set, of_message, of_resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sources import Source


def nodes(source: Source) -> Iterator[Node]:
    """The rows of one file.

    Raises UsageError for a standard that has no tree here, ParseError for what cannot be read.
    """
    standard = source.standard()
    if standard in {"dicom-json", "dicom-xml"}:
        read = dicom.parse_json if standard == "dicom-json" else dicom.parse_xml
        yield from of_data_set(read(source.read(), source=source.name))
    elif standard == "dicom":
        package = source.package()
        yield from of_data_set(package.header)
        yield from of_data_set(package.data)
    elif standard in {"hl7", "hl7-xml"}:
        data = source.read()
        messages = (
            (hl7.from_xml(data),)
            if standard == "hl7-xml"
            else hl7.parse_batch(data, source=source.name).messages
        )
        for message in messages:
            yield from of_message(message)
    elif standard == "fhir":
        from .. import fhir

        yield from of_resource(fhir.parse(source.read(), source=source.name).content)
    else:
        raise UsageError(f"a {standard} file has no tree to show", source=source.name)
