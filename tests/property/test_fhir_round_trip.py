"""Case → bundle → case: equal for every concept that the bundle says, over generated cases; always valid."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chiasm import fhir
from chiasm.mapping import crosswalk, fhir_read
from chiasm.mapping.fhir_bundle import Composer
from chiasm.model import (
    BodyMeasures,
    Case,
    Coded,
    Equipment,
    Identifier,
    Instance,
    Instant,
    Issuer,
    NameGroup,
    Order,
    Patient,
    Person,
    PersonName,
    Quantity,
    ScheduledStep,
    Series,
    Study,
    Visit,
)

NO_SHRINK = [Phase.explicit, Phase.reuse, Phase.generate]
LETTERS = st.characters(codec="utf-8", exclude_categories=("C", "Z"))
TEXT = st.text(LETTERS, min_size=1, max_size=12) | st.sampled_from(["two words", "Ärzte & <Co>", "山田^太郎"])
SAID = st.just("") | TEXT
CODE_TEXT = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_", min_size=1, max_size=8)
NUMBER = st.integers(0, 9999).map(str)
UID = st.lists(st.integers(0, 99999), min_size=2, max_size=6).map(lambda n: ".".join(map(str, [1, 2, *n])))
ISSUER = (
    st.builds(Issuer, SAID, UID, st.sampled_from(["ISO"]))
    | st.builds(Issuer, TEXT)
    | st.builds(Issuer, SAID, TEXT, st.sampled_from(["ISO", "DNS", "X400"]))
)
MAYBE_ISSUER = st.just(Issuer()) | ISSUER
KEPT_ID = st.builds(Identifier, TEXT, MAYBE_ISSUER, st.sampled_from(["", "MR", "PI"]))
GROUP = st.builds(NameGroup, TEXT, SAID, SAID, SAID, SAID, SAID)
ABSENT = st.just(NameGroup())
NAME = st.builds(PersonName, GROUP, ABSENT | GROUP, ABSENT | GROUP, st.sampled_from(["", "L", "M", "N"]))
PERSON = st.builds(Person, NAME, st.none() | KEPT_ID)
PERSONS = st.lists(PERSON, max_size=2).map(tuple)
CODED = st.builds(Coded, CODE_TEXT, st.sampled_from(["SCT", "LN", "99 LOCAL"]), SAID, SAID)
CODES = st.lists(CODED, max_size=2).map(tuple)
CLOCK = (
    st.datetimes().map(lambda when: f"{when:%Y%m%d%H%M%S}".rjust(14, "0")).filter(lambda text: text >= "0001")
)
MOMENT = (
    st.none()
    | CLOCK.map(lambda text: Instant(text[:8]))
    | st.builds(
        Instant, CLOCK, st.sampled_from(["", "5", "123456"]), st.sampled_from(["+0000", "-0330", "+1400"])
    )
)
TEXTS = st.lists(TEXT, max_size=3).map(tuple)


def quantity(*units: str) -> st.SearchStrategy[Quantity | None]:
    decimal = st.decimals(0, 999, places=2).map(str)
    return st.none() | st.builds(
        Quantity, decimal, st.sampled_from(units).map(lambda u: Coded(u, "UCUM", "x"))
    )


ADDRESS = SAID | st.lists(TEXT.filter(lambda text: "^" not in text), min_size=2, max_size=6).map("^".join)
PATIENT = st.builds(
    Patient,
    identifiers=st.lists(KEPT_ID, max_size=3).map(tuple),
    names=st.lists(NAME, max_size=2).map(tuple),
    birth_date=MOMENT,
    sex=st.sampled_from(["", "M", "F", "O", "U"]),
    ethnic_group=SAID,
    address=ADDRESS,
    phones=TEXTS,
    language=st.none() | CODED,
    religion=SAID,
    country=SAID,
    species=st.none() | CODED,
    breed=st.none() | CODED,
    responsible_person=SAID,
    allergies=SAID,
    comments=SAID,
)
VISIT = st.builds(
    Visit, SAID, st.just(Issuer()), SAID, PERSONS, PERSONS, PERSONS, st.sampled_from(["", "B6"]), SAID
)
STEP = st.builds(
    ScheduledStep,
    identifier=TEXT,
    description=SAID,
    protocols=CODES,
    start=MOMENT,
    modality=st.sampled_from(["", "CT", "MR"]),
    stations=TEXTS,
    ae_titles=TEXTS,
    location=SAID,
    premedication=SAID,
    contrast=SAID,
    status=SAID,
    comments=SAID,
)
ORDER = st.builds(
    Order,
    placer_number=TEXT,
    placer_issuer=MAYBE_ISSUER,
    filler_number=TEXT,
    filler_issuer=MAYBE_ISSUER,
    accession_number=TEXT,
    accession_issuer=MAYBE_ISSUER,
    procedure_id=SAID,
    procedures=st.lists(CODED, max_size=1).map(tuple),
    description=SAID,
    study_uid=UID,
    reason=SAID,
    reason_codes=CODES,
    priority=st.sampled_from(["", "S", "A", "R"]),
    requester=st.lists(PERSON, max_size=1).map(tuple),
    requesting_service=SAID,
    callback_phone=SAID,
    issued=MOMENT,
    clinical_information=SAID,
    medical_alerts=SAID,
    patient_state=SAID,
    comments=SAID,
    steps=st.lists(STEP, max_size=2).map(tuple),
)
EQUIPMENT = st.builds(Equipment, SAID, SAID, SAID, TEXTS, SAID, SAID, SAID, SAID)
INSTANCE = st.builds(Instance, UID, UID, st.just("") | NUMBER)
SERIES = st.builds(
    Series,
    uid=UID,
    modality=st.sampled_from(["CT", "MR"]),
    number=st.just("") | NUMBER,
    description=SAID,
    body_part=SAID,
    laterality=st.sampled_from(["", "R", "L", "B", "U"]),
    started=MOMENT,
    operators=PERSONS,
    performers=PERSONS,
    equipment=EQUIPMENT,
    instances=st.lists(INSTANCE, max_size=2).map(tuple),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    orders = tuple(draw(st.lists(ORDER, min_size=1, max_size=2)))
    study = Study(
        orders[0].study_uid,
        draw(SAID),
        draw(SAID),
        draw(MOMENT),
        draw(PERSONS),
        draw(CODES),
        draw(st.sampled_from([(), ("CT",), ("CT", "SR")])),
        tuple(draw(st.lists(SERIES, max_size=2))),
    )
    measures = BodyMeasures(draw(quantity("m")), draw(quantity("kg")), draw(quantity("a", "mo")))
    return Case(draw(PATIENT), draw(VISIT), measures, orders, study)


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Where two records say different things."""
    if hasattr(one, "__dataclass_fields__") and type(one) is type(other):
        found = []
        for name in one.__dataclass_fields__:
            found += differences(getattr(one, name), getattr(other, name), f"{path}.{name}")
        return found
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        return [
            said
            for n, pair in enumerate(zip(one, other, strict=True))
            for said in differences(*pair, f"{path}[{n}]")
        ]
    return [] if one == other else [f"{path}: {one!r} came back as {other!r}"]


@settings(max_examples=30, suppress_health_check=list(HealthCheck), phases=NO_SHRINK)
@given(cases())
def test_a_case_comes_back_equal(case: Case) -> None:
    composer = Composer(case, crosswalk.default())
    composer.compose()
    bundle = composer.bundle.finish()
    assert fhir.validate(bundle) == []
    assert composer.writer.refused == {}
    assert all(not place.notes for place in composer.writer.written.values())
    reading = fhir_read.read(fhir.parse(bundle.encode()), crosswalk.default())
    assert differences(case, reading.case) == []
    assert [read for read in reading.reads if read.refusal] == []


@settings(max_examples=30, suppress_health_check=list(HealthCheck), phases=NO_SHRINK)
@given(cases(), st.sampled_from(["ABC", "", "\x00", "  ", "20201301", "9" * 70]))
def test_nothing_foreign_makes_an_invalid_bundle(case: Case, odd: str) -> None:
    """Values that FHIR does not admit are refused, not written."""
    from dataclasses import fields, replace

    def spoiled(record: Any) -> Any:
        texts = {one.name: odd for one in fields(record) if isinstance(getattr(record, one.name), str)}
        return replace(record, **texts)

    patient = replace(spoiled(case.patient), birth_date=Instant(odd), identifiers=(Identifier(odd or "x"),))
    series = tuple(
        replace(spoiled(one), instances=tuple(map(spoiled, one.instances)), equipment=spoiled(one.equipment))
        for one in case.study.series
    )
    study = replace(spoiled(case.study), series=series)
    orders = tuple(replace(spoiled(one), steps=tuple(map(spoiled, one.steps))) for one in case.orders)
    composer = Composer(replace(case, patient=patient, study=study, orders=orders), crosswalk.default())
    composer.compose()
    assert fhir.validate(composer.bundle.finish()) == []
