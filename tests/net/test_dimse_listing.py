"""What a peer holds, and the contexts under which it may give that."""

from __future__ import annotations

from typing import Any

from chiasm.model import Level, Query
from chiasm.net.dimse_client import Proposal, connect
from chiasm.net.dimse_listing import FIND, GET, NATIVE, Selection, listed, proposals
from chiasm.net.dimse_storage import storage_classes

CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


def test_the_levels_of_a_selection() -> None:
    def of(*parts: Any) -> list[object]:
        data = Selection(*parts).identifier()
        names = ("QueryRetrieveLevel", "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        return [data.get(name) for name in names]

    assert of("1.2") == ["STUDY", "1.2", None, None]
    assert of("1.2", "1.3") == ["SERIES", "1.2", "1.3", None]
    assert of("1.2", "1.3", ("1.4", "1.5")) == ["IMAGE", "1.2", "1.3", ("1.4", "1.5")]
    assert str(Selection("1.2")) == "study 1.2"
    assert str(Selection("1.2", "1.3")) == "series 1.3"
    assert str(Selection("1.2", "1.3", ("1.4",))) == "instance 1.4"
    assert str(Selection("1.2", "1.3", ("1.4", "1.5"))) == "2 instances of series 1.3"


def test_the_instances_of_a_study(dimse_node: Any) -> None:
    async def work(port: int, archive: Any) -> None:
        await archive.settle()
        studies = [one.study for one in archive.index.find(Query(Level.STUDY))]
        assert len(studies) == 3
        contexts = [Proposal(FIND, NATIVE)]
        async with await connect(
            "127.0.0.1", port, calling="A", called="CHIASM", contexts=contexts
        ) as client:
            for held in await archive.locations(studies=studies):
                for selection in (Selection(held.study), Selection(held.study, held.series)):
                    [one] = await listed(client, selection)
                    assert (one.series, one.instance) == (held.series, held.sop_instance)
                    assert one.sop_class == held.sop_class
            assert await listed(client, Selection("1.2.3")) == []

    dimse_node(work)


def test_each_class_is_proposed_in_each_syntax_while_there_is_room() -> None:
    few = proposals([CT, MR, CT, ""])
    assert few[0] == Proposal(GET, NATIVE)
    assert len(few) <= 128
    assert all(one.scp_role and not one.scu_role for one in few[1:])
    alone = [one.transfer_syntaxes[0] for one in few if one.abstract_syntax == MR and one.scp_role]
    assert alone[:3] == ["1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.70"]
    assert {len(one.transfer_syntaxes) for one in few[1:-1]} == {1}


def test_never_more_contexts_than_an_association_has() -> None:
    for count in (1, 6, 7, 40, 64, 100, 127, 150):
        made = proposals(storage_classes()[:count])
        assert len(made) <= 128
        assert len({one.abstract_syntax for one in made[1:]}) == min(count, 127)
        for one in storage_classes()[: min(count, 127)]:
            syntaxes = [uid for two in made if two.abstract_syntax == one for uid in two.transfer_syntaxes]
            assert len(syntaxes) == len(set(syntaxes)) > 20
    assert len(proposals([])) == 128
