"""Which kind a concept is in FHIR."""

from __future__ import annotations

from chiasm.mapping.fhir_kinds import OF_CONCEPT, OF_KIND, kind_of
from chiasm.mapping.kinds import KINDS


def test_a_rule_of_its_own_comes_first() -> None:
    assert kind_of("order.study_uid", "text") is OF_CONCEPT["order.study_uid"]
    assert kind_of("order.comments", "text") is OF_KIND["text"]
    assert kind_of("order.comments", "unheard-of") is None


def test_every_kind_of_the_crosswalk_has_one_in_fhir_but_those_of_v2_alone() -> None:
    assert KINDS.keys() - OF_KIND.keys() <= {"section"}
