"""Terms as SQL: one statement for each shape of query, the indexes used chosen here.

Each row has its keys as JSON, which any term can be tested on; the key tables find the rows of the terms that
are equalities and beginnings. A study's key rows carry its moment, so that the newest that meet one term are
read in order, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from ..errors import ServiceError
from ..model.query import Query
from .index_driver import Driver, Statement
from .query_terms import Term, terms
from .tables import instance, patient, patient_key, series, series_key, study, study_key

Clause = ColumnElement[bool]
_ONE: ColumnElement[Any] = literal_column("1")
_TABLES = (patient, study, series, instance)
_COLUMNS: dict[str, ColumnElement[Any]] = {
    "00100020": patient.c.patient_id, "0020000D": study.c.uid, "00080050": study.c.accession,
    "00080020+": study.c.moment, "0020000E": series.c.uid, "00080060": series.c.modality,
    "00080018": instance.c.uid, "00080016": instance.c.sop_class,
}  # fmt: skip
_COUNTS: dict[str, ColumnElement[Any]] = {
    "00201200": patient.c.studies, "00201202": patient.c.series, "00201204": patient.c.instances,
    "00201206": study.c.series, "00201208": study.c.instances, "00201209": series.c.instances,
}  # fmt: skip
_UNIQUE = frozenset(("00100020", "0020000D", "00080050", "0020000E", "00080018"))
_DERIVED = frozenset(("00080061", "00080062", *_COUNTS))
_FOUND = frozenset(("eq", "prefix", "starts", "begins"))
_SELECTED: tuple[tuple[ColumnElement[Any], ...], ...] = (
    (patient.c.id, patient.c.own, patient.c.studies, patient.c.series, patient.c.instances),
    (study.c.patient, study.c.uid, study.c.members),
    (study.c.patient, study.c.uid, study.c.members, series.c.uid, series.c.own, series.c.instances),
    (study.c.patient, study.c.uid, study.c.members, series.c.uid, series.c.own, series.c.instances,
     instance.c.uid, instance.c.own),
)  # fmt: skip


class Plan:
    """A compiled query: its statement, and how values become its parameters."""

    __slots__ = ("makers", "statement")

    def __init__(self, statement: Statement, makers: Sequence[Callable[[Any], Any] | None]) -> None:
        self.statement = statement
        self.makers = makers

    def given(self, values: Sequence[object]) -> dict[str, Any]:
        """The parameters by name, of the values in the order of the terms."""
        return {
            f"p{number}": value if make is None else make(value)
            for number, (value, make) in enumerate(zip(values, self.makers, strict=True))
        }


class Planner:
    """Statements of one driver, kept by shape."""

    def __init__(self, driver: Driver, remembered: int = 500) -> None:
        self._driver = driver
        self._plans: dict[object, Plan] = {}
        self._remembered = remembered

    def plan(self, query: Query, counting: bool = False) -> tuple[Statement, dict[str, Any]]:
        """The statement of a query and its parameters."""
        found = terms(query)
        shape = (query.level, query.newest_first, counting, tuple([one.shape for one in found]))
        plan = self._plans.get(shape)
        if plan is None:
            if len(self._plans) >= self._remembered:
                self._plans.clear()
            plan = self._plans[shape] = _Compiler(self._driver, query, found, counting).plan()
        given = plan.given([value for one in found for value in one.parameters()])
        if not counting:
            given["limit"] = query.limit if query.limit is not None else (1 << 62)
            given["offset"] = query.offset
        return plan.statement, given


class _Compiler:
    def __init__(self, driver: Driver, query: Query, found: Sequence[Term], counting: bool) -> None:
        self.driver, self.query, self.terms, self.counting = driver, query, found, counting
        self.level = int(query.level)
        self.postgres = driver.name == "postgresql"
        self.first: dict[int, int] = {}
        self.makers: list[Callable[[Any], Any] | None] = []
        for term in found:
            self._number(term)
        self.needs_patient = False
        self.is_narrow = any(one.kind in ("eq", "in") and one.path[0] in _UNIQUE for one in found)
        self.listing = False

    def _number(self, term: Term) -> None:
        self.first[id(term)] = len(self.makers)
        self.makers += [None] * len(term.values)
        for one in term.inner:
            self._number(one)

    def plan(self) -> Plan:
        level = self.level
        # those that studies may be listed by come first: the others are then tested on the list
        ordered = sorted(self.terms, key=lambda one: one.kind not in _FOUND)
        clauses = [self._clause(one, top=True) for one in ordered]
        if level == 0:
            statement = self._select().select_from(patient)
        else:
            if not any(one.level == 0 for one in self.terms):
                clauses.append(study.c.main >= study.c.id)  # never greater; an equality would be thought rare
            counted = study if level == 1 else series
            clauses.append(counted.c.instances > literal_column("0"))
            if level == 3:
                clauses.append(instance.c.current == _ONE)
            statement = self._select().select_from(self._source())
        statement = statement.where(*clauses)
        if not self.counting:
            statement = statement.order_by(*self._order())
            statement = statement.limit(bindparam("limit", 0, BigInteger))
            statement = statement.offset(bindparam("offset", 0, BigInteger))
        return Plan(self.driver.compile(statement), self.makers)

    def _select(self) -> Select[Any]:
        return select(func.count()) if self.counting else select(*_SELECTED[self.level])

    def _source(self) -> Any:
        source: Any = study
        if self.listing:
            source = study_key.join(study, study_key.c.entity == study.c.id)
        if self.level >= 2:
            source = source.join(series, study.c.main == series.c.study)
        if self.level == 3:
            source = source.join(instance, instance.c.series == series.c.id)
        if self.needs_patient:
            source = source.join(patient, patient.c.id == study.c.patient)
        return source

    def _order(self) -> list[ColumnElement[Any]]:
        level, newest = self.level, self.query.newest_first
        if level == 0:
            return [patient.c.id]
        if not newest:
            return [(study, series, instance)[level - 1].c.id]
        if self.listing:
            order: list[ColumnElement[Any]] = [study_key.c.moment.desc(), study_key.c.entity.desc()]
        else:
            order = [study.c.moment.desc(), study.c.id.desc()]
        if level >= 2:
            order += [series.c.number, series.c.id]
        return [*order, instance.c.number, instance.c.id] if level == 3 else order

    def _value(
        self, term: Term, at: int = 0, make: Callable[[Any], Any] | None = None, kind: Any = None
    ) -> Any:
        number = self.first[id(term)] + at
        self.makers[number] = make
        return bindparam(f"p{number}", type_=kind or Text())

    def _clause(self, term: Term, top: bool = False) -> Clause:
        if term.kind in ("any", "all"):
            inner = [self._clause(one) for one in term.inner]
            return or_(*inner) if term.kind == "any" else and_(*inner)
        if term.path[0] in _DERIVED:
            return self._derived(term)
        if term.level > self.level:
            return self._below(term)
        name = ".".join(term.path)
        if term.level == 0 and len(term.path) == 1 and name not in _COLUMNS:
            return self._of_patient(term, name, top)
        if self._has_column(term) or self.is_narrow or term.kind not in _FOUND:
            return self._tested(term)
        if term.level == 1 and self.level == 1:
            if top and term.kind == "eq" and not self.listing:
                return self._list(name, self._value(term))
            if term.kind == "eq":
                return self._among(term, name)
            return self._tested(term)
        table = (patient_key, study_key, series_key, None)[term.level]
        if table is None:
            return self._tested(term)
        holder = _TABLES[term.level]
        found = holder.c.id.in_(self._entities(table, term, name))
        return found if len(term.path) == 1 else and_(found, self._tested(term))

    def _has_column(self, term: Term) -> bool:
        return len(term.path) == 1 and term.path[0] in _COLUMNS

    def _list(self, name: str, key: Any) -> Clause:
        """Read the studies off the rows of one key, in the order of their moments."""
        self.listing = True
        return and_(study_key.c.path == _literal(name), study_key.c.key == key)

    def _among(self, term: Term, name: str) -> Clause:
        """Whether the study has a row of this key: one look-up."""
        rows = study_key.alias()
        return exists(
            select(_ONE).where(
                rows.c.path == _literal(name), rows.c.key == self._value(term),
                rows.c.moment == study.c.moment, rows.c.entity == study.c.id,
            )
        )  # fmt: skip

    def _entities(self, table: Any, term: Term, name: str) -> Select[Any]:
        rows = table.alias()
        return select(rows.c.entity).where(rows.c.path == _literal(name), self._compared(rows.c.key, term))

    def _of_patient(self, term: Term, name: str, top: bool) -> Clause:
        """A term on the patient, by the key table where it is an equality or a beginning."""
        if (
            term.kind in ("starts", "begins")
            and top
            and self.level == 1
            and not (self.listing or self.is_narrow)
        ):
            listed = self._list("00100010*", self._value(term, 2))
            return listed if term.kind == "starts" else and_(listed, self._tested(term))
        if term.kind in _FOUND and not self.is_narrow:
            here = patient.c.id if self.level == 0 else study.c.patient
            return here.in_(self._entities(patient_key, term, name))
        return self._tested(term)

    def _below(self, term: Term) -> Clause:
        """A term on something below the level asked for: one that meets it is enough."""
        level = self.level
        if level == 0:
            raise ServiceError("bad-query", "patients are not sought by what is below them")
        source: Any = series if term.level == 2 else series.join(instance, instance.c.series == series.c.id)
        here = series.c.study == study.c.main if level == 1 else instance.c.series == series.c.id
        if level == 2:
            source = instance
        rows: Select[Any] = select(_ONE).select_from(source).where(here, self._tested(term))
        if term.level == 3:
            rows = rows.where(instance.c.current == _ONE)
        return self._exists(rows.correlate(study if level == 1 else series))

    def _exists(self, rows: Select[Any]) -> Clause:
        found: Clause = rows.exists()
        return found

    def _derived(self, term: Term) -> Clause:
        """Counts, and what the series of a study or their instances have."""
        name = term.path[0]
        if name == "00080061":
            if self.level == 1 and term.kind == "eq" and not (self.listing or self.is_narrow):
                return self._list(name, self._value(term))
            tested = self._compared(series.c.modality, term)
            rows: Select[Any] = select(_ONE).where(series.c.study == study.c.main, tested)
            return self._exists(rows.correlate(study))
        if name == "00080062":
            tested = self._compared(instance.c.sop_class, term)
            source = series.join(instance, instance.c.series == series.c.id)
            rows = select(_ONE).select_from(source).where(series.c.study == study.c.main, tested)
            return self._exists(rows.correlate(study))
        count = _COUNTS[name]
        self.needs_patient |= count.table is patient and self.level > 0
        if count.table is not _TABLES[min(self.level, term.level)]:
            raise ServiceError("bad-query", "a count of a level below the one that is asked for")
        compared: Clause = self._compared(cast(count, Text), term)
        return compared

    def _tested(self, term: Term) -> Clause:
        """A term tested on the row itself."""
        self.needs_patient |= term.level == 0 and self.level > 0
        if self._has_column(term):
            column = _COLUMNS[term.path[0]]
            if self.listing and column is study.c.moment:
                column = study_key.c.moment
            return and_(column != _literal(""), self._compared(column, term)) if _open(term) else (
                self._compared(column, term)
            )  # fmt: skip
        keys = _TABLES[term.level].c["keys"]
        if term.kind == "item":
            item = self._items(keys, term.path[0])
            inside = and_(*[self._any_key(item.c.value, one.path[1], one) for one in term.inner])
            return exists(select(_ONE).select_from(item).where(inside))
        if len(term.path) == 1:
            return self._any_key(keys, term.path[0], term)
        item = self._items(keys, term.path[0])
        if term.kind == "absent":
            return not_(self._present(item, term))
        inside = self._any_key(item.c.value, term.path[1], term)
        return exists(select(_ONE).select_from(item).where(inside))

    def _present(self, item: Any, term: Term) -> Clause:
        texts = self._texts(item.c.value, term.path[1])
        inner = exists(select(_ONE).select_from(texts))
        return exists(select(_ONE).select_from(item).where(inner))

    def _any_key(self, keys: Any, name: str, term: Term) -> Clause:
        texts = self._texts(keys, name)
        rows: Select[Any] = select(_ONE).select_from(texts)
        if term.kind == "absent":
            return not_(exists(rows))
        if term.kind == "present":
            return exists(rows)
        value = texts.c.value.collate("C") if self.postgres else texts.c.value
        return exists(rows.where(self._compared(value, term)))

    def _texts(self, keys: Any, name: str) -> Any:
        """The keys of one attribute as rows, `value` of each its text."""
        if self.postgres:
            inner = func.jsonb_array_elements_text(cast(keys, JSONB).op("->")(_literal(name)))
            return inner.table_valued("value").render_derived()
        return func.json_each(keys, _literal(f'$."{name}"')).table_valued("value")

    def _items(self, keys: Any, name: str) -> Any:
        if self.postgres:
            inner = func.jsonb_array_elements(cast(keys, JSONB).op("->")(_literal(name)))
            return inner.table_valued(column("value", JSONB)).render_derived()
        return func.json_each(keys, _literal(f'$."{name}"')).table_valued("value")

    def _compared(self, value: Any, term: Term) -> Any:
        kind = term.kind
        if kind == "eq":
            return value == self._value(term)
        if kind == "in":
            return self._one_of(value, term)
        if kind == "ge":
            return value >= self._value(term)
        if kind == "le":
            return value <= self._value(term)
        if kind == "glob":
            if self.postgres:
                return value.like(self._value(term, make=like_pattern), escape="\\")
            return value.op("GLOB")(self._value(term, make=glob_pattern))
        if kind == "present":
            return value != _literal("")
        if kind == "absent":
            return value == _literal("")
        return and_(value >= self._value(term), value <= self._value(term, 1))

    def _one_of(self, value: Any, term: Term) -> Any:
        array = self.driver.array
        if self.postgres:
            return value == func.any(self._value(term, make=array, kind=ARRAY(Text())))
        each = func.json_each(self._value(term, make=array)).table_valued("value")
        return value.in_(select(each.c.value))


def _literal(text: str) -> ColumnElement[Any]:
    """A text of the program's own, as part of the statement."""
    return literal_column(f"'{text}'")


def _open(term: Term) -> bool:
    """Whether an empty text would pass a comparison that only values may pass."""
    return term.kind in ("le", "glob")


def glob_pattern(pattern: str) -> str:
    """A pattern of DICOM as one of GLOB: its own bracket is a literal."""
    return pattern.replace("[", "[[]")


def like_pattern(pattern: str) -> str:
    r"""A pattern of DICOM as one of LIKE with `\` for escape: its own wildcards are literals."""
    for literal in "\\%_":
        pattern = pattern.replace(literal, "\\" + literal)
    return pattern.replace("*", "%").replace("?", "_")
