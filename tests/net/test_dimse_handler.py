"""What a service must have to be asked by the server, and whom it serves."""

from chiasm.net.dimse_handler import Peer
from chiasm.net.dimse_query import Find
from chiasm.net.dimse_retrieve import Get, Move
from chiasm.net.dimse_storage import Echo, Storage


def test_the_services_of_the_node_are_handlers():
    for service in (Find, Get, Move, Echo, Storage):
        assert callable(service.begin)
        assert callable(service.handle)
    assert callable(Find.at_once)


def test_who_asks_has_no_identity_unless_it_gives_one():
    assert Peer("A", "B", "127.0.0.1:1").identity is None
