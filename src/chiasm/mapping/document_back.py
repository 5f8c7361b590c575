"""From ED observations of an ORU or MDM to encapsulated documents: PDF, CDA or STL.

What a document is follows from its bytes, not from what the message calls it. PS3.3 §C.24.2;
HL7 v2.5.1 §2.A.24, §9.6.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import re
from datetime import datetime
from typing import TYPE_CHECKING

from .. import dicom
from ..dicom.encapsulated import encapsulated, kind_of
from ..errors import MappingError, UsageError
from ..model import Order, Visit
from . import account, case_v2
from .data_sets import DataSetWriter
from .document_forward import BURNED_IN, CONCEPT, TITLE
from .report_back import AROUND, VISIT, only, uid
from .report_header import VERIFICATION
from .report_obx import entries as obx_entries
from .report_obx import observations
from .report_request import answer_of
from .report_values import coded
from .result import Result
from .sr_attributes import data_set
from .sr_build import code_node
from .times import DateTimeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..hl7 import Message
    from ..model import Case, Entry, Instant
    from .case_v2 import MessageReading
    from .crosswalk import Crosswalk
    from .report_obx import Obx
    from .report_request import Answer

RULE, TARGET = "document.data", "an encapsulated document"
_DECLARED = re.compile(r"<\?xml[^>]{0,100}\bencoding=[\"']([\w.-]{1,40})[\"']")
_DETAILS = {f"{TITLE:08X}": "DocumentTitle", f"{BURNED_IN:08X}": "BurnedInAnnotation"}


def to_documents(message: Message, crosswalk: Crosswalk) -> Result:
    """The documents that a message brings, as Part 10 files, one for each.

    Raises MappingError for a message without one, for broken Base64, and for bytes of no known kind.
    """
    reading = case_v2.read(message, crosswalk)
    found = observations(message)
    brought = [one for one in found if one.kind == "ED"]
    if not brought:
        raise MappingError(
            "it brings no document", rule="HL7 v2.5.1 §2.A.24", hint="a document is an OBX of type ED"
        )
    answer = answer_of(message)
    issued = answer.issued or reading.case.sender.sent
    seed = hashlib.sha256(message.encode()).digest()
    writer = DataSetWriter(crosswalk)
    details = _details(found)
    outputs = [
        _document(one, reading.case, writer, answer, issued, details, seed + bytes([number & 255]))
        for number, one in enumerate(brought)
    ]
    return Result(
        outputs[0], "document", _account(message, reading, writer, found, answer), more=tuple(outputs[1:])
    )


def _account(
    message: Message, reading: MessageReading, writer: DataSetWriter, found: list[Obx], answer: Answer
) -> Callable[[], Iterator[Entry]]:
    def entries() -> Iterator[Entry]:
        every = answer.entries("document.header")
        # The interpreter (OBR-32) has a row of the crosswalk here.
        extra = {leaf: entry for leaf, entry in every.items() if not leaf.startswith("OBR[1]-32")}
        rows = account.of_message(
            message, reading, writer.written, writer.refused, "an encapsulated document"
        )
        return obx_entries(rows, found, "an encapsulated document", extra)

    return entries


def _details(found: list[Obx]) -> dict[str, str]:
    """What observations beside the document say of it, as `document_forward` writes them."""
    said = {}
    for one in found:
        keyword = _DETAILS.get(one.code[0])
        if keyword and one.code[1] == keyword:
            said[keyword] = one.text(5)
            one.parts(3)
            one.use(one.code[0], RULE)
    return said


def content_of(one: Obx) -> bytes:
    """The bytes of an ED value. HL7 v2.5.1 §2.A.24.

    Raises MappingError for another encoding than Base64, Hex or plain text, and for broken ones.
    """
    encoding = one.component(5, 4).lower()
    text = one.whole(5, 5)
    try:
        if encoding == "base64":
            return base64.b64decode("".join(text.split()), validate=True)
        if encoding == "hex":
            return bytes.fromhex(text)
        if encoding in {"a", "ascii", ""}:
            declared = _DECLARED.match(text.lstrip("\ufeff \r\n\t"))
            return text.encode(codecs.lookup(declared[1] if declared else "utf-8").name)
    except (binascii.Error, ValueError, LookupError) as error:
        raise MappingError(
            f"its data are not {encoding or 'text'}: {error}", place=f"{one.path}-5.5"
        ) from None
    raise MappingError(
        f"'{encoding}' is not an encoding of ED", place=f"{one.path}-5.4", rule="HL7 v2.5.1 §2.A.24"
    )


def _document(
    one: Obx,
    case: Case,
    writer: DataSetWriter,
    answer: Answer,
    issued: Instant | None,
    details: dict[str, str],
    seed: bytes,
) -> bytes:
    content = content_of(one)
    try:
        kind = kind_of(content)
        data = encapsulated(content, {}, details.get("DocumentTitle", ""), kind, datetime(1900, 1, 1))
    except UsageError as error:
        raise MappingError(error.message, place=f"{one.path}-5.5", rule=error.rule) from None
    for keyword in ("StudyDate", "StudyTime", "ContentDate", "ContentTime", "Manufacturer"):
        data[keyword] = None
    for keyword in ("InstanceCreationDate", "InstanceCreationTime"):
        del data[keyword]
    writer.fill("patient", case.patient, data)
    writer.fill("visit", only(case.visit, VISIT, Visit()), data)
    writer.fill("study", case.study, data)
    for order in case.orders[:1]:
        writer.fill("order", only(order, AROUND, Order()), data)
    if not case.orders or not case.orders[0].study_uid:
        data["StudyInstanceUID"] = uid(seed[:-1] + b"study")
    data["SeriesInstanceUID"] = uid(seed[:-1] + b"series")
    data["SOPInstanceUID"] = uid(seed + b"instance")
    data["InstanceNumber"] = str(seed[-1] + 1)
    if issued is not None and len(issued.digits) >= 8:
        DateTimeKind().to_dicom(issued, (0x00080023, 0x00080033), data)
    if details.get("BurnedInAnnotation") in {"YES", "NO"}:
        data["BurnedInAnnotation"] = details["BurnedInAnnotation"]
    name = coded(one, 3)
    if name is not None and one.code[0]:
        data[CONCEPT] = [data_set(code_node(name), type(data))]
    if answer.status:
        data[VERIFICATION] = "VERIFIED" if answer.status in {"F", "C"} else "UNVERIFIED"
    one.text(2)
    one.use("00420011", RULE)
    return dicom.create(data, sop_class=str(data["SOPClassUID"])).encode()
