"""The elements of content items: their tags, and how each value type is written as an observation.

PS3.3 §C.17.3 and §C.18; HL7 v2.5.1 §7.4.2.
"""

from __future__ import annotations

from typing import Final

from ..model import Attribute, Coded

RELATIONSHIP, VALUE_TYPE, CONCEPT_NAME, CONTENT = 0x0040A010, 0x0040A040, 0x0040A043, 0x0040A730
TEXT_VALUE, DATE_TIME, DATE, TIME, PERSON_NAME, UID = (
    0x0040A160,
    0x0040A120,
    0x0040A121,
    0x0040A122,
    0x0040A123,
    0x0040A124,
)
CONCEPT_CODE, MEASURED_VALUE, NUMERIC_VALUE, UNITS, QUALIFIER = (
    0x0040A168,
    0x0040A300,
    0x0040A30A,
    0x004008EA,
    0x0040A301,
)
REFERENCED_SOP, SOP_CLASS, SOP_INSTANCE = 0x00081199, 0x00081150, 0x00081155
FRAMES, SEGMENTS, CHANNELS = 0x00081160, 0x0062000B, 0x0040A0B0
GRAPHIC_TYPE, GRAPHIC_DATA, FRAME_OF_REFERENCE = 0x00700023, 0x00700022, 0x30060024
RANGE_TYPE, SAMPLES, OFFSETS, MOMENTS = 0x0040A130, 0x0040A132, 0x0040A138, 0x0040A13A
CONTINUITY, TEMPLATE, TEMPLATE_ID, MAPPING_RESOURCE = 0x0040A050, 0x0040A504, 0x0040DB00, 0x00080105
TARGET_ITEM, OBSERVED, OBSERVATION_UID = 0x0040DB73, 0x0040A032, 0x0040A171
TABLE_ROWS, TABLE_COLUMNS = 0x0040A802, 0x0040A803

CODE_VALUE, SCHEME, SCHEME_VERSION, MEANING = 0x00080100, 0x00080102, 0x00080103, 0x00080104
LONG_CODE, URN_CODE = 0x00080119, 0x00080120

CHARACTER_SET = 0x00080005

TEXT_TAGS: Final[dict[int, str]] = {
    TEXT_VALUE: "TEXT",
    DATE_TIME: "DATETIME",
    DATE: "DATE",
    TIME: "TIME",
    PERSON_NAME: "PNAME",
    UID: "UIDREF",
    CONTINUITY: "CONTAINER",
}
"""Elements whose value is the text of an item, and the value type they belong to."""

TAG_OF_TEXT: Final = {value_type: tag for tag, value_type in TEXT_TAGS.items()}
COORDINATE_TYPES: Final = frozenset({"SCOORD", "SCOORD3D", "TCOORD"})
REFERENCE_TYPES: Final = frozenset({"COMPOSITE", "IMAGE", "WAVEFORM"})
VALUE_TYPES: Final = frozenset({*TAG_OF_TEXT, *COORDINATE_TYPES, *REFERENCE_TYPES, "NUM", "CODE", "TABLE"})
"""The sixteen value types of PS3.3 §C.17.3.2.1."""

BASES: Final = {SAMPLES: "samples", OFFSETS: "seconds", MOMENTS: "moments"}
"""What the points of a TCOORD count in. PS3.3 §C.18.7."""

OWN_SYSTEM, VR_SYSTEM, DCMR = "99CHIASM", "99DCMVR", "DCMR"
POINTER = "by-reference"
"""The value type under which an item by reference travels; no value of CS is spelled like it."""

NAME_VERSION = f"{CONCEPT_NAME:08X}/0/{SCHEME_VERSION:08X}"
UNIT_VERSION = f"{MEASURED_VALUE:08X}/0/{UNITS:08X}/0/{SCHEME_VERSION:08X}"
NUMBERS = f"{MEASURED_VALUE:08X}/0/{NUMERIC_VALUE:08X}"

MEASUREMENT_METHOD: Final = Coded("370129005", "SCT", "Measurement Method")
FINDING_SITE: Final = Coded("363698007", "SCT", "Finding Site")
LATERALITY: Final = Coded("272741003", "SCT", "Laterality")
TRACKING_IDENTIFIER: Final = Coded("112039", "DCM", "Tracking Identifier")
TRACKING_UID: Final = Coded("112040", "DCM", "Tracking Unique Identifier")
NORMALITY: Final = Coded("121402", "DCM", "Normality")
ACTIONABLE: Final = Coded("actionable", OWN_SYSTEM, "Actionable Finding Category")
COMPARATOR: Final = Coded("comparator", OWN_SYSTEM, "Comparator")
"""The modifier that says that a number is a bound, as `>`; PS3.16 has no concept for it."""

TEXT_VRS: Final = frozenset(
    {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
)
WHOLE_VRS: Final = frozenset({"LT", "ST", "UT", "UR"})
INTEGER_VRS: Final = frozenset(["US", "SS", "UL", "SL", "UV", "SV"])
FLOAT_VRS: Final = frozenset({"FL", "FD"})


def tag_of(path: str) -> int:
    """The tag of the last element of a path within an item."""
    return int(path[-8:], 16)


def attribute(attributes: tuple[Attribute, ...], path: str) -> str:
    """The text of the attribute at a path, empty where there is none."""
    return next((one.text for one in attributes if one.path == path), "")
