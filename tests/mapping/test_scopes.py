"""Orders are told apart by their leading segments alone."""

import pytest

from chiasm import hl7
from chiasm.mapping.scopes import scopes

HEAD = "MSH|^~\\&|A|B|C|D|20260101||ORM^O01|1|P|2.5.1\rPID|||1\rPV1||O\r"


def controls(body):
    _, orders = scopes(hl7.parse(HEAD + body))
    return [order.control for order in orders]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("ORC|NW\rOBR|1\rORC|CA\rOBR|2\r", ["NW", "CA"]),
        ("OBR|1\rOBX|1\rOBR|2\r", ["", ""]),
        ("ORC|NW\rTQ1|1\rOBR|1\rNTE|1\rOBX|1\rIPC|A\r", ["NW"]),
        ("ORC|NW\rOBR|1\rOBR|2\r", ["NW", ""]),
        ("NTE|1\r", []),
        ("RGS|1\rAIS|1\rRGS|2\rAIS|1\r", ["", ""]),
        ("ORC|NW\rORC|SC\rOBR|1\r", ["NW", "SC"]),
    ],
)
def test_where_an_order_begins(body, expected):
    assert controls(body) == expected


def test_each_ipc_is_a_step_of_its_order():
    _, (order,) = scopes(hl7.parse(HEAD + "ORC|NW\rOBR|1\rIPC|A|R|1|S1\rIPC|A|R|1|S2\r"))
    assert len(list(order.steps())) == 2


def test_an_order_without_steps_of_its_own_is_its_one_step():
    _, (order,) = scopes(hl7.parse(HEAD + "ORC|NW\rOBR|1\r"))
    assert list(order.steps()) == [order]
