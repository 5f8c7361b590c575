"""The one-line notation of structures: what it means, and that nothing ill-formed passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chiasm.errors import ParseError
from chiasm.standards.hl7_syntax import Node, parse_structure


def test_cardinalities() -> None:
    assert parse_structure("MSH SFT* PD1? OBX+ ROL{2,5} NTE{3,}") == (
        Node("segment", "MSH", 1, 1),
        Node("segment", "SFT", 0, None),
        Node("segment", "PD1", 0, 1),
        Node("segment", "OBX", 1, None),
        Node("segment", "ROL", 2, 5),
        Node("segment", "NTE", 3, None),
    )


def test_groups_and_choices_nest() -> None:
    (order,) = parse_structure("ORDER(ORC DETAIL<OBR RXO(RXO RXR*)>? BLG)+")
    assert (order.kind, order.name, order.min, order.max) == ("group", "ORDER", 1, None)
    detail = order.children[1]
    assert (detail.kind, detail.name, detail.min, detail.max) == ("choice", "DETAIL", 0, 1)
    assert [child.kind for child in detail.children] == ["segment", "group"]


def test_empty() -> None:
    assert parse_structure("") == ()


@pytest.mark.parametrize("text", ["A(B", "A)", "A(B>", "A<B)", "A B!", "(", "A{2}", "?", "A(B))"])
def test_ill_formed_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_structure(text)


@given(st.text(alphabet="AB(<)>?*+{}12, ", max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        nodes = parse_structure(text)
    except ParseError:
        return
    assert all(node.kind in ("segment", "group", "choice") for node in nodes)


def test_deep_nesting_costs_no_recursion() -> None:
    depth = 5000
    (node,) = parse_structure("A(" * depth + "B" + ")" * depth)
    for _ in range(depth):
        (node,) = node.children
    assert node.name == "B"
