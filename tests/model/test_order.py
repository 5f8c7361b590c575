"""An order has its steps in their order."""

from chiasm.model import Order, ScheduledStep


def test_steps_keep_their_order():
    order = Order(steps=(ScheduledStep("2"), ScheduledStep("1")))
    assert [step.identifier for step in order.steps] == ["2", "1"]
