"""C-FIND over our own client: levels, keys, negotiation. DCMTK's view is in tests/interop."""

import pytest

from chiasm.dicom import DataSet
from chiasm.model import Level
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_identifier import read, write
from chiasm.net.dimse_query import Agreed, Find, granted, level_asked, missing_key

PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1", "1.2.840.10008.5.1.4.1.2.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def identifier(**keys):
    data = DataSet()
    for keyword, value in keys.items():
        data[keyword] = value
    return data


async def found(port, root=STUDY_ROOT, **keys):
    contexts = [Proposal(f"{root}.1", (EXPLICIT,))]
    async with await connect("127.0.0.1", port, calling="A", called="CHIASM", contexts=contexts) as peer:
        answers = [answer async for answer in peer.find(f"{root}.1", write(identifier(**keys), EXPLICIT))]
    return answers[-1][0].status, [read(data, EXPLICIT) for _, data in answers[:-1]]


def test_a_patient_is_found_by_a_beginning_in_any_case(dimse_node):
    async def work(port, archive):
        return await found(
            port,
            QueryRetrieveLevel="STUDY",
            PatientName="compressed*",
            StudyInstanceUID="",
            ModalitiesInStudy="",
        )

    status, answers = dimse_node(work)
    assert status == 0
    names = sorted(str(one.get("PatientName")) for one in answers)
    assert names == ["CompressedSamples^CT1", "CompressedSamples^MR1"]
    assert all(one.get("QueryRetrieveLevel") == "STUDY" for one in answers)
    assert {one.get("ModalitiesInStudy") for one in answers} == {"CT", "MR"}


def test_an_identifier_is_answered_at_once_and_alike_by_either_way(dimse_node, monkeypatch):
    """The same questions answered in one write and by a task: the bytes are the same."""
    asked = [
        {"PatientID": "4MR1", "StudyInstanceUID": "", "PatientName": "", "StudyDate": ""},
        {"PatientID": "1CT1", "StudyInstanceUID": "", "PatientName": "", "StudyDate": ""},
        {"PatientID": "NOBODY", "StudyInstanceUID": "", "PatientName": "", "StudyDate": ""},
        {"PatientID": "4MR1", "StudyInstanceUID": "", "NumberOfStudyRelatedInstances": ""},
    ]
    ways = []

    async def work(port, archive):
        await archive.settle()
        contexts = [Proposal(f"{STUDY_ROOT}.1", (EXPLICIT,))]
        taken = []
        for refuses in (False, True):
            if refuses:
                monkeypatch.setattr(Find, "at_once", lambda self, exchange: None)
            async with await connect(
                "127.0.0.1", port, calling="A", called="CHIASM", contexts=contexts
            ) as peer:
                for keys in asked:
                    data = write(identifier(QueryRetrieveLevel="STUDY", **keys), EXPLICIT)
                    answers = [one async for one in peer.find(f"{STUDY_ROOT}.1", data)]
                    taken.append([(one.status, content) for one, content in answers])
        return taken

    plain = Find.at_once

    def counted(self, exchange):
        answers = plain(self, exchange)
        ways.append(answers is not None)
        return answers

    async def not_briefly(self, exchange):
        return False

    monkeypatch.setattr(Find, "at_once", counted)
    taken = dimse_node(work)
    assert ways == [True] * len(asked)
    assert taken[: len(asked)] == taken[len(asked) :]
    assert [len(one) for one in taken[: len(asked)]] == [2, 2, 1, 2]


@pytest.mark.parametrize(
    "keys",
    [
        {"PatientName": "Compressed*"},  # no identifier
        {"PatientID": "4MR1", "RequestAttributesSequence": []},  # a sequence
        {"PatientID": "4MR1", "SliceThickness": ""},  # not of the index
        {"PatientID": "4MR1", "Modality": "MR"},  # of a level below
    ],
)
def test_other_questions_are_answered_by_a_task(dimse_node, monkeypatch, keys):
    ways = []
    plain = Find.at_once

    def counted(self, exchange):
        answers = plain(self, exchange)
        ways.append(answers is not None)
        return answers

    monkeypatch.setattr(Find, "at_once", counted)

    async def work(port, archive):
        await archive.settle()
        return await found(port, QueryRetrieveLevel="STUDY", StudyInstanceUID="", **keys)

    status, answers = dimse_node(work)
    assert (status, bool(answers), ways) == (0, True, [False])


def test_nothing_found_is_success_without_an_answer(dimse_node):
    async def work(port, archive):
        return await found(port, QueryRetrieveLevel="STUDY", PatientID="NOBODY", StudyInstanceUID="")

    assert dimse_node(work) == (0, [])


@pytest.mark.parametrize(
    ("root", "keys"),
    [
        (STUDY_ROOT, {"QueryRetrieveLevel": "PATIENT", "PatientID": ""}),  # no level of this model
        (STUDY_ROOT, {"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": ""}),  # no study named
        (STUDY_ROOT, {"QueryRetrieveLevel": "NOWHERE", "StudyInstanceUID": ""}),
        (PATIENT_ROOT, {"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": ""}),  # no patient named
    ],
)
def test_a_question_that_the_model_does_not_have_is_refused(dimse_node, root, keys):
    async def work(port, archive):
        return await found(port, root, **keys)

    status, answers = dimse_node(work)
    assert (status, answers) == (0xA900, [])


def test_the_unique_keys_above_must_be_single():
    one = identifier(QueryRetrieveLevel="SERIES", StudyInstanceUID="1.2*")
    assert level_asked(one, STUDY_ROOT) is Level.SERIES
    assert missing_key(one, Level.SERIES, STUDY_ROOT) == 0x0020000D
    assert missing_key(identifier(StudyInstanceUID="1.2"), Level.SERIES, STUDY_ROOT) is None


def test_negotiation_grants_what_is_done_here():
    assert granted(b"\1\1\1\1\1") == b"\1\1\1\1\0"
    assert granted(b"\0\2") == b"\0\0"
    agreed = Agreed.of(b"\1\0\1")
    assert (agreed.relational, agreed.combined, agreed.fuzzy) == (True, False, True)
