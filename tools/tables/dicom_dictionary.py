"""Generator of the DICOM dictionary, the private dictionary and the UIDs, from pydicom.

Writes `dicom-dictionary.json`, `dicom-private.json` and `dicom-uids.json`. What pydicom lacks or has
otherwise than the standard is settled in `corrections/dicom.toml`.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CORRECTIONS = HERE / "corrections" / "dicom.toml"
FILES = ("pydicom/_dicom_dict.py", "pydicom/_private_dict.py", "pydicom/_uid_dict.py")


def generate(out_dir: Path) -> None:
    """Write the three files into `out_dir`."""
    corrections = tomllib.loads(CORRECTIONS.read_text("utf-8"))
    stated = provenance()
    write_table(out_dir / "dicom-dictionary.json", {"provenance": stated, **_dictionary()})
    write_table(out_dir / "dicom-private.json", {"provenance": stated, "creators": _private()})
    uids = _uids(corrections)
    syntaxes = _transfer_syntaxes(uids, corrections)
    content = {"provenance": stated, "uids": uids, "transfer_syntaxes": syntaxes}
    write_table(out_dir / "dicom-uids.json", content)
    charsets = {"edition": "PS3.3 and PS3.5, 2024d", "generator": "tools/tables/dicom_dictionary.py"}
    charsets["sha256"] = hashlib.sha256(CORRECTIONS.read_bytes()).hexdigest()
    write_table(out_dir / "dicom-charsets.json", {"provenance": charsets, "terms": corrections["charset"]})


def provenance() -> dict[str, Any]:
    """Edition, package, version and digest of the files that were read."""
    dist = distribution("pydicom")
    digest = hashlib.sha256()
    for name in FILES:
        digest.update(Path(str(dist.locate_file(name))).read_bytes())
    from pydicom._version import __dicom_version__ as edition

    return {
        "edition": f"DICOM {edition}",
        "sources": [{"package": "pypi:pydicom", "version": dist.version, "sha256": digest.hexdigest()}],
        "corrections": {
            "file": "tools/tables/corrections/dicom.toml",
            "sha256": hashlib.sha256(CORRECTIONS.read_bytes()).hexdigest(),
        },
        "generator": "tools/tables/dicom_dictionary.py",
    }


def _dictionary() -> dict[str, Any]:
    """Parallel arrays, sorted by tag: a whole dictionary loads in a few milliseconds that way."""
    from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

    rows = sorted((int(tag), row) for tag, row in DicomDictionary.items())
    columns: dict[str, list[Any]] = {
        "tags": [tag for tag, _ in rows],
        "vr": [_alternatives(row[0]) for _, row in rows],
        "vm": [row[1] for _, row in rows],
        "names": [row[2] for _, row in rows],
        "keywords": [row[4] for _, row in rows],
        "retired": [tag for tag, row in rows if row[3]],
    }
    repeating = {
        mask.lower(): [_alternatives(row[0]), row[1], row[2], row[4], bool(row[3])]
        for mask, row in sorted(RepeatersDictionary.items())
    }
    # Where the group repeats, the first one has no other name; where the element does, it may.
    keywords = {
        row[3]: int(mask.replace("x", "0"), 16) for mask, row in repeating.items() if mask[2:4] == "xx"
    }
    return {**columns, "repeating": repeating, "repeating_keywords": keywords}


def _alternatives(vr: str) -> str:
    """The VRs an element may have, as `US/SS`."""
    return vr.replace(" or ", "/") if vr != "NONE" else ""


def _private() -> dict[str, dict[str, list[str]]]:
    from pydicom._private_dict import private_dictionaries

    return {
        creator: {tag.lower(): [_alternatives(row[0]), row[1], row[2]] for tag, row in sorted(rows.items())}
        for creator, rows in sorted(private_dictionaries.items())
    }


def _uids(corrections: dict[str, Any]) -> list[list[str]]:
    from pydicom._uid_dict import UID_dictionary

    rows = {uid: [uid, row[0], row[1], row[4], row[3]] for uid, row in UID_dictionary.items()}
    for one in corrections.get("uid", ()):
        rows[one["uid"]] = [
            one["uid"],
            one["name"],
            one["kind"],
            one["keyword"],
            "Retired" if one.get("retired") else "",
        ]
    return [rows[uid] for uid in sorted(rows)]


def _transfer_syntaxes(uids: list[list[str]], corrections: dict[str, Any]) -> dict[str, list[str]]:
    """Name, flags and retirement of each: i implicit VR, b big endian, d deflated, e encapsulated."""
    kinds = corrections["transfer_syntax"]
    found = {uid: [name, retired] for uid, name, kind, _, retired in uids if kind == "Transfer Syntax"}
    found |= {one["uid"]: [one["name"], ""] for one in kinds["private"]}
    return {
        uid: [
            found[uid][0],
            "i" * (uid in kinds["implicit"])
            + "b" * (uid in kinds["big_endian"])
            + "d" * (uid in kinds["deflated"])
            + "e" * (uid not in kinds["not_encapsulated"]),
            found[uid][1],
        ]
        for uid in sorted(found)
        if uid not in kinds["not_of_data_sets"]
    }


def write_table(path: Path, content: dict[str, Any]) -> None:
    """Write a table as JSON, one line for each of its parts, always in the same order."""
    lines = ",\n".join(
        f"{json.dumps(key)}:{json.dumps(value, ensure_ascii=False, separators=(',', ':'))}"
        for key, value in content.items()
    )
    path.write_text("{\n" + lines + "\n}\n", "utf-8")
