"""What the OBR of a result says of the report: its status, its time, and who answers for it.

HL7 v2.5.1 §7.4.1.22, §7.4.1.25, §7.4.1.32 and §2.A.43 (NDL).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ChiasmError
from ..model import Disposition, Entry, Identifier, Issuer, NameGroup, Person, PersonName, Signature
from .times import from_v2

if TYPE_CHECKING:
    from ..hl7 import Message
    from ..model import Instant


@dataclass(slots=True)
class Answer:
    """Status, time and principal interpreter of the first result; `used` says where their leaves went.

    `caveat` is what the report does not say of its status, though the message did.
    """

    status: str = ""
    issued: Instant | None = None
    interpreter: Signature | None = None
    used: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    caveat: str = ""

    def refuse(self, reason: str) -> None:
        """Take back the interpreter, and say why."""
        self.interpreter = None
        for leaf in [leaf for leaf in self.used if leaf.startswith("OBR[1]-32")]:
            del self.used[leaf]
            self.refused[leaf] = f"refused: {reason}"

    def entries(self, rule: str) -> dict[str, Entry]:
        """The entries of what was read."""
        found = {
            leaf: Entry(leaf, Disposition.MAPPED, target, rule, self.caveat if "-25[" in leaf else "")
            for leaf, target in self.used.items()
        }
        dropped = {
            leaf: Entry(leaf, Disposition.DROPPED, "", rule, reason) for leaf, reason in self.refused.items()
        }
        return {**found, **dropped}


def answer_of(message: Message) -> Answer:
    """What the first OBR of a message says of its report.

    Where the interpreter's own time is not told, it is that of the result; the organization is that of
    the first observation that names one (OBX-23), else the facility that sent the message.
    """
    answer = Answer()
    for segment in message.segments_named("OBR")[:1]:
        answer.status = _leaf(segment.value(25), answer, "OBR[1]-25", "0040A491 0040A493")
        answer.issued = _moment(_leaf(segment.value(22), answer, "OBR[1]-22", "00080023"))
        field_32 = segment.value(32)
        if field_32:
            answer.interpreter = _interpreter(field_32[0], answer, message)
    return answer


def _leaf(repetitions: list[list[list[str]]], answer: Answer, path: str, target: str) -> str:
    text = str(repetitions[0][0][0]) if repetitions and repetitions[0] and repetitions[0][0] else ""
    if text:
        answer.used[f"{path}[1].1.1"] = target
    return text


def _moment(text: str) -> Instant | None:
    try:
        return from_v2(text)
    except ChiasmError:
        return None


def _interpreter(parts: list[list[str]], answer: Answer, message: Message) -> Signature | None:
    """The principal result interpreter: a name in subcomponents, and when."""
    name = [*map(str, parts[0]), *[""] * 9] if parts else [""] * 9
    if not any(name[:7]):
        return None
    for number, text in enumerate(name, 1):
        if text and number in {1, 2, 3, 4, 5, 6, 7, 9}:
            answer.used[f"OBR[1]-32[1].1.{number}"] = "0040A073"
    group = NameGroup(name[1], name[2], name[3], name[5], name[4], name[6])
    issued = Identifier(name[0], Issuer(name[8])) if name[0] else None
    when = None
    if len(parts) > 1 and parts[1] and parts[1][0]:
        when = _moment(str(parts[1][0]))
        answer.used["OBR[1]-32[1].2.1"] = "0040A073/0/0040A030"
    organization = next(
        (str(found[0][0][0]) for found in (one.value(23) for one in message.segments_named("OBX")) if found),
        str(message["MSH-4.1"] or ""),
    )
    return Signature(Person(PersonName(group), issued), organization, when or answer.issued)
