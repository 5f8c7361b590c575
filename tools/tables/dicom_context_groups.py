"""Generator of the context groups of PS3.16 §B, and of the SNOMED codes of older objects, from pydicom.

Writes `dicom-context-groups.json`, where each code stands once and groups are places among the codes, and
`dicom-snomed.json`, the SNOMED CT code of each SNOMED-RT one.
"""

from __future__ import annotations

import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from pydicom.sr._cid_dict import cid_concepts, name_for_cid
from pydicom.sr._concepts_dict import concepts
from pydicom.sr._snomed_dict import mapping

from .dicom_dictionary import write_table
from .dicom_iods import Interned, digest

FILES = ("pydicom/sr/_cid_dict.py", "pydicom/sr/_concepts_dict.py", "pydicom/sr/_snomed_dict.py")
CONCEPTS: dict[str, Any] = concepts
_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def generate(out_dir: Path) -> None:
    """Write both files into `out_dir`."""
    stated = provenance()
    codes, groups = _groups()
    write_table(
        out_dir / "dicom-context-groups.json", {"provenance": stated, "codes": codes, "groups": groups}
    )
    old = {code: mapping["SRT"][code] for code in sorted(mapping["SRT"])}
    write_table(out_dir / "dicom-snomed.json", {"provenance": stated, "sct_of_srt": old})


def provenance() -> dict[str, Any]:
    """Edition, package, version and digest of the files that were read."""
    dist = distribution("pydicom")
    paths = [Path(str(dist.locate_file(name))) for name in FILES]
    from pydicom._version import __dicom_version__ as edition

    return {
        "edition": f"DICOM {edition}",
        "sources": [{"package": "pypi:pydicom", "version": dist.version, "sha256": digest(paths)}],
        "generator": "tools/tables/dicom_context_groups.py",
    }


def _groups() -> tuple[list[Any], dict[str, Any]]:
    codes = Interned()
    found = {}
    for cid in sorted(cid_concepts):
        rows = sorted(
            (scheme, value, row[0])
            for scheme, keywords in cid_concepts[cid].items()
            for keyword in set(keywords)
            for value, row in CONCEPTS.get(scheme, {}).get(keyword, {}).items()
            if cid in row[1]
        )
        places = [codes.at([value, scheme, meaning]) for scheme, value, meaning in rows]
        found[str(cid)] = [_WORDS.sub(" ", name_for_cid.get(cid, "")), places]
    return list(codes), found
