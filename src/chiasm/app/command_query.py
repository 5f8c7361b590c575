"""`chiasm query`: what a DICOM peer holds, as a table or as DICOM JSON. PS3.4 §C.4.1."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ..dicom.dataset import DataSet
from ..errors import ServiceError, UsageError
from ..standards import dictionary
from . import quick_loop
from .command_echo import peer_of
from .terminal import printable

_LEVELS = {"patient": "PATIENT", "study": "STUDY", "series": "SERIES", "instance": "IMAGE"}
_ROOTS = {"patient": "1.2.840.10008.5.1.4.1.2.1.1", "study": "1.2.840.10008.5.1.4.1.2.2.1"}
_SYNTAXES = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
_TOLD = {
    "patient": ("PatientID", "PatientName", "PatientBirthDate", "PatientSex"),
    "study": (
        "PatientID", "PatientName", "StudyDate", "StudyTime", "ModalitiesInStudy", "StudyDescription",
        "AccessionNumber", "NumberOfStudyRelatedInstances", "StudyInstanceUID",
    ),
    "series": (
        "SeriesNumber", "Modality", "SeriesDescription", "NumberOfSeriesRelatedInstances", "StudyInstanceUID",
        "SeriesInstanceUID",
    ),
    "instance": ("InstanceNumber", "SOPClassUID", "SeriesInstanceUID", "SOPInstanceUID"),
}  # fmt: skip
"""What is asked to be told at each level beside what is matched."""

_PENDING = frozenset({0xFF00, 0xFF01})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: `keys` as KEYWORD=VALUE to match or KEYWORD to be told of, dots leading into sequences."""

    keys: tuple[str, ...] = ()
    level: str = "study"
    root: str = "study"
    calling: str = "CHIASM"


def query_command(peer: str, asked: Asked, *, as_json: bool) -> int:
    """Ask and show; 0 where the peer answered, 2 where it did not. UsageError for a key that is none."""
    peer_of(peer)
    identifier, columns = identifier_of(asked)
    try:
        return quick_loop.run(_show(peer, asked, identifier, columns, as_json=as_json))
    except ServiceError as error:
        sys.stderr.write(f"chiasm: {printable(str(error))}\n")
        return 2


def identifier_of(asked: Asked) -> tuple[DataSet, list[str]]:
    """The identifier of a question and the keywords that it asks for. Raises UsageError."""
    if asked.level not in _LEVELS or asked.root not in _ROOTS:
        raise UsageError("a level is patient, study, series or instance; a root is study or patient")
    if asked.level == "patient" and asked.root == "study":
        raise UsageError("patients are asked for with --root patient", rule="PS3.4 §C.6.2")
    found = DataSet()
    found.set("SpecificCharacterSet", "ISO_IR 192")
    found.set("QueryRetrieveLevel", _LEVELS[asked.level])
    columns = list(_TOLD[asked.level])
    for keyword in columns:
        found.set(keyword, None)
    for key in asked.keys:
        path, _, value = key.partition("=")
        keywords = path.split(".")
        for keyword in keywords:
            if dictionary.tag(keyword) is None:
                raise UsageError(f"{keyword!r} is no keyword of DICOM", source=key)
        place = "/0/".join(keywords)
        found.set(place, value or None)
        if len(keywords) == 1 and keywords[0] not in columns:
            columns.append(keywords[0])
    return found, columns


async def _show(peer: str, asked: Asked, identifier: DataSet, columns: list[str], *, as_json: bool) -> int:
    rows: list[list[str]] = []
    async for data in find(peer, asked, identifier):
        if as_json:
            from ..dicom.json_model import dump, to_dict

            sys.stdout.write(dump(to_dict(data)) + "\n")
        else:
            rows.append([_text(data, keyword) for keyword in columns])
    if not as_json:
        _table(columns, rows)
    return 0


async def find(peer: str, asked: Asked, identifier: DataSet) -> AsyncIterator[DataSet]:
    """The peer's answers as they come. ServiceError where it refuses, fails or is not reached."""
    from ..net import dimse_identifier
    from ..net.dimse_client import Proposal, connect

    title, host, port = peer_of(peer)
    model = _ROOTS[asked.root]
    contexts = [Proposal(model, _SYNTAXES)]
    async with await connect(host, port, calling=asked.calling, called=title, contexts=contexts) as client:
        context = client.context_for(model)
        if context is None:
            raise ServiceError("unknown-sop-class", "the peer answers no queries of this root", source=title)
        question = dimse_identifier.write(identifier, context.transfer_syntax)
        async for command, data in client.find(model, question):
            if command.status in _PENDING:
                yield dimse_identifier.read(data, context.transfer_syntax)
            elif command.status:
                told = f": {command.error_comment}" if command.error_comment else ""
                raise ServiceError(
                    "fault", f"the peer failed with status {command.status:04X}{told}", source=title
                )


def _text(data: DataSet, keyword: str) -> str:
    value = data.get(keyword)
    values = value if isinstance(value, tuple) else () if value is None else (value,)
    return printable("\\".join(str(one) for one in values))


def _table(columns: list[str], rows: list[list[str]]) -> None:
    """Rows on a terminal in columns, into a pipe parted by tabs."""
    if not sys.stdout.isatty():
        sys.stdout.write("".join("\t".join(one) + "\n" for one in [columns, *rows]))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(one) for one in row))
    Console().print(table)
    sys.stdout.write(f"{len(rows)} found\n")
