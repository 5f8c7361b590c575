"""What the house checks look at: a source tree read once, and the problems found in it."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "src/chiasm"
MIGRATIONS = "migrations"
"""The folder of a schema's versions, which a room may have below it."""
CODE = (PACKAGE, "tools", "bench")
_SKIPPED = frozenset({"node_modules", "__pycache__", "out", ".git"})


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One broken rule: `path` from the root with slashes, 1-based `line` (0: the whole file)."""

    path: str
    line: int
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.rule}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One Python file of the tree; its syntax tree is built when first asked for."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; raises SyntaxError for a file that is not Python."""
        return ast.parse(self.text, self.path)

    @cached_property
    def lines(self) -> list[str]:
        """The lines without their ends."""
        return self.text.splitlines()


@dataclass(frozen=True)
class Tree:
    """A project folder, laid out as this one is: src/chiasm, tools, bench, tests."""

    root: Path

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Every Python file under src/chiasm, tools and bench, in order of path."""
        return tuple(source for folder in CODE for source in self._read(folder))

    @cached_property
    def package(self) -> tuple[Source, ...]:
        """Every Python file under src/chiasm."""
        return tuple(source for source in self.sources if source.path.startswith(PACKAGE + "/"))

    @cached_property
    def tests(self) -> tuple[Source, ...]:
        """Every Python file under tests."""
        return tuple(self._read("tests"))

    @cached_property
    def kept(self) -> tuple[str, ...]:
        """Paths of all files that version control keeps or would keep; all files where there is none."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=self.root,
            capture_output=True,
            check=False,
        )
        if listed.returncode == 0 and (self.root / ".git").exists():
            names = listed.stdout.decode().split("\0")
            return tuple(sorted(name for name in names if name and (self.root / name).is_file()))
        return tuple(sorted(self._name(path) for path in self.root.rglob("*") if self._wanted(path)))

    def _read(self, folder: str) -> list[Source]:
        found = sorted(path for path in (self.root / folder).rglob("*.py") if self._wanted(path))
        return [Source(self._name(path), path.read_text(encoding="utf-8")) for path in found]

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _wanted(self, path: Path) -> bool:
        return path.is_file() and not _SKIPPED.intersection(path.relative_to(self.root).parts)
