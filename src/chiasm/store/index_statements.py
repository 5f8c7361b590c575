"""The statements of the index that are not queries, compiled for one driver when they are first used."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Text,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.expression import ClauseElement

from .index_driver import Driver, Statement
from .tables import (
    conflict,
    instance,
    patient,
    patient_key,
    position,
    series,
    series_key,
    study,
    study_key,
)

_CURRENT: ColumnElement[Any] = literal_column("1")
_LOCATION = (
    instance.c.key, instance.c.size, instance.c.offset, instance.c.digest, instance.c.transfer_syntax,
    instance.c.sop_class, instance.c.uid, series.c.uid, study.c.uid, instance.c.version,
)  # fmt: skip
_CONFLICT = (
    conflict.c.id, conflict.c.kind, conflict.c.study, conflict.c.patients, conflict.c.evidence,
    conflict.c.first_seen, conflict.c.resolved,
)  # fmt: skip


class Statements:
    """Compiled statements by name."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._locations: dict[tuple[Any, ...], Statement] = {}

    def _compiled(self, statement: ClauseElement) -> Statement:
        return self._driver.compile(statement)

    def one_of(self, value: Any, name: str, kind: Any = None) -> Any:
        """Whether a column is one of the values of an array parameter."""
        kind = kind or Text()
        if self._driver.name == "postgresql":
            return value == func.any(bindparam(name, type_=ARRAY(kind)))
        return value.in_(select(func.json_each(bindparam(name, type_=Text())).table_valued("value").c.value))

    @cached_property
    def clearing(self) -> list[Statement]:
        """Empty the tables of the index, each before those it refers to."""
        tables = (instance, series_key, series, study_key, study, patient_key, patient, conflict, position)
        return [self._compiled(delete(table)) for table in tables]

    @cached_property
    def position(self) -> Statement:
        """How far a chain was applied."""
        return self._compiled(select(position.c.sequence).where(position.c.chain == bindparam("chain")))

    @cached_property
    def set_position(self) -> Statement:
        """Note how far a chain was applied."""
        dialect: Any = postgresql if self._driver.name == "postgresql" else sqlite
        made = dialect.insert(position).values(chain=bindparam("chain"), sequence=bindparam("sequence"))
        return self._compiled(
            made.on_conflict_do_update(index_elements=["chain"], set_={"sequence": made.excluded.sequence})
        )

    def locations(self, shape: tuple[Any, ...]) -> Statement:
        """Locations by patient (as number or text), studies, series and instances, as far as `shape` says."""
        if shape not in self._locations:
            kind, studies, in_series, instances = shape
            joined = instance.join(series, instance.c.series == series.c.id)
            joined = joined.join(study, study.c.id == series.c.study)
            found = select(*_LOCATION).where(instance.c.current == _CURRENT)
            if kind is not type(None):
                held = study.alias("held")
                rows = select(held.c.main)
                if kind is int:
                    rows = rows.where(held.c.patient == bindparam("patient", type_=BigInteger()))
                else:
                    rows = rows.join(patient, patient.c.id == held.c.patient)
                    rows = rows.where(patient.c.patient_id == bindparam("patient", type_=Text()))
                found = found.where(study.c.id.in_(rows))
            if studies:
                found = found.where(self.one_of(study.c.uid, "studies"))
            if in_series:
                found = found.where(self.one_of(series.c.uid, "series"))
            if instances:
                found = found.where(self.one_of(instance.c.uid, "instances"))
            order = (series.c.number, series.c.id, instance.c.number, instance.c.id)
            most = bindparam("limit", 0, BigInteger)
            self._locations[shape] = self._compiled(found.select_from(joined).order_by(*order).limit(most))
        return self._locations[shape]

    def _located(self) -> Any:
        joined = instance.join(series, instance.c.series == series.c.id)
        joined = joined.join(study, study.c.id == series.c.study)
        return select(*_LOCATION).select_from(joined).where(instance.c.uid == bindparam("uid"))

    @cached_property
    def instance(self) -> Statement:
        """The current version of an instance."""
        return self._compiled(self._located().where(instance.c.current == _CURRENT))

    @cached_property
    def held(self) -> Statement:
        """A row where any version of an instance is held."""
        return self._compiled(select(literal_column("1")).where(instance.c.uid == bindparam("uid")).limit(1))

    @cached_property
    def held_of(self) -> Statement:
        """The UIDs of the versions of a study's instances."""
        joined = instance.join(series, instance.c.series == series.c.id)
        joined = joined.join(study, study.c.id == series.c.study)
        found = select(instance.c.uid).select_from(joined).where(study.c.uid == bindparam("uid"))
        return self._compiled(found.limit(bindparam("limit", 0, BigInteger)))

    @cached_property
    def versions(self) -> Statement:
        """All versions of an instance."""
        return self._compiled(self._located().order_by(instance.c.version))

    @cached_property
    def conflicts(self) -> Statement:
        """All conflicts, latest first."""
        return self._compiled(select(*_CONFLICT).order_by(conflict.c.id.desc()))

    @cached_property
    def open_conflicts(self) -> Statement:
        """Those that nobody resolved."""
        chosen = select(*_CONFLICT).where(conflict.c.resolved == literal_column("''"))
        return self._compiled(chosen.order_by(conflict.c.id.desc()))

    @cached_property
    def resolve(self) -> Statement:
        """Mark a conflict as resolved."""
        done = update(conflict).where(conflict.c.id == bindparam("number"))
        return self._compiled(done.values(resolved=bindparam("now")))

    @cached_property
    def statistics(self) -> Statement:
        """The counts of everything, in one row."""
        current = instance.c.current == _CURRENT
        main = study.c.main == study.c.id
        number = func.count()
        return self._compiled(
            select(
                select(number).select_from(patient).scalar_subquery(),
                select(number).select_from(study).where(main).scalar_subquery(),
                select(number).select_from(series).scalar_subquery(),
                select(number).select_from(instance).where(current).scalar_subquery(),
                select(number).select_from(instance).scalar_subquery(),
                select(func.sum(instance.c.size)).scalar_subquery(),
                select(number)
                .select_from(conflict)
                .where(conflict.c.resolved == literal_column("''"))
                .scalar_subquery(),
            )
        )

    # ---- applying

    @cached_property
    def patients(self) -> Statement:
        """The patients of some identities."""
        return self._compiled(
            select(patient.c.identity, patient.c.id, patient.c.own, patient.c["keys"])
            .where(self.one_of(patient.c.identity, "identities"))
        )  # fmt: skip

    @cached_property
    def studies(self) -> Statement:
        """The rows of some studies, the main one of each first."""
        chosen = select(
            study.c.id, study.c.uid, study.c.patient, study.c.main, study.c.moment, study.c.series,
            study.c.instances, study.c.own, patient.c.own,
        )  # fmt: skip
        chosen = chosen.join(patient, patient.c.id == study.c.patient)
        return self._compiled(chosen.where(self.one_of(study.c.uid, "studies")).order_by(study.c.id))

    @cached_property
    def series(self) -> Statement:
        """All series of some studies, by their main rows."""
        chosen = select(
            series.c.id, series.c.uid, series.c.study, series.c.modality, series.c.classes, series.c.instances
        )
        return self._compiled(chosen.where(self.one_of(series.c.study, "mains", BigInteger())))

    @cached_property
    def instances(self) -> Statement:
        """The current versions of some instances, and the study of each."""
        chosen = select(
            instance.c.uid,
            instance.c.id,
            instance.c.version,
            instance.c.digest,
            instance.c.series,
            study.c.uid,
        )
        chosen = chosen.select_from(
            instance.join(series, series.c.id == instance.c.series).join(study, study.c.id == series.c.study)
        )
        return self._compiled(
            chosen.where(self.one_of(instance.c.uid, "instances"), instance.c.current == _CURRENT)
        )

    def inserted(self, table: Any, *names: str) -> Statement:
        """Insert one row, giving its number."""
        made = insert(table).values({name: bindparam(f"new_{name}") for name in names})
        return self._compiled(made.returning(table.c.id))

    def added(self, table: Any, *names: str) -> Statement:
        """Insert many rows; those that are there stay as they are where the table is one of keys."""
        dialect: Any = postgresql if self._driver.name == "postgresql" else sqlite
        made = dialect.insert(table).values({name: bindparam(f"new_{name}") for name in names})
        return self._compiled(made.on_conflict_do_nothing() if table.name.endswith("_key") else made)

    def changed(self, table: Any, *names: str, increments: tuple[str, ...] = ()) -> Statement:
        """Change columns of one row, some by adding."""
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
        values |= {name: table.c[name] + bindparam(f"more_{name}") for name in increments}
        return self._compiled(update(table).where(table.c.id == bindparam("number")).values(values))
