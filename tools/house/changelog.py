"""The changelog: one small file per notable change, folded into CHANGELOG.md at a release.

`changelog.d/<area>-<slug>.md` holds one to three sentences for the user. Two people never edit the
same line, so two changes never collide.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

from .tree import Problem, Tree

FOLDER = "changelog.d"
AREAS = (
    *("dicom", "hl7", "fhir", "model", "mapping", "standards", "errors", "limits", "app", "cli"),
    *("protocols", "pixels", "store", "services", "net", "console"),
    *("docs", "house", "bench", "tables"),
)
MOST_CHARACTERS = 600
_NAME = re.compile(rf"(?P<area>{'|'.join(AREAS)})-[a-z0-9]+(?:-[a-z0-9]+)*\.md")
_MARK = "<!-- releases -->\n"


def check(tree: Tree) -> Iterator[Problem]:
    """Fragments that are misnamed, empty, too long, or not plain sentences."""
    for path in tree.kept:
        folder, _, name = path.rpartition("/")
        if folder != FOLDER or name == "README.md":
            continue
        if not _NAME.fullmatch(name):
            yield Problem(
                path, 0, "fragment-name", f"name it <area>-<slug>.md, area one of {', '.join(AREAS)}"
            )
        text = (tree.root / path).read_text(encoding="utf-8").strip()
        if not text or len(text) > MOST_CHARACTERS or "\n\n" in text:
            message = f"one paragraph of at most {MOST_CHARACTERS} characters, for the user"
            yield Problem(path, 1, "fragment-size", message)
        elif text[0] in "#-*" or not text.endswith((".", "`.", ").")):
            yield Problem(path, 1, "fragment-form", "plain sentences, no heading or list, ending in a period")


def release(root: Path, version: str, day: datetime.date) -> str:
    """Fold all fragments into CHANGELOG.md under `version` and delete them; returns the new section.

    Raises ValueError where CHANGELOG.md has lost the mark under which releases are entered.
    """
    fragments = sorted(path for path in (root / FOLDER).glob("*.md") if path.name != "README.md")
    parts = [f"## {version} ({day.isoformat()})\n"]
    for area in AREAS:
        texts = [_flat(path) for path in fragments if path.name.startswith(f"{area}-")]
        if texts:
            parts.append(f"### {area}\n\n" + "".join(f"- {text}\n" for text in texts))
    section = "\n".join(parts)
    page = root / "CHANGELOG.md"
    before, mark, after = page.read_text(encoding="utf-8").partition(_MARK)
    if not mark:
        raise ValueError(f"CHANGELOG.md has no line {_MARK.strip()!r}")
    page.write_text(f"{before}{mark}\n{section}{after}", encoding="utf-8")
    for path in fragments:
        path.unlink()
    return section


def _flat(path: Path) -> str:
    return " ".join(path.read_text(encoding="utf-8").split())
