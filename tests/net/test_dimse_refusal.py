"""Why a peer does not want something, in words of the standard's tables."""

from __future__ import annotations

import pytest

from chiasm.net.dimse_refusal import refusal, rejection, results
from chiasm.protocols.pdu import (
    AnsweredContext,
    AssociateAccept,
    AssociateReject,
    AssociateRequest,
    ProposedContext,
)

CT, EXPLICIT, IMPLICIT = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"


@pytest.mark.parametrize(
    ("fields", "failure", "words"),
    [
        ((1, 1, 7), "not-authorized", "rejected: called AE title not recognized"),
        ((2, 3, 2), "unavailable", "rejected for now: local limit exceeded"),
        ((1, 2, 9), "not-authorized", "rejected: source 2, reason 9"),
    ],
)
def test_a_rejection(fields: tuple[int, int, int], failure: str, words: str) -> None:
    error = rejection(AssociateReject(*fields), "THERE")
    assert (error.failure.name, str(error)) == (failure, f"THERE: the association was {words}")


def test_what_a_peer_said_to_each_pair() -> None:
    proposed = (ProposedContext(1, CT, (EXPLICIT, IMPLICIT)), ProposedContext(3, CT, (EXPLICIT,)))
    request = AssociateRequest("B", "A", (), contexts=(*proposed, ProposedContext(5, "1.2", (EXPLICIT,))))
    answered = (AnsweredContext(1, 0, IMPLICIT), AnsweredContext(3, 4, ""), AnsweredContext(5, 3, ""))
    found = results(request, AssociateAccept("B", "A", (), contexts=answered))
    assert found == {(CT, EXPLICIT): 4, (CT, IMPLICIT): 0, ("1.2", EXPLICIT): 3}
    assert results(request, AssociateAccept("B", "A", (), contexts=())) == {}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (1, "the peer's user rejected its SOP class (CT Image Storage)"),
        (2, "the peer refused its SOP class (CT Image Storage) without a reason"),
        (3, "the peer does not take its SOP class (CT Image Storage)"),
        (4, "the peer does not take its transfer syntax (Explicit VR Little Endian)"),
    ],
)
def test_a_context_that_is_not_accepted(result: int, words: str) -> None:
    assert refusal({(CT, EXPLICIT): result}, CT, [EXPLICIT]) == words


def test_what_was_not_answered_is_not_taken() -> None:
    assert refusal({}, "1.2.3", [EXPLICIT]) == "the peer does not take its SOP class (1.2.3)"
