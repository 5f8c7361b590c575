"""User information as pynetdicom proposes and answers it: identities, roles, windows, extended negotiation.

PS3.7 §D.3.3. Each association is used for a C-ECHO or refused; the bytes of items are pynetdicom's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pynetdicom import AE, evt
from pynetdicom.pdu_primitives import (
    AsynchronousOperationsWindowNegotiation,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassCommonExtendedNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)

from chiasm.errors import ServiceError
from chiasm.net.dimse_client import ClientSettings, Proposal, connect
from chiasm.net.dimse_server import DimseSettings, serve_dimse
from chiasm.protocols.items import (
    AsynchronousOperations,
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    Reader,
    RoleSelection,
    UserIdentity,
    UserIdentityResponse,
    decode_user_items,
)

VERIFICATION, FIND, CT = "1.2.840.10008.1.1", "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"

IDENTITIES = {
    1: (b"reader", b""),
    2: (b"reader", b"pass\xc3\xbcword"),
    3: (bytes(range(256)), b""),
    4: (b"<saml:Assertion/>", b""),
    5: (b"aa.bb.cc", b""),
}


def _identity(kind: int, *, respond: bool) -> UserIdentityNegotiation:
    item = UserIdentityNegotiation()
    item.user_identity_type = kind
    item.primary_field, secondary = IDENTITIES[kind]
    item.secondary_field = secondary
    item.positive_response_requested = respond
    return item


def _role(scu: bool, scp: bool) -> SCP_SCU_RoleSelectionNegotiation:
    item = SCP_SCU_RoleSelectionNegotiation()
    item.sop_class_uid, item.scu_role, item.scp_role = CT, scu, scp
    return item


def _window() -> AsynchronousOperationsWindowNegotiation:
    item = AsynchronousOperationsWindowNegotiation()
    item.maximum_number_operations_invoked, item.maximum_number_operations_performed = 5, 3
    return item


def _extended() -> SOPClassExtendedNegotiation:
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = FIND, b"\1\1\1\1"
    return item


def _common() -> SOPClassCommonExtendedNegotiation:
    item = SOPClassCommonExtendedNegotiation()
    item.sop_class_uid, item.service_class_uid = CT, "1.2.840.10008.4.2"
    item.related_general_sop_class_identification = ["1.2.840.10008.5.1.4.1.1.88.22"]
    return item


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *[
            (_identity(kind, respond=respond), UserIdentity(kind, *fields, respond=respond))
            for kind, fields in IDENTITIES.items()
            for respond in (False, True)
        ],
        (_role(True, False), RoleSelection(CT, True, False)),
        (_role(False, True), RoleSelection(CT, False, True)),
        (_window(), AsynchronousOperations(5, 3)),
        (_extended(), ExtendedNegotiation(FIND, b"\1\1\1\1")),
        (_common(), CommonExtendedNegotiation(CT, "1.2.840.10008.4.2", ("1.2.840.10008.5.1.4.1.1.88.22",))),
    ],
    ids=lambda one: type(one).__name__,
)
def test_the_bytes_of_an_item_are_pynetdicoms(theirs: Any, ours: Any) -> None:
    wire = theirs.from_primitive().encode()
    assert ours.encode() == wire
    assert decode_user_items(Reader(wire)) == (ours,)


class Kept:
    """A service that keeps who asked, and grants extended negotiation in part."""

    def __init__(self) -> None:
        self.peers: list[Any] = []
        self.extended: list[dict[str, bytes]] = []

    def begin(self, exchange: Any) -> None:
        """Nothing is taken."""

    async def handle(self, exchange: Any) -> None:
        self.peers.append(exchange.peer)
        self.extended.append(exchange.association.extended)
        await exchange.respond(status=0)

    def negotiate(self, content: bytes) -> bytes:
        return content[:1] + b"\0" * (len(content) - 1)


def _asked(*items: Any, contexts: tuple[str, ...] = (VERIFICATION,)) -> tuple[Kept, Any]:
    """Our server, and pynetdicom's association with it that proposed some items and sent a C-ECHO."""
    kept = Kept()

    def ask(port: int) -> Any:
        entity = AE("ASKER")
        for uid in contexts:
            entity.add_requested_context(uid, IMPLICIT)
        association = entity.associate("127.0.0.1", port, ext_neg=list(items))
        assert association.is_established
        assert association.send_c_echo().Status == 0
        association.release()
        return association

    async def run() -> Any:
        handlers = dict.fromkeys((VERIFICATION, FIND, CT), kept)
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=[IMPLICIT])
        try:
            return await asyncio.to_thread(ask, server.port)
        finally:
            await server.close(patience=1)

    return kept, asyncio.run(run())


@pytest.mark.parametrize("respond", [False, True])
@pytest.mark.parametrize("kind", list(IDENTITIES))
def test_our_server_hears_who_asks_and_answers_where_that_is_wanted(kind: int, respond: bool) -> None:
    kept, association = _asked(_identity(kind, respond=respond))
    [peer] = kept.peers
    assert peer.identity == UserIdentity(kind, *IDENTITIES[kind], respond=respond)
    answer = association.acceptor.user_identity
    assert (answer is not None) is respond
    if respond:
        assert answer.server_response == b""  # a name is noted, and no ticket is given out


def test_our_server_answers_windows_roles_and_extended_negotiation() -> None:
    items = (_window(), _role(True, True), _extended(), _common())
    kept, association = _asked(*items, contexts=(VERIFICATION, FIND, CT))
    assert kept.extended == [{FIND: b"\1\1\1\1"}]
    acceptor = association.acceptor
    invoked, performed = acceptor.asynchronous_operations
    assert (invoked, performed) == (5, 1)  # we do one thing for a peer at a time
    assert acceptor.sop_class_extended == {FIND: b"\1\0\0\0"}
    role = acceptor.role_selection[CT]
    assert (role.scu_role, role.scp_role) == (True, True)


@contextmanager
def _pynetdicom(*handlers: Any, scp_of: str = "") -> Iterator[int]:
    entity = AE("THERE")
    entity.add_supported_context(VERIFICATION, IMPLICIT)
    if scp_of:
        entity.add_supported_context(scp_of, IMPLICIT, scu_role=True, scp_role=True)
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=list(handlers))
    try:
        yield server.socket.getsockname()[1]
    finally:
        server.shutdown()


async def _echoed(port: int, settings: ClientSettings, *proposals: Proposal) -> Any:
    contexts = [Proposal(VERIFICATION, (IMPLICIT,)), *proposals]
    async with await connect(
        "127.0.0.1", port, calling="ASKER", called="THERE", contexts=contexts, settings=settings
    ) as client:
        assert await client.echo() == 0
        return client


@pytest.mark.parametrize("respond", [False, True])
@pytest.mark.parametrize("kind", list(IDENTITIES))
def test_our_client_says_who_it_is_and_hears_the_answer(kind: int, respond: bool) -> None:
    heard: list[tuple[Any, ...]] = []

    def judged(event: Any) -> tuple[bool, bytes]:
        heard.append((event.user_id_type, event.primary_field, event.secondary_field))
        return True, b"ticket" if kind in {3, 4, 5} else b""

    identity = UserIdentity(kind, *IDENTITIES[kind], respond=respond)
    with _pynetdicom((evt.EVT_USER_ID, judged)) as port:
        client = asyncio.run(_echoed(port, ClientSettings(identity=identity)))
    assert heard == [(kind, *IDENTITIES[kind])]
    answers = [one for one in client.user_items if isinstance(one, UserIdentityResponse)]
    has_ticket = kind in {3, 4, 5}  # pynetdicom answers a name by accepting the association alone
    assert answers == ([UserIdentityResponse(b"ticket")] if respond and has_ticket else [])


@pytest.mark.parametrize("respond", [False, True])
@pytest.mark.parametrize("kind", list(IDENTITIES))
def test_our_client_and_our_server_agree(kind: int, respond: bool) -> None:
    identity = UserIdentity(kind, *IDENTITIES[kind], respond=respond)

    async def run() -> tuple[Any, Any]:
        kept = Kept()
        handlers = {VERIFICATION: kept}
        server = await serve_dimse("127.0.0.1", 0, handlers, DimseSettings(), syntaxes=[IMPLICIT])
        try:
            client = await _echoed(server.port, ClientSettings(identity=identity))
        finally:
            await server.close(patience=1)
        return client.user_items, kept.peers[0].identity

    answered, heard = asyncio.run(run())
    assert heard == identity
    assert (UserIdentityResponse() in answered) is respond


def test_our_client_is_told_that_it_is_not_who_it_says() -> None:
    identity = UserIdentity(2, b"reader", b"wrong", respond=True)
    with (
        _pynetdicom((evt.EVT_USER_ID, lambda event: (False, None))) as port,
        pytest.raises(ServiceError, match="rejected"),
    ):
        asyncio.run(_echoed(port, ClientSettings(identity=identity)))


def test_our_client_takes_the_role_that_it_is_granted_and_hears_extended_negotiation() -> None:
    def negotiated(event: Any) -> dict[str, bytes]:
        return {uid: content[:1] for uid, content in event.app_info.items()}

    settings = ClientSettings(extended=(ExtendedNegotiation(VERIFICATION, b"\1\1"),))
    both = Proposal(CT, (IMPLICIT,), scu_role=True, scp_role=True)
    with _pynetdicom((evt.EVT_SOP_EXTENDED, negotiated), scp_of=CT) as port:
        client = asyncio.run(_echoed(port, settings, both))
    assert ExtendedNegotiation(VERIFICATION, b"\1") in client.user_items
    context = client.context_for(CT)
    assert context is not None
    assert (context.scu_role, context.scp_role) == (True, True)
