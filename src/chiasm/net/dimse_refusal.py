"""Why a peer does not want an association, or a part of it, in words. PS3.8 §9.3.3, §9.3.4."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import ServiceError
from ..protocols.pdu import AssociateAccept, AssociateReject, AssociateRequest
from ..standards import uids

_REASONS = {
    (1, 1): "no reason given",
    (1, 2): "application context not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}
"""Source and reason of a rejection in words: PS3.8 §9.3.4, Table 9-21."""


def rejection(reject: AssociateReject, called: str) -> ServiceError:
    """The error that a rejection is; `unavailable` where it may pass."""
    permanent = "rejected" if reject.result == 1 else "rejected for now"
    reason = _REASONS.get((reject.source, reject.reason), f"source {reject.source}, reason {reject.reason}")
    failure = "not-authorized" if reject.result == 1 else "unavailable"
    return ServiceError(failure, f"the association was {permanent}: {reason}", source=called)


def results(request: AssociateRequest, accept: AssociateAccept) -> dict[tuple[str, str], int]:
    """What the peer answered to each pair of SOP class and transfer syntax: PS3.8 §9.3.3.2, Table 9-18.

    0 stands for what may be sent; a syntax beside the one that was chosen counts as not taken (4).
    """
    answers = {one.id: one for one in accept.contexts}
    found: dict[tuple[str, str], int] = {}
    for context in request.contexts:
        answer = answers.get(context.id)
        for syntax in context.transfer_syntaxes if answer is not None else ():
            assert answer is not None
            chosen = answer.result or (0 if answer.transfer_syntax == syntax else 4)
            pair = (context.abstract_syntax, syntax)
            found[pair] = min(found.get(pair, chosen), chosen)
    return found


def refusal(answers: dict[tuple[str, str], int], sop_class: str, syntaxes: Iterable[str]) -> str:
    """Why an object cannot go: its SOP class is not taken, or not in any of these transfer syntaxes."""
    told = {answers.get((sop_class, syntax)) for syntax in syntaxes}
    if told <= {3, None}:
        return f"the peer does not take its SOP class ({_name(sop_class)})"
    if 1 in told:
        return f"the peer's user rejected its SOP class ({_name(sop_class)})"
    if told <= {2, None}:
        return f"the peer refused its SOP class ({_name(sop_class)}) without a reason"
    return f"the peer does not take its transfer syntax ({', '.join(_name(one) for one in syntaxes)})"


def _name(uid: str) -> str:
    known = uids.by_uid(uid)
    return known.name if known is not None else uid
