"""Workers share a port, and one that falls is started again."""

import socket

import pytest

from chiasm.app.settings import Address
from chiasm.app.workers import Worker, shared
from chiasm.errors import UsageError


def test_a_port_is_held_so_that_all_workers_can_share_it():
    with shared(Address("127.0.0.1", 0)) as address:
        assert address.port > 0
        for _ in range(2):
            with socket.socket() as one:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                one.bind((address.host, address.port))


def test_a_port_of_another_program_is_told():
    other = socket.create_server(("127.0.0.1", 0))
    with other, pytest.raises(UsageError, match="cannot take"), shared(Address(*other.getsockname())):
        pass


def test_a_worker_that_falls_is_started_again_later_each_time(capsys):
    worker = Worker("not settings at all")
    worker.start()
    assert not worker.ready()
    worker.process.wait(30)
    worker.watch(100.0)
    assert worker.process is None
    assert worker.due == 100.2
    assert "ended" in capsys.readouterr().err
    worker.watch(100.1)
    assert worker.process is None
    worker.watch(100.3)
    assert worker.process is not None
    worker.process.wait(30)
    worker.watch(101.0)
    assert worker.due == 102.0
    worker.close()
