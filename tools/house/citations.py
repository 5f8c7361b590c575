"""The form of a citation: the document, one space, `§` and the section, as in `PS3.5 §6.2`.

Read in docstrings, in comments, and in the texts given as `citation=` or `rule=`: a source that
names no section cannot be checked by the next reader. A version of HL7 may be named alone, a
chapter of it may not.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator

from .tree import Problem, Source, Tree

_SECTION = r"[ \n]§[A-Z0-9]"
_BROKEN = {
    "PS3.5 §6.2": re.compile(rf"\bPS3\.\d+(?!\d)(?!{_SECTION})|\bPS[ -]3\.\d+"),
    "HL7 v2.5.1 §2.9": re.compile(
        r"\bHL7 [vV]?2(?:\.\d)*(?:§|[, :\n]+(?:"
        r"[Cc]h(?:apter|ap)?\b|[Ss]ec(?:t|tion)?\b|\d+[A-Z]?\.[\dA-Z]|§(?![A-Z0-9])))"
    ),
    "ITI TF-2 §3.18": re.compile(rf"\bTF-\d[a-z]?(?!\w)(?!{_SECTION})"),
}


def check(tree: Tree) -> Iterator[Problem]:
    """Citations in src, tools and bench that name a document but no section, or not in the one form."""
    for source in tree.sources:
        for line, text in [*_comments(source), *_texts(source)]:
            flat = re.sub(r"\n[ #]*", "\n", text)
            for form, broken in _BROKEN.items():
                for match in broken.finditer(flat):
                    shown = flat[match.start() : match.end() + 12].replace("\n", " ").strip()
                    place = line + flat.count("\n", 0, match.start())
                    yield Problem(
                        source.path,
                        place,
                        "citation-form",
                        f"{shown!r}: name the section, in the form {form!r}",
                    )


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    """Each run of neighboring comment lines as one text."""
    run: list[str] = []
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type != tokenize.COMMENT:
            continue
        if run and token.start[0] != last + 1:
            yield start, "\n".join(run)
            run = []
        start = start if run else token.start[0]
        run.append(token.string.lstrip("# "))
        last = token.start[0]
    if run:
        yield start, "\n".join(run)


def _texts(source: Source) -> Iterator[tuple[int, str]]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            documentation = ast.get_docstring(node, clean=False)
            if documentation is not None:
                yield node.body[0].lineno, documentation
        elif isinstance(node, ast.keyword) and node.arg in {"citation", "rule"}:
            value = node.value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value
