"""The state machine of the upper layer, as the table of the standard. PS3.8 §9.2.

Two rules: everything about states lives here, and nothing here touches bytes or sockets. `step` takes an
event and gives the effects, by name, that the caller must carry out in their order.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass


class State(enum.IntEnum):
    """PS3.8 §9.2.1, Tables 9-1 to 9-5."""

    IDLE = 1
    AWAITING_REQUEST = 2
    AWAITING_LOCAL_RESPONSE = 3
    AWAITING_CONNECTION = 4
    AWAITING_ANSWER = 5
    ESTABLISHED = 6
    AWAITING_RELEASE_RESPONSE = 7
    AWAITING_LOCAL_RELEASE = 8
    COLLISION_REQUESTOR = 9
    COLLISION_ACCEPTOR = 10
    COLLISION_REQUESTOR_AWAITING = 11
    COLLISION_ACCEPTOR_AWAITING = 12
    AWAITING_CLOSE = 13


class Event(enum.IntEnum):
    """PS3.8 §9.2.2, Table 9-10: what may happen."""

    ASSOCIATE_REQUEST = 1
    TRANSPORT_CONFIRMED = 2
    ACCEPT_RECEIVED = 3
    REJECT_RECEIVED = 4
    TRANSPORT_INDICATED = 5
    REQUEST_RECEIVED = 6
    ACCEPT = 7
    REJECT = 8
    DATA = 9
    DATA_RECEIVED = 10
    RELEASE = 11
    RELEASE_RECEIVED = 12
    RELEASE_RESPONSE_RECEIVED = 13
    RELEASE_RESPONSE = 14
    ABORT = 15
    ABORT_RECEIVED = 16
    TRANSPORT_CLOSED = 17
    ARTIM_EXPIRED = 18
    INVALID_RECEIVED = 19


class Effect(enum.Enum):
    """What an action asks of the caller."""

    CONNECT = "open the transport"
    SEND = "send the unit of the primitive"
    INDICATE = "tell the user what was received"
    SEND_ABORT_USER = "send A-ABORT, source user"
    SEND_ABORT_PROVIDER = "send A-ABORT, source provider"
    INDICATE_ABORT = "tell the user of the abort"
    CLOSE = "close the transport"
    START_ARTIM = "start the timer"
    STOP_ARTIM = "stop the timer"


@dataclass(frozen=True, slots=True)
class Action:
    """One action of the tables: its effects, and the state it leads to."""

    effects: tuple[Effect, ...]
    next: State


_S, _E = State, Effect
ACTIONS: dict[str, Action] = {
    # Association establishment, Table 9-6.
    "AE-1": Action((_E.CONNECT,), _S.AWAITING_CONNECTION),
    "AE-2": Action((_E.SEND,), _S.AWAITING_ANSWER),
    "AE-3": Action((_E.INDICATE,), _S.ESTABLISHED),
    "AE-4": Action((_E.INDICATE, _E.CLOSE), _S.IDLE),
    "AE-5": Action((_E.START_ARTIM,), _S.AWAITING_REQUEST),
    "AE-6": Action((_E.STOP_ARTIM, _E.INDICATE), _S.AWAITING_LOCAL_RESPONSE),
    "AE-7": Action((_E.SEND,), _S.ESTABLISHED),
    "AE-8": Action((_E.SEND, _E.START_ARTIM), _S.AWAITING_CLOSE),
    # Data transfer, Table 9-7.
    "DT-1": Action((_E.SEND,), _S.ESTABLISHED),
    "DT-2": Action((_E.INDICATE,), _S.ESTABLISHED),
    # Association release, Table 9-8.
    "AR-1": Action((_E.SEND,), _S.AWAITING_RELEASE_RESPONSE),
    "AR-2": Action((_E.INDICATE,), _S.AWAITING_LOCAL_RELEASE),
    "AR-3": Action((_E.INDICATE, _E.CLOSE), _S.IDLE),
    "AR-4": Action((_E.SEND, _E.START_ARTIM), _S.AWAITING_CLOSE),
    "AR-5": Action((_E.STOP_ARTIM,), _S.IDLE),
    "AR-6": Action((_E.INDICATE,), _S.AWAITING_RELEASE_RESPONSE),
    "AR-7": Action((_E.SEND,), _S.AWAITING_LOCAL_RELEASE),
    "AR-8": Action((_E.INDICATE,), _S.COLLISION_REQUESTOR),  # the acceptor goes to Sta10 instead
    "AR-9": Action((_E.SEND,), _S.COLLISION_REQUESTOR_AWAITING),
    "AR-10": Action((_E.INDICATE,), _S.COLLISION_ACCEPTOR_AWAITING),
    # Association abort, Table 9-9.
    "AA-1": Action((_E.SEND_ABORT_USER, _E.START_ARTIM), _S.AWAITING_CLOSE),
    "AA-2": Action((_E.STOP_ARTIM, _E.CLOSE), _S.IDLE),
    "AA-3": Action((_E.INDICATE_ABORT, _E.CLOSE), _S.IDLE),
    "AA-4": Action((_E.INDICATE_ABORT,), _S.IDLE),
    "AA-5": Action((_E.STOP_ARTIM,), _S.IDLE),
    "AA-6": Action((), _S.AWAITING_CLOSE),
    "AA-7": Action((_E.SEND_ABORT_PROVIDER,), _S.AWAITING_CLOSE),
    "AA-8": Action((_E.SEND_ABORT_PROVIDER, _E.INDICATE_ABORT, _E.START_ARTIM), _S.AWAITING_CLOSE),
}


def _row(**actions: str) -> dict[State, str]:
    """One row of Table 9-10: `s2="AA-1"` for a state, `s6_12="AA-8"` for a range of them."""
    row: dict[State, str] = {}
    for states, action in actions.items():
        first, _, last = states[1:].partition("_")
        for number in range(int(first), int(last or first) + 1):
            row[State(number)] = action
    return row


TABLE: dict[Event, dict[State, str]] = {
    Event.ASSOCIATE_REQUEST: _row(s1="AE-1"),
    Event.TRANSPORT_CONFIRMED: _row(s4="AE-2"),
    Event.ACCEPT_RECEIVED: _row(s2="AA-1", s3="AA-8", s5="AE-3", s6_12="AA-8", s13="AA-6"),
    Event.REJECT_RECEIVED: _row(s2="AA-1", s3="AA-8", s5="AE-4", s6_12="AA-8", s13="AA-6"),
    Event.TRANSPORT_INDICATED: _row(s1="AE-5"),
    Event.REQUEST_RECEIVED: _row(s2="AE-6", s3="AA-8", s5_12="AA-8", s13="AA-7"),
    Event.ACCEPT: _row(s3="AE-7"),
    Event.REJECT: _row(s3="AE-8"),
    Event.DATA: _row(s6="DT-1", s8="AR-7"),
    Event.DATA_RECEIVED: _row(
        s2="AA-1", s3="AA-8", s5="AA-8", s6="DT-2", s7="AR-6", s8_12="AA-8", s13="AA-6"
    ),
    Event.RELEASE: _row(s6="AR-1"),
    Event.RELEASE_RECEIVED: _row(
        s2="AA-1", s3="AA-8", s5="AA-8", s6="AR-2", s7="AR-8", s8_12="AA-8", s13="AA-6"
    ),
    Event.RELEASE_RESPONSE_RECEIVED: _row(
        s2="AA-1",
        s3="AA-8",
        s5_6="AA-8",
        s7="AR-3",
        s8_9="AA-8",
        s10="AR-10",
        s11="AR-3",
        s12="AA-8",
        s13="AA-6",
    ),
    Event.RELEASE_RESPONSE: _row(s8="AR-4", s9="AR-9", s12="AR-4"),
    Event.ABORT: _row(s3="AA-1", s4="AA-2", s5_12="AA-1"),
    Event.ABORT_RECEIVED: _row(s2="AA-2", s3="AA-3", s5_12="AA-3", s13="AA-2"),
    Event.TRANSPORT_CLOSED: _row(s2="AA-5", s3_12="AA-4", s13="AR-5"),
    Event.ARTIM_EXPIRED: _row(s2="AA-2", s13="AA-2"),
    Event.INVALID_RECEIVED: _row(s2="AA-1", s3="AA-8", s5_12="AA-8", s13="AA-7"),
}
"""PS3.8 §9.2.3, Table 9-10."""


class Machine:
    """The state of one association."""

    __slots__ = ("requestor", "state")

    def __init__(self, *, requestor: bool) -> None:
        self.requestor = requestor
        self.state = State.IDLE

    def may(self, event: Event) -> bool:
        """Whether the table has an action for the event in this state."""
        return self.state in TABLE[event]

    def step(self, event: Event) -> tuple[Effect, ...]:
        """Take an event: the effects to carry out. KeyError for one that the table has no action for."""
        name = TABLE[event][self.state]
        action = ACTIONS[name]
        self.state = action.next
        if name == "AR-8" and not self.requestor:
            self.state = State.COLLISION_ACCEPTOR
        return action.effects
