"""`chiasm verify`: journal, objects and index checked against one another, the index made anew."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from ..errors import Severity
from ..services.archive import Settings
from ..services.verification import verify_archive
from .settings import load
from .terminal import printable


def verify_command(
    data: Path | None, *, config: Path | None = None, repair: bool = False, quick: bool = False, as_json: bool
) -> int:
    """Check an archive and print what was found; 1 where something is not as it should be, else 0.

    UsageError for a folder that holds no archive, and for a repair while a node runs on it.
    """
    options: dict[str, object] = {"data": data}
    settings = load(config).with_options(**options)
    place = Settings(settings.data, settings.database, settings.objects, settings.object_options)
    report = verify_archive(place, repair=repair, quick=quick)
    if as_json:
        sys.stdout.write(json.dumps(asdict(report), ensure_ascii=False, indent=1) + "\n")
    else:
        for one in report.findings:
            sys.stdout.write(printable(f"{one.severity}: {one.path}: {one.message} [{one.rule}]") + "\n")
        sys.stdout.write(f"{report.records} records, {report.objects} objects checked.\n")
        if repair:
            sys.stdout.write(
                f"Index made anew of {report.repaired} objects, {report.removed} files removed.\n"
            )
    return int(any(one.severity is Severity.ERROR for one in report.findings))
