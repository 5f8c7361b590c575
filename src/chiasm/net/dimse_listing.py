"""What a peer holds of a study, instance by instance, asked before it is retrieved. PS3.4 §C.4.1, §C.6.2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from ..dicom.dataset import DataSet
from ..errors import ServiceError
from ..standards import uids
from .dimse_client import Client, Proposal
from .dimse_identifier import read, text_of, write
from .dimse_query import PENDING, PENDING_UNSUPPORTED, STUDY_ROOT
from .dimse_storage import storage_classes, transfer_syntaxes

FIND, MOVE, GET = (f"{STUDY_ROOT}.{number}" for number in (1, 2, 3))
"""The study root model's SOP classes: PS3.4 §C.6.2."""

NATIVE = ("1.2.840.10008.1.2.1", "1.2.840.10008.1.2")
"""The transfer syntaxes of identifiers: explicit and implicit VR little endian."""

CLASS, INSTANCE, STUDY, SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_LEVEL = 0x00080052
_MOST = 127
_USUAL = (
    "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51",
    "1.2.840.10008.1.2.4.91", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.57",
)  # fmt: skip
"""Transfer syntaxes in the order in which objects are found in them."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked for: a study, a series of it, or instances of that."""

    study: str
    series: str = ""
    instances: tuple[str, ...] = ()

    def identifier(self) -> DataSet:
        """The identifier of its retrieval: PS3.4 §C.4.3.1.3."""
        data = DataSet()
        level = "IMAGE" if self.instances else "SERIES" if self.series else "STUDY"
        data.set(_LEVEL, level, "CS")
        if self.instances:
            data.set(INSTANCE, "\\".join(self.instances), "UI")
        data.set(STUDY, self.study, "UI")
        if self.series:
            data.set(SERIES, self.series, "UI")
        return data

    def __str__(self) -> str:
        if len(self.instances) == 1:
            return f"instance {self.instances[0]}"
        if self.instances:
            return f"{len(self.instances)} instances of series {self.series}"
        return f"series {self.series}" if self.series else f"study {self.study}"


@dataclass(frozen=True, slots=True)
class Listed:
    """One instance that the peer says it holds."""

    series: str
    instance: str
    sop_class: str


async def listed(client: Client, selection: Selection) -> list[Listed]:
    """The instances of a selection, series by series as the model asks. ServiceError where it fails."""
    series = [selection.series] if selection.series else []
    if not series:
        question = _question("SERIES", ((STUDY, selection.study), (SERIES, "")))
        series = [text_of(one.element(SERIES)).strip() async for one in found(client, question)]
    instances = []
    for uid in series:
        pairs = ((CLASS, ""), (INSTANCE, ""), (STUDY, selection.study), (SERIES, uid))
        async for one in found(client, _question("IMAGE", pairs)):
            instance, sop_class = (text_of(one.element(tag)).strip() for tag in (INSTANCE, CLASS))
            if not selection.instances or instance in selection.instances:
                instances.append(Listed(uid, instance, sop_class))
    return instances


def _question(level: str, pairs: tuple[tuple[int, str], ...]) -> DataSet:
    data = DataSet()
    data.set(_LEVEL, level, "CS")
    for tag, value in pairs:
        data.set(tag, value or None, "UI")
    return data


async def found(client: Client, question: DataSet, model: str = FIND) -> AsyncIterator[DataSet]:
    """The answers to a C-FIND as they come. ServiceError where the peer refuses it or fails."""
    context = client.context_for(model)
    if context is None:
        raise ServiceError("unknown-sop-class", "the peer answers no queries", source=client.called)
    async for command, data in client.find(model, write(question, context.transfer_syntax)):
        if command.status in {PENDING, PENDING_UNSUPPORTED}:
            yield read(data, context.transfer_syntax)
        elif command.status:
            told = f": {command.error_comment}" if command.error_comment else ""
            raise ServiceError(
                "fault", f"the query failed with status {command.status:04X}{told}", source=client.called
            )


def proposals(classes: Iterable[str]) -> list[Proposal]:
    """The contexts of a C-GET, one for each class and syntax while there is room: objects come as stored.

    Without any class those of the standard are proposed, as many as go into an association. PS3.4 §C.4.3.
    """
    known = [one for one in dict.fromkeys(classes) if one][:_MOST] or _storable()[:_MOST]
    rest = [one for one in transfer_syntaxes() if one not in _USUAL and not _is_odd(one)]
    syntaxes = (*_USUAL, *rest)
    alone = min(_MOST // len(known) - 1, len(syntaxes))
    contexts = [Proposal(GET, NATIVE)]
    for sop_class in known:
        contexts += [Proposal(sop_class, (one,), False, True) for one in syntaxes[:alone]]
        if alone < len(syntaxes):
            contexts.append(Proposal(sop_class, syntaxes[alone:], False, True))
    return contexts


def _is_odd(uid: str) -> bool:
    """Whether no data set is stored in it: retired forms, those over real-time video, private ones."""
    known = uids.by_uid(uid)
    return known is None or known.retired or not uid.startswith("1.2.840.10008.1.2.")


def _storable() -> list[str]:
    """The storage classes, those in use before the retired ones."""
    return sorted(storage_classes(), key=lambda uid: (known := uids.by_uid(uid)) is None or known.retired)
