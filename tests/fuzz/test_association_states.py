"""Two ends of an association driven at random: what one sends, the other gets, or it is ended by the rules."""

import os

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chiasm.protocols import association as ul
from chiasm.protocols import commands
from chiasm.protocols.association import Association, Commanded, Data, Settings
from chiasm.protocols.commands import Command
from chiasm.protocols.machine import State
from chiasm.protocols.pdu import AnsweredContext, AssociateRequest, ProposedContext

SYNTAX, CLASS = "1.2.840.10008.1.2", "1.2.840.10008.5.1.4.1.1.2"
REQUEST = AssociateRequest("A", "B", contexts=(ProposedContext(1, CLASS, (SYNTAX,)),))


class TwoEnds(RuleBasedStateMachine):
    """Bytes travel in pieces of any size; some are hostile."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.ends = (Association.connected(REQUEST, Settings(), 0.0), Association.acceptor(Settings(), 0.0))
        self.wire = [bytearray(), bytearray()]
        self.sent: list[list[bytes]] = [[], []]
        self.got: list[list[bytes]] = [[], []]
        self.data: list[bytearray] = [bytearray(), bytearray()]
        self.hostile = False

    def collect(self) -> None:
        for number, end in enumerate(self.ends):
            self.wire[1 - number] += b"".join(bytes(part) for part in end.outgoing())

    @rule(to=st.integers(0, 1), size=st.integers(1, 400))
    def deliver(self, to: int, size: int) -> None:
        self.collect()
        piece = bytes(self.wire[to][:size])
        del self.wire[to][:size]
        for one in self.ends[to].receive(piece, self.now):
            if isinstance(one, ul.Requested):
                self.ends[to].accept([AnsweredContext(1, 0, SYNTAX)], (), self.now)
            elif isinstance(one, ul.Released) and one.asked:
                if self.ends[to].machine.may(ul.Event.RELEASE_RESPONSE):
                    self.ends[to].release_response(self.now)
            elif isinstance(one, Data):
                self.data[to] += one.data
                if one.last:
                    self.got[to].append(bytes(self.data[to]))
                    self.data[to].clear()
            elif isinstance(one, Commanded):
                assert one.command.kind == commands.STORE

    @precondition(lambda self: any(end.established for end in self.ends))
    @rule(by=st.integers(0, 1), content=st.binary(max_size=600))
    def store(self, by: int, content: bytes) -> None:
        if not self.ends[by].established:
            return
        command = Command(commands.STORE, True, message_id=1, affected_class=CLASS, affected_instance="1.2")
        self.ends[by].send(1, command, content)
        self.sent[by].append(content)

    @rule(by=st.integers(0, 1))
    def release(self, by: int) -> None:
        if self.ends[by].established:
            self.ends[by].release(self.now)

    @rule(by=st.integers(0, 1))
    def abort(self, by: int) -> None:
        self.ends[by].abort(self.now)

    @rule(to=st.integers(0, 1), garbage=st.binary(min_size=1, max_size=40))
    def meddle(self, to: int, garbage: bytes) -> None:
        self.hostile = True
        self.wire[to] += garbage

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for end in self.ends:
            end.tick(self.now)

    @rule(at=st.integers(0, 1))
    def cut(self, at: int) -> None:
        self.ends[at].closed(self.now)

    @invariant()
    def what_arrived_is_what_was_sent(self) -> None:
        if not self.hostile:
            for number in (0, 1):
                assert self.got[number] == self.sent[1 - number][: len(self.got[number])]

    @invariant()
    def states_are_states(self) -> None:
        assert all(isinstance(end.state, State) for end in self.ends)


TestTwoEnds = TwoEnds.TestCase
_LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
TestTwoEnds.settings = settings(max_examples=1500 if _LONG else 40, stateful_step_count=40, deadline=None)
