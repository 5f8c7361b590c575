"""The state machine against Table 9-10 of PS3.8, as pynetdicom transcribes it."""

import pytest

from chiasm.protocols.machine import ACTIONS, TABLE, Effect, Event, Machine, State


def test_the_table_is_that_of_the_standard():
    """pynetdicom's transcription is independent of ours; its AR-8 and AE-6 choose states within."""
    from pynetdicom.fsm import TRANSITION_TABLE

    theirs = {
        (int(event[3:]), int(state[3:])): action.replace("_", "-")
        for (event, state), action in TRANSITION_TABLE.items()
    }
    ours = {(int(event), int(state)): action for event, row in TABLE.items() for state, action in row.items()}
    differing = {
        place: (ours.get(place), theirs.get(place))
        for place in ours.keys() | theirs.keys()
        if ours.get(place) != theirs.get(place)
    }
    assert differing == {}


def test_every_action_of_the_tables_is_there():
    assert len(ACTIONS) == 8 + 2 + 10 + 8
    assert {action for row in TABLE.values() for action in row.values()} == set(ACTIONS)


def test_an_acceptor_lives_and_dies():
    machine = Machine(requestor=False)
    assert machine.step(Event.TRANSPORT_INDICATED) == (Effect.START_ARTIM,)
    assert machine.step(Event.REQUEST_RECEIVED) == (Effect.STOP_ARTIM, Effect.INDICATE)
    assert machine.step(Event.ACCEPT) == (Effect.SEND,)
    assert machine.state is State.ESTABLISHED
    assert machine.step(Event.RELEASE_RECEIVED) == (Effect.INDICATE,)
    assert machine.step(Event.RELEASE_RESPONSE) == (Effect.SEND, Effect.START_ARTIM)
    assert machine.step(Event.TRANSPORT_CLOSED) == (Effect.STOP_ARTIM,)
    assert machine.state is State.IDLE


@pytest.mark.parametrize(
    ("requestor", "state"), [(True, State.COLLISION_REQUESTOR), (False, State.COLLISION_ACCEPTOR)]
)
def test_both_ask_for_release_at_once(requestor, state):
    machine = Machine(requestor=requestor)
    machine.state = State.ESTABLISHED
    machine.step(Event.RELEASE)
    machine.step(Event.RELEASE_RECEIVED)
    assert machine.state is state


def test_what_the_table_does_not_have_is_no_step():
    machine = Machine(requestor=True)
    assert not machine.may(Event.DATA)
    with pytest.raises(KeyError):
        machine.step(Event.DATA)
