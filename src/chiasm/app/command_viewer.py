"""`chiasm viewer install`: OHIF from its published npm package, for this node to serve."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from ..errors import UsageError
from .settings import load

PACKAGE, VERSION = "@ohif/app", "3.12.10"
"""The version that the node is tested with."""

_MOST_BYTES = 1 << 30
_MOST_FILES = 20_000
_BUILT = "package/dist/"


def install_command(data: Path | None, config: Path | None, version: str) -> int:
    """Fetch the package with npm, which checks its digest, and lay its pages below the data folder.

    UsageError where npm is missing, the package cannot be had or is none of OHIF's.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise UsageError("npm is needed to fetch OHIF", hint="apt install npm")
    settings = load(config).with_options(data=data)
    settings.data.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=settings.data, prefix="viewer-") as folder:
        sys.stdout.write(f"Fetching {PACKAGE} {version}\n")
        sys.stdout.flush()
        archive = _fetched(npm, f"{PACKAGE}@{version}", Path(folder))
        pages = Path(folder) / "pages"
        count = unpacked(archive, pages)
        target = settings.data / "ohif"
        if target.exists():
            target.rename(Path(folder) / "old")
        pages.rename(target)
    sys.stdout.write(f"{count} files are in {target}; `chiasm up` serves them and prints the address\n")
    return 0


def _fetched(npm: str, package: str, folder: Path) -> Path:
    command = [npm, "pack", package, "--silent", "--pack-destination", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder)
    found = list(folder.glob("*.tgz"))
    if done.returncode != 0 or len(found) != 1:
        told = done.stderr.strip().splitlines()
        raise UsageError(f"npm could not fetch {package}: {told[-1] if told else 'no reason given'}")
    return found[0]


def _lay(content: IO[bytes] | None, pages: Path, name: str) -> None:
    target = (pages / name).resolve()
    if content is None or not target.is_relative_to(pages.resolve()):
        raise UsageError(f"the package has a file outside its folder: {name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("xb") as file:
        shutil.copyfileobj(content, file)


def unpacked(archive: Path, pages: Path) -> int:
    """Lay the built pages of a package into a new folder; the number of files. UsageError for another one."""
    count = size = 0
    pages.mkdir()
    try:
        with tarfile.open(archive, "r:gz") as package:
            for member in package:
                if not member.isfile() or not member.name.startswith(_BUILT):
                    continue
                count, size = count + 1, size + member.size
                if count > _MOST_FILES or size > _MOST_BYTES:
                    raise UsageError("the package is larger than OHIF can be", source=archive.name)
                _lay(package.extractfile(member), pages, member.name.removeprefix(_BUILT))
    except (tarfile.TarError, OSError, EOFError, ValueError) as error:
        raise UsageError(f"the package cannot be read: {error}", source=archive.name) from None
    if not (pages / "index.html").is_file():
        raise UsageError("the package has no built pages", source=archive.name)
    return count
