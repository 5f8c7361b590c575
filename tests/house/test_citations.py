"""A citation names its section, in one form."""

import pytest

from tools.house import citations

GOOD = [
    "PS3.5 §6.2",
    "PS3.3 §C.12.1.1.2",
    "PS3.3 §A.8-1, then PS3.18 §F.2",
    "HL7 v2.5.1 §2.9",
    "HL7 v2.5.1 §2.A.89",
    "HL7 v2.5.1 and later",
    "HL7 v2.8.2",
    "ITI TF-2 §3.18",
    "RAD TF-2 §4.6.4.1",
    "ITI TF-2x §W",
    "FHIR R4 §2.6",
]
BAD = [
    "PS3.5",
    "PS3.5 6.2",
    "PS3.5 section 6.2",
    "PS3.5§6.2",
    "PS3.5 § 6.2",
    "PS 3.5 §6.2",
    "PS3.18 F",
    "HL7 v2.5.1 2.9",
    "HL7 v2.5.1 chapter 2",
    "HL7 v2.5.1, section 2.9",
    "HL7 v2.5.1 § 2.9",
    "HL7 v2.5.1§2.9",
    "HL7 2.5.1 2.A.89",
    "ITI TF-2 3.18",
    "RAD TF-2:4.6",
    "RAD TF-3",
]


def lines(tree):
    assert {problem.rule for problem in citations.check(tree)} <= {"citation-form"}
    return [problem.line for problem in citations.check(tree)]


@pytest.mark.parametrize("text", GOOD)
def test_the_one_form(plant, text):
    assert lines(plant({"src/chiasm/a.py": f'"""Reads; {text}."""\n# {text}\n'})) == []


@pytest.mark.parametrize("text", BAD)
def test_any_other_form(plant, text):
    found = lines(plant({"src/chiasm/a.py": f'"""Reads; {text}."""\nx = 1  # {text}\n'}))
    assert found == [2, 1]


def test_a_citation_may_run_over_two_lines(plant):
    text = '"""Reads.\n\nAs PS3.5\n§6.2 and PS3.5\n6.3 say.\n"""\n# So PS3.5\n# §6.2, and\n# PS3.4\n# too\n'
    assert lines(plant({"src/chiasm/a.py": text})) == [9, 4]


def test_the_rule_of_a_finding_is_read(plant):
    text = 'raise E("x", rule="PS3.5")\nF(citation="HL7 v2.5 2.9")\nG(message="PS3.5")\nH(rule="PS3.5 §6")\n'
    assert lines(plant({"src/chiasm/a.py": text})) == [1, 2]
