"""HL7 v2: a radiology report of 3 kB and 20 observations, against python-hl7 and hl7apy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import hl7 as python_hl7
from hl7apy.parser import parse_message

from .measure import Row, agree, versus

MESSAGE = Path(__file__).parent / "data" / "oru.hl7"

# The same ten leaves, in the spelling of each library.
OURS = (
    *("MSH-10", "PID-3[1].1", "PID-5[1].1", "PID-5[1].2", "PID-7"),
    *("PV1-2", "ORC-2[1].1", "OBR-4[1].2", "OBX[7]-5", "OBX[10]-6[1].1"),
)
THEIRS = (
    *("MSH.F10", "PID.F3.R1.C1", "PID.F5.R1.C1", "PID.F5.R1.C2", "PID.F7"),
    *("PV1.F2", "ORC.F2.R1.C1", "OBR.F4.R1.C2", "OBX7.F5", "OBX10.F6.R1.C1"),
)


def wire() -> bytes:
    """The message as it travels, its segments ended by CR."""
    return MESSAGE.read_bytes().replace(b"\n", b"\r")


def rows() -> list[Row]:
    """The four rows of HL7 parsing."""
    same = "python-hl7, the same"
    return [
        versus("parse a 3 kB ORU^R01 with 20 OBX, change one field, re-encode", same, 8, _edit),
        versus("parse it and visit every leaf, decoded", same, 3, _visit),
        versus("parse and read 10 fields", same, 15, _ten),
        versus("parse with typed groups and re-encode", "hl7apy", 50, _groups),
    ]


def _edit() -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm import hl7

    data = wire()

    def ours() -> bytes:
        message = hl7.parse(data)
        message["PID-5.1"] = "NWOSU"
        encoded: bytes = message.encode()
        return encoded

    def peer() -> bytes:
        message = python_hl7.parse(data)
        message["PID.F5.R1.C1"] = "NWOSU"
        return str(message).encode()

    assert ours().rstrip(b"\r") == peer().rstrip(b"\r") != data.rstrip(b"\r")
    return ours, peer


def _visit() -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm import hl7

    data = wire()

    def ours() -> list[str]:
        return [text for _, text in hl7.parse(data).walk()]

    def peer() -> list[str]:
        message = python_hl7.parse(data)
        unescape = message.unescape
        found: list[str] = []

        def visit(node: object) -> None:
            if isinstance(node, python_hl7.Container):
                for part in node:
                    visit(part)
            else:
                found.append(unescape(node))

        visit(message)
        return found

    # Each library has its own idea of whether the segment's name and the delimiters are leaves, and
    # python-hl7 knows no \.br\; the rest must agree.
    theirs = {text for text in peer() if text and ".br" not in text}
    missing = theirs - set(ours())
    assert all(
        text in {"|", "^~", "^~\\&"} or (len(text) == 3 and text.isupper()) or "\r" in text
        for text in missing
    ), missing
    return ours, peer


def _ten() -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm import hl7

    data = wire()

    def ours() -> list[object]:
        message = hl7.parse(data)
        return [message[path] for path in OURS]

    def peer() -> list[object]:
        message = python_hl7.parse(data)
        return [message[path] for path in THEIRS]

    agree(ours(), [str(value) for value in peer()])
    assert len(OURS) == len(THEIRS) == 10
    return ours, peer


def _groups() -> tuple[Callable[[], object], Callable[[], object]]:
    from chiasm import hl7

    data = wire()
    text = data.decode("ascii")

    def ours() -> bytes:
        message = hl7.parse(data)
        message.groups()
        encoded: bytes = message.encode()
        return encoded

    def peer() -> str:
        encoded: str = parse_message(text, find_groups=True).to_er7()
        return encoded

    assert ours() == data
    assert peer().count("OBX|") == 20
    return ours, peer
