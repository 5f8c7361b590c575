"""The ledger of a result is drawn up once, when it is asked for."""

from chiasm.mapping.result import Result
from chiasm.model import Disposition, Entry


def test_the_ledger_is_drawn_up_when_asked_for():
    calls = []

    def account():
        calls.append(1)
        return [Entry("a", Disposition.DROPPED)]

    result = Result(b"x", "oru", account, more=(b"y",))
    assert calls == []
    assert len(result.ledger) == len(result.ledger) == 1
    assert calls == [1]
    assert result.outputs == (b"x", b"y")
