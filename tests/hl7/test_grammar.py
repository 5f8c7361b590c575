"""The steps of the state machine, on structures small enough to work out by hand."""

from __future__ import annotations

from chiasm.hl7.grammar import ERROR, MISSING, START, SURPLUS, Grammar
from chiasm.standards.hl7_syntax import parse_structure
from chiasm.standards.hl7tables import StructureDef


def machine(text, known=()):
    return Grammar(StructureDef("TST", "test", parse_structure(text)), known)


def names(grammar, step):
    return grammar.places[step.leaf].name, [place.name for place in step.opened]


def test_places_are_numbered_in_document_order():
    grammar = machine("MSH G(AAA BBB?)* CCC")
    assert [place.name for place in grammar.places] == ["TST", "MSH", "G", "AAA", "BBB", "CCC"]
    assert [p.required for p in grammar.places[1:]] == [True, False, True, False, True]


def test_a_first_step_opens_the_groups_around_the_leaf():
    grammar = machine("MSH G(H(AAA BBB?)+)+")
    step = grammar.best(1, "AAA")
    assert step is not None
    assert names(grammar, step) == ("AAA", ["G", "H"])
    assert step.cost < ERROR


def test_a_repeated_head_repeats_the_innermost_group_that_admits_it():
    grammar = machine("MSH G(H(AAA BBB?)+)+")
    step = grammar.best(grammar.leaves["AAA"][0].index, "AAA")
    assert step is not None
    assert (step.keep, names(grammar, step)) == (2, ("AAA", ["H"]))


def test_a_required_place_that_is_passed_over_costs():
    grammar = machine("MSH AAA BBB CCC?")
    step = grammar.best(1, "CCC")
    assert step is not None
    assert step.cost // ERROR == 2 * MISSING // ERROR
    assert grammar.missing_at_end(1) == 2 * MISSING
    assert grammar.missing_at_end(START) == 3 * MISSING


def test_a_repetition_that_is_not_admitted_costs():
    grammar = machine("MSH AAA BBB?")
    step = grammar.best(2, "AAA")
    assert step is not None
    assert step.cost // ERROR == SURPLUS // ERROR


def test_the_head_of_an_open_group_wins_over_the_middle_of_a_nested_one():
    # An order must not become the prior result of the order before it.
    grammar = machine("MSH ORDER(ORC OBR PRIOR(PID? ORC OBR)*)+")
    obr = grammar.leaves["OBR"][0].index
    step = grammar.best(obr, "ORC")
    assert step is not None
    assert names(grammar, step) == ("ORC", ["ORDER"])


def test_a_step_never_goes_back_or_between_alternatives():
    grammar = machine("MSH PICK<AAA BBB> CCC?")
    assert grammar.best(grammar.leaves["CCC"][0].index, "AAA") is None
    step = grammar.best(grammar.leaves["AAA"][0].index, "BBB")
    assert step is not None
    assert step.cost >= SURPLUS


def test_a_group_of_optional_parts_is_not_missed():
    grammar = machine("MSH G(AAA? BBB*) PICK<CCC? DDD>")
    assert grammar.missing_at_end(1) == 0


def test_a_place_for_any_segment_takes_known_and_local_ones():
    grammar = machine("MSH Hxx", known={"PID"})
    assert grammar.symbol("PID") == grammar.symbol("ZDS") == "Hxx"
    assert grammar.symbol("QQQ") is None
    assert grammar.best(1, "Hxx") is not None
