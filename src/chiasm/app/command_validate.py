"""`chiasm validate`: what is broken, where, and by which rule."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from .. import hl7
from ..errors import ChiasmError, Finding, Severity, UsageError
from .sources import gather

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sources import Source

Placed = tuple[str, Finding]


def validate_command(names: list[str], profile: str, *, as_json: bool) -> int:
    """Print the findings of each file; 1 where any is an error."""
    status = 0
    errors = warnings = files = 0
    for source in gather(names):
        files += 1
        try:
            for place, finding in _findings(source, profile):
                errors += finding.severity is Severity.ERROR
                warnings += finding.severity is Severity.WARNING
                _print(place, finding, as_json)
        except ChiasmError as error:
            sys.stderr.write(f"chiasm: {error if error.source else f'{source.name}: {error}'}\n")
            status = 2
    if not as_json:
        sys.stdout.write(f"{files} checked: {errors} errors, {warnings} warnings\n")
    return status or (1 if errors else 0)


def _findings(source: Source, profile: str) -> Iterator[Placed]:
    standard = source.standard()
    if standard == "dicom":
        from ..dicom.validate import validate

        package = source.package()
        for finding in validate(package):
            yield source.name, finding
        for finding in package.findings:  # last: items are read, and deviations found, while it is checked
            yield source.name, finding
    elif standard in {"hl7", "hl7-xml"}:
        data = source.read()
        loaded = hl7.load_profile(profile) if profile else None
        if standard == "hl7-xml":
            messages = [hl7.from_xml(data)]
        else:
            batch = hl7.parse_batch(data)
            messages = list(batch.messages)
            for finding in batch.findings:
                yield source.name, finding
        for number, message in enumerate(messages, 1):
            name = f"{source.name}#{number}" if len(messages) > 1 else source.name
            for finding in message.validate(loaded):
                yield name, finding
    elif standard == "fhir":
        from .. import fhir

        for finding in fhir.validate(fhir.parse(source.read())):
            yield source.name, finding
    else:
        raise UsageError(f"there are no rules here for a {standard} file", source=source.name)


def _print(place: str, finding: Finding, as_json: bool) -> None:
    if as_json:
        record = {
            "file": place,
            "severity": finding.severity.value,
            "path": finding.path,
            "rule": finding.rule,
            "message": finding.message,
            "citation": finding.citation,
        }
        sys.stdout.write(json.dumps(record, ensure_ascii=False) + "\n")
        return
    cite = f" [{finding.citation}]" if finding.citation else ""
    sys.stdout.write(
        f"{place}: {finding.severity.value}: {finding.path}: {finding.message} ({finding.rule}){cite}\n"
    )
