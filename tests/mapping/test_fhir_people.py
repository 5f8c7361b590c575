"""Names in FHIR: three writings, middle names, degrees; persons as practitioners."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chiasm.fhir import Resource
from chiasm.mapping.fhir_nodes import Index
from chiasm.mapping.fhir_people import from_human_names, human_names
from chiasm.model import NameGroup, PersonName

YAMADA = PersonName(
    NameGroup("Yamada", "Tarou"), NameGroup("山田", "太郎"), NameGroup("やまだ", "たろう"), "L"
)


def read_back(*names: PersonName) -> tuple[PersonName, ...]:
    content = [one for name in names for one in human_names(name)]
    patient = Resource({"resourceType": "Patient", "name": content})
    return from_human_names(Index(patient).nodes[0].children("name"))


def test_three_writings() -> None:
    written = human_names(YAMADA)
    assert [one["family"] for one in written] == ["Yamada", "山田", "やまだ"]
    assert [one["extension"][0]["valueCode"] for one in written] == ["ABC", "IDE", "SYL"]
    assert {one["use"] for one in written} == {"official"}


def test_one_writing_needs_no_extension() -> None:
    (written,) = human_names(PersonName(NameGroup("Adams", "John Robert", "Quincy", "Rev.", "B.A. M.Div.")))
    assert written == {
        "family": "Adams",
        "given": ["John Robert", "Quincy"],
        "prefix": ["Rev."],
        "suffix": ["B.A. M.Div."],
    }


def test_middle_name_alone_and_degree() -> None:
    name = PersonName(NameGroup("Doe", "", "Q", "", "Jr", "MD"))
    (written,) = human_names(name)
    assert written["given"] == ["Q"]
    assert written["suffix"] == ["Jr", "MD"]
    assert read_back(name) == (name,)


def test_text_alone_is_read() -> None:
    patient = Resource({"resourceType": "Patient", "name": [{"text": "Ann Doe"}]})
    names = from_human_names(Index(patient).nodes[0].children("name"))
    assert names == (PersonName(NameGroup("Ann Doe")),)


_PART = st.sampled_from(["", "Ann", "van Dam", "山田"])
_GROUP = st.builds(NameGroup, st.sampled_from(["Doe", "O'Neil"]), _PART, _PART, _PART, _PART, _PART)
_NAME = st.builds(
    PersonName,
    _GROUP,
    _GROUP | st.just(NameGroup()),
    _GROUP | st.just(NameGroup()),
    st.sampled_from(["", "L", "M", "D"]),
)


@given(st.lists(_NAME, max_size=3))
def test_names_come_back(names: list[PersonName]) -> None:
    assert read_back(*names) == tuple(names)
