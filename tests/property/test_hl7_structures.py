"""Every structure of every version: its instances validate, and each single fault in one is found.

What a structure admits is decided here by an independent recognizer (sets of end positions), never
by the state machine under test.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chiasm.errors import Severity
from chiasm.hl7 import parse
from chiasm.hl7.generate import instance, rows
from chiasm.hl7.grammar import Grammar
from chiasm.hl7.groups import group_segments
from chiasm.hl7.path import parse_path
from chiasm.hl7.structure import group
from chiasm.hl7.validate import validate
from chiasm.standards import hl7tables

EVERY = [(v, s) for v in hl7tables.VERSIONS for s in hl7tables.version(v).structures]
SAMPLE = [
    *random.Random(20260102).sample(EVERY, 60),
    ("2.5.1", "ORU_R01"),
    ("2.5.1", "OMI_O23"),
    ("2.3.1", "ORM_O01"),
    ("2.5.1", "ADT_A01"),
    ("2.5.1", "OML_O21"),
]


def admits(definition, names):
    """Whether the structure admits the sequence of segment ids: a recognizer by sets of positions."""
    memo = {}

    def one(node, start):
        key = (id(node), start)
        if key not in memo:
            if node.kind == "segment":
                here = names[start] if start < len(names) else ""
                fits = here and (node.name == here or (node.name == hl7tables.ANY_SEGMENT and here != "QQQ"))
                memo[key] = {start + 1} if fits else set()
            elif node.kind == "choice":
                memo[key] = set().union(*(several(child, {start}) for child in node.children))
            else:
                memo[key] = sequence(node.children, {start})
        return memo[key]

    def several(node, starts):
        ends, current, times = (set(starts) if node.min == 0 else set()), set(starts), 0
        while current and (node.max is None or times < node.max):
            times += 1
            current = set().union(*(one(node, start) for start in current))
            if times >= node.min:
                current -= ends
                ends |= current
        return ends

    def sequence(nodes, starts):
        for node in nodes:
            starts = several(node, starts)
        return starts

    return len(names) in sequence(definition.children, {0})


def parts(text):
    return [row.split("|") for row in text]


def joined(table):
    return "\r".join("|".join(row) for row in table) + "\r"


def structural(version, structure, chance):
    """Mutants of the order of segments: kind, where they differ from the instance, ER7; all refused."""
    definition = hl7tables.version(version).structures[structure]
    base = rows(version, structure, optional=chance.random() < 0.5, seed=chance.randrange(100))
    for kind in ("dropped", "doubled", "moved", "foreign"):
        for _ in range(6):
            at = chance.randrange(1, len(base)) if len(base) > 1 else 0
            if base[at].startswith("MSH") and len(base) > 1:
                continue
            mutant, touched = list(base), {at}
            if kind == "dropped" and at:
                del mutant[at]
                touched = {at - 1, at}
            elif kind == "doubled" and at:
                mutant.insert(at, base[at])
                touched = {at, at + 1}
            elif kind == "moved" and at:
                to = chance.randrange(1, len(mutant))
                mutant.insert(to, mutant.pop(at))
                touched = {at - 1, at, at + 1, to - 1, to, to + 1}
            elif kind == "foreign":
                mutant.insert(max(at, 1), "QQQ|1")
                touched = {max(at, 1)}
            if not admits(definition, [row[:3] for row in mutant]):
                yield kind, touched, base[at][:3], "\r".join(mutant) + "\r"
                break


RULES = {
    "dropped": {"missing-segment", "missing-group"},
    "doubled": {"surplus-segment", "surplus-group", "misplaced-segment", "missing-segment", "missing-group"},
    "moved": {
        "misplaced-segment",
        "unexpected-segment",
        "missing-segment",
        "missing-group",
        "surplus-segment",
        "surplus-group",
    },
    "foreign": {"unknown-segment"},
}


def found_at_place(kind, touched, name, message, findings):
    """Whether a finding of the right rule is where the mutant differs: at that segment, in the group
    that it opened or belongs to, or naming the segment (or a group that begins with it) as missing.
    """
    tree = group(message)
    if hl7tables.ANY_SEGMENT in tree.grammar.leaves and any(f.rule in RULES[kind] for f in findings):
        return True  # a place that takes any segment leaves open which of its neighbors is one too many
    order = list(message.segments)
    at = {id(segment): number for number, segment in enumerate(order)}
    heads = {name}
    for leaf in tree.grammar.leaves.get(name, ()):
        heads |= {p.name for p in leaf.chain()} | {
            c.name for p in leaf.chain() if p.kind == "choice" for c in p.children
        }
    for finding in findings:
        prefix, _, last = finding.path.rpartition(".")
        what, _, number = last.partition("[")
        if finding.rule not in RULES[kind]:
            continue
        if finding.rule.startswith("missing"):
            inside = tree
            for step in prefix.split(".") if prefix else ():
                inside = inside.find(step.partition("[")[0], int(step.partition("[")[2][:-1]))
            held = {at[id(segment)] for segment in inside.segments()}
            near = touched | {n + 1 for n in touched}
            if what in heads | {order[n].id for n in touched if n < len(order)} or (
                inside is not tree and held & near
            ):
                return True
        else:
            same = [n for n, segment in enumerate(order) if segment.id == what]
            if same and same[int(number[:-1]) - 1] in touched:
                return True
    return False


def check_structure(version, structure, seed=0):
    """Instances validate; structural and field mutants are found; returns (mutants, found at place)."""
    chance = random.Random(f"{version} {structure} {seed}")
    counts = Counter()
    for optional in (False, True):
        message = instance(version, structure, optional=optional, seed=seed)
        wrong = [f for f in validate(message) if f.severity is Severity.ERROR]
        assert not wrong, (version, structure, optional, wrong[:3])
    for kind, touched, name, text in structural(version, structure, chance):
        message = parse(text)
        findings = [f for f in validate(message) if f.severity is Severity.ERROR]
        assert findings, (version, structure, kind, text)
        counts["structural"] += 1
        counts["structural at place"] += found_at_place(kind, touched, name, message, findings)
    for kind, path, text in valued(version, structure, chance):
        paths = {f.path for f in validate(parse(text)) if f.severity is not Severity.NOTE}
        counts["value"] += 1
        assert path in paths, (version, structure, kind, path, sorted(paths)[:6])
    return counts


def valued(version, structure, chance):
    """Mutants of one field each: (kind, the path where it has to be found, ER7)."""
    base = parts(rows(version, structure, optional=True, seed=chance.randrange(100)))
    tables = hl7tables.version(version)
    seen = Counter()
    wanted = {"required", "type", "code", "long", "repetition"}
    places = []
    for at, row in enumerate(base):
        seen[row[0]] += 1
        definition = tables.segment(row[0])
        if row[0] != "MSH" and definition is not None:
            number = seen[row[0]]
            places += [(at, number, f) for f in definition.fields if f.number < len(row) and row[f.number]]
    chance.shuffle(places)
    for at, number, field in places:
        place = f"{base[at][0]}[{number}]-{field.number}"
        for kind, path, text in field_faults(tables, place, field, base[at][field.number]):
            if kind in wanted and (base[at][0], field.number) not in {("OBR", 2), ("OBR", 3), ("ORC", 2)}:
                wanted.discard(kind)
                mutant = [list(row) for row in base]
                mutant[at][field.number] = text
                yield kind, path, joined(mutant)


def field_faults(tables, place, field, value):
    """The faults that one valued field can have: kind, path of the finding, new text."""
    if field.usage == "R":
        yield "required", place, ""
    if field.datatype in ("NM", "SI", "DT", "TM", "DTM"):
        yield "type", f"{place}[1]", "abc"
    table = tables.table(field.table) if field.table else None
    closed = table is not None and table.kind == "hl7" and table.codes
    plain = not closed or not any(
        " " in code or "…" in code or "..." in code or "," in code for code in table.codes
    )
    if closed and plain and field.datatype == "ID" and "?" not in table.codes:
        yield "code", f"{place}[1]", "?"
    if field.length is not None and field.length < 300 and field.datatype == "ST":
        yield "long", f"{place}[1]", "x" * (field.length + 1)
    if field.max is not None and field.datatype not in ("TX", "FT", "-", "varies"):
        yield "repetition", f"{place}[{field.max + 1}]", "~".join([value] * (field.max + 1))


@pytest.mark.parametrize(("version", "structure"), SAMPLE)
def test_a_structure_validates_and_its_mutants_are_found(version, structure):
    counts = check_structure(version, structure)
    assert counts["structural at place"] == counts["structural"]


@pytest.mark.long
@pytest.mark.parametrize("version", hl7tables.VERSIONS)
def test_all_structures_validate_and_their_mutants_are_found(version):
    total = Counter()
    for structure in (s for v, s in EVERY if v == version):
        for seed in (0, 1):
            total += check_structure(version, structure, seed)
    assert total["structural at place"] == total["structural"] > 0
    assert total["value"] > 0


class _Named:
    def __init__(self, name):
        self.id = name


@settings(max_examples=150, deadline=None)
@given(
    which=st.sampled_from(SAMPLE),
    names=st.lists(
        st.sampled_from(
            ["MSH", "EVN", "PID", "PV1", "NTE", "ORC", "OBR", "OBX", "TQ1", "SPM", "IPC", "ZDS", "QQQ"]
        ),
        max_size=40,
    ),
)
def test_flattening_the_groups_gives_the_segments_as_they_came(which, names):
    grammar = Grammar(hl7tables.version(which[0]).structures[which[1]])
    segments = [_Named(name) for name in names]
    tree = group_segments(grammar, segments)
    assert list(tree.segments()) == segments
    assert all(group.children for group in tree.groups())


@settings(max_examples=60, deadline=None)
@given(which=st.sampled_from(SAMPLE), at=st.floats(0, 1), name=st.sampled_from(["ZDS", "QQQ"]))
def test_a_segment_without_a_place_moves_no_other(which, at, name):
    grammar = Grammar(hl7tables.version(which[0]).structures[which[1]])
    names = [row[:3] for row in rows(*which, optional=True)]
    assume(grammar.symbol(name) is None)  # where any segment may stand, even a local one has a place
    position = 1 + int(at * (len(names) - 1))
    plain = group_segments(grammar, [_Named(n) for n in names])
    mixed = group_segments(grammar, [_Named(n) for n in [*names[:position], name, *names[position:]]])
    shape = [(g.name, [c.id for c in g.segments()]) for g in plain.groups()]
    without = [(g.name, [c.id for c in g.segments() if c.id != name]) for g in mixed.groups()]
    assert without == shape


FIELD = st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126), max_size=12)


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(["ORU^R01^ORU_R01", "OMI^O23", "ADT^A04", "", "XXX^X"]),
    version=st.sampled_from([*hl7tables.VERSIONS, "", "9", "2.5.1^GBR"]),
    segments=st.lists(
        st.tuples(
            st.sampled_from(["PID", "ORC", "OBR", "OBX", "ZDS", "QQQ", "IPC"]), st.lists(FIELD, max_size=9)
        ),
        max_size=9,
    ),
)
def test_checking_any_content_ends_in_findings_with_paths(kind, version, segments):
    lines = [f"MSH|^~\\&|A|B|C|D|20260102||{kind}|1|P|{version}"]
    lines += ["|".join([name, *fields]) for name, fields in segments]
    for finding in validate(parse("\r".join(lines) + "\r")):
        if finding.rule.endswith("-group"):  # a path that ends at a group, as `ORDER[2]`
            assert finding.path.endswith("]")
        else:
            parse_path(finding.path)
        assert "§" in finding.citation
