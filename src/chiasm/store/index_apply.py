"""Batches of objects taken into the index, each in one transaction.

What came first stays what is shown of a patient, study or series; what disagrees with it is flagged. Studies
are rendered once for each batch that touches them.
"""

from __future__ import annotations

import dataclasses
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..model.holdings import Location, Verdict
from . import names
from .arrivals import Applied, Arrival
from .conflicts import TWO_HOLDERS, TWO_PATIENTS, Conflict, differences
from .extract import SEPARATOR, Extract, Part
from .index_driver import Driver, Statement
from .index_entities import identity, integer, listed_keys, values_json
from .index_statements import Statements
from .tables import conflict, instance, patient, patient_key, series, series_key, study, study_key


@dataclass(slots=True)
class _Patient:
    id: int
    own: str
    keys: dict[str, Any]
    compared: str
    studies: int = 0
    series: int = 0
    instances: int = 0


@dataclass(slots=True)
class _Study:
    main: int
    uid: str
    series_count: int
    instances: int
    rows: dict[int, tuple[int, str, str, str]] = field(
        default_factory=dict
    )  # by patient: id, moment, own, patient's own
    series: dict[str, _Series] = field(default_factory=dict)
    touched: bool = False


@dataclass(slots=True)
class _Series:
    id: int
    study: _Study
    modality: str
    classes: dict[str, None]
    instances: int
    touched: bool = False


@dataclass(slots=True)
class _Instance:
    id: int
    version: int
    digest: bytes
    series: int
    pending: dict[str, Any] | None = None


class Applier:
    """Applies batches over one driver; its statements are compiled once."""

    def __init__(self, driver: Driver, statements: Statements) -> None:
        self.driver = driver
        self.statements = statements

    def apply(self, arrivals: Sequence[Arrival]) -> list[Applied]:
        """Apply a batch in one transaction; what its chain's position covers is passed over."""
        if not arrivals:
            return []
        return self.driver.write(lambda connection: _Batch(self, connection).run(arrivals))

    @cached_property
    def new_patient(self) -> Statement:
        """Insert a patient."""
        return self.statements.inserted(patient, "identity", "patient_id", "issuer", "own", "keys")

    @cached_property
    def new_study(self) -> Statement:
        """Insert a study of a patient."""
        return self.statements.inserted(study, "uid", "patient", "main", "moment", "accession", "own", "keys")

    @cached_property
    def new_series(self) -> Statement:
        """Insert a series of a study."""
        return self.statements.inserted(series, "uid", "study", "number", "modality", "own", "keys")

    @cached_property
    def new_instances(self) -> Statement:
        """Insert versions of instances."""
        return self.statements.added(instance, *_INSTANCE)

    @cached_property
    def new_keys(self) -> dict[str, Statement]:
        """Insert rows of the key tables, by the table's name."""
        plain = ("path", "key", "entity")
        return {
            "patient": self.statements.added(patient_key, *plain),
            "study": self.statements.added(study_key, "path", "key", "moment", "entity"),
            "series": self.statements.added(series_key, *plain),
        }

    @cached_property
    def new_conflict(self) -> Statement:
        """Insert a conflict."""
        return self.statements.inserted(
            conflict, "kind", "subject", "study", "patients", "evidence", "first_seen"
        )  # fmt: skip

    @cached_property
    def set_main(self) -> Statement:
        """Set the main row of a study."""
        return self.statements.changed(study, "main")

    @cached_property
    def set_study(self) -> Statement:
        """Set the counts and the rendered members of a row of a study."""
        return self.statements.changed(study, "series", "instances", "members")

    @cached_property
    def set_series(self) -> Statement:
        """Set the counts of a series."""
        return self.statements.changed(series, "classes", "instances")

    @cached_property
    def set_patient(self) -> Statement:
        """Add to the counts of a patient."""
        return self.statements.changed(patient, increments=("studies", "series", "instances"))

    @cached_property
    def set_patient_keys(self) -> Statement:
        """Set the keys of a patient."""
        return self.statements.changed(patient, "keys")

    @cached_property
    def set_superseded(self) -> Statement:
        """Mark a version as not the current one."""
        return self.statements.changed(instance, "current")


_INSTANCE = (
    "uid", "version", "current", "series", "number", "sop_class", "transfer_syntax", "key", "size", "offset",
    "digest", "own", "keys",
)  # fmt: skip


class _Batch:
    """The state of one transaction."""

    def __init__(self, applier: Applier, connection: Any) -> None:
        self.a = applier
        self.driver = applier.driver
        self.connection = connection
        self.patients: dict[str, _Patient] = {}
        self.studies: dict[str, _Study] = {}
        self.by_id: dict[int, _Series] = {}
        self.instances: dict[str, _Instance] = {}
        self.pending: list[dict[str, Any]] = []
        self.keys: dict[str, list[tuple[Any, ...]]] = {"patient": [], "study": [], "series": []}

    def run(self, arrivals: Sequence[Arrival]) -> list[Applied]:
        self._lock(sorted({f"chain {one.chain}" for one in arrivals}))
        new = self._new(arrivals)
        objects = [one for one in new if one.location is not None and one.extract is not None]
        identified = self._identified(objects)
        self._load(identified)
        applied = [
            self._object(one, one.location, one.extract, name)
            for one, name in identified
            if one.location is not None and one.extract is not None
        ]
        self._insert()
        ends: dict[str, int] = {}
        for one in new:
            ends[one.chain] = max(one.sequence, ends.get(one.chain, 0))
        with self.driver.together(self.connection):
            self._finish()
            for chain, sequence in ends.items():
                self._do(self.a.statements.set_position, chain=chain, sequence=sequence)
        return applied

    def _identified(self, objects: Sequence[Arrival]) -> list[tuple[Arrival, str]]:
        """The objects with their patients; those of one patient mostly share their part."""
        known: dict[int, str] = {}
        found = []
        for one in objects:
            if one.extract is not None:
                part = one.extract.patient
                name = known.get(id(part))
                if name is None:
                    name = known[id(part)] = identity(part)
                found.append((one, name))
        return found

    def _do(self, statement: Statement, **given: Any) -> Any:
        return self.connection.execute(statement.text, statement.values(given))

    def _many(self, statement: Statement, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            cursor = self.connection.cursor()
            cursor.executemany(statement.text, rows)
            cursor.close()

    def _lock(self, subjects: list[str]) -> None:
        """Keep other transactions away from some subjects; SQLite has one writer anyway."""
        if self.driver.name == "postgresql" and subjects:
            numbers = sorted({zlib.crc32(one.encode("utf-8", "replace")) for one in subjects})
            self.connection.execute(
                "SELECT count(pg_advisory_xact_lock(1128812361, n)) FROM unnest(%s::int[]) AS n",
                [[number - (1 << 31) for number in numbers]],
            )

    def _new(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        done: dict[str, int] = {}
        found = []
        for one in arrivals:
            if one.chain not in done:
                row = self._do(self.a.statements.position, chain=one.chain).fetchone()
                done[one.chain] = row[0] if row else 0
            if one.sequence > done[one.chain]:
                done[one.chain] = one.sequence
                found.append(one)
        return found

    def _load(self, identified: Sequence[tuple[Arrival, str]]) -> None:
        """Read what is held of the patients, studies and instances that the batch speaks of."""
        if not identified:
            return
        identities = {name for _, name in identified}
        uids = {one.location.study for one, _ in identified if one.location}
        self._lock([f"patient {one}" for one in identities] + [f"study {one}" for one in uids])
        statements, array = self.a.statements, self.driver.array
        for name, number, own, keys in self._do(
            statements.patients, identities=array(sorted(identities))
        ).fetchall():
            held = json.loads(keys) if isinstance(keys, str) else keys
            self.patients[name] = _Patient(number, own, held, own)
        self._load_studies(uids)
        wanted = array(sorted({one.location.sop_instance for one, _ in identified if one.location}))
        elsewhere: set[str] = set()
        for uid, number, version, digest, place, owner in self._do(
            statements.instances, instances=wanted
        ).fetchall():
            self.instances[uid] = _Instance(number, version, bytes(digest), place)
            elsewhere.add(owner)
        if elsewhere - uids:
            self._lock([f"study {one}" for one in elsewhere - uids])
            self._load_studies(elsewhere - uids)

    def _load_studies(self, uids: set[str]) -> None:
        statements, array = self.a.statements, self.driver.array
        rows = self._do(statements.studies, studies=array(sorted(uids))).fetchall()
        mains: dict[int, _Study] = {}
        for number, uid, holder, main, moment, count, instances, own, above in rows:
            if number == main:
                mains[main] = self.studies[uid] = _Study(main, uid, count, instances)
            mains[main].rows[holder] = (number, moment, own, above)
        if mains:
            for number, uid, main, modality, classes, count in self._do(
                statements.series, mains=array(sorted(mains))
            ).fetchall():
                one = _Series(
                    number, mains[main], modality, dict.fromkeys(filter(None, classes.split("\\"))), count
                )
                mains[main].series[uid] = self.by_id[number] = one

    # ---- one object

    def _object(self, arrival: Arrival, location: Location, extract: Extract, name: str) -> Applied:
        held = self.instances.get(location.sop_instance)
        if held is not None and held.digest == location.digest:
            same = dataclasses.replace(location, version=held.version)
            return Applied(arrival.chain, arrival.sequence, Verdict.IDENTICAL, same)
        found: list[Conflict] = []
        owner = self._patient(name, extract.patient, arrival, found)
        whole = self._study(location, owner, extract, arrival, found)
        one = self._series(location, whole, owner, extract)
        version = 1
        if held is not None:
            version = held.version + 1
            self._supersede(held)
        one.instances += 1
        one.classes[location.sop_class] = None
        one.touched = whole.touched = True
        whole.instances += 1
        owner.instances += 1
        placed = location if version == location.version else dataclasses.replace(location, version=version)
        row = {
            "uid": placed.sop_instance, "version": version, "current": 1, "series": one.id,
            "number": integer(extract.instance.first("00200013")), "sop_class": placed.sop_class,
            "transfer_syntax": placed.transfer_syntax, "key": placed.key, "size": placed.size,
            "offset": placed.offset, "digest": placed.digest, "own": extract.instance.members,
            "keys": extract.instance.document or self.driver.document(extract.instance.keys),
        }  # fmt: skip
        self.pending.append(row)
        self.instances[placed.sop_instance] = _Instance(0, version, placed.digest, one.id, row)
        verdict = Verdict.STORED if held is None else Verdict.VERSION
        return Applied(arrival.chain, arrival.sequence, verdict, placed, version - 1, tuple(found))

    def _supersede(self, held: _Instance) -> None:
        if held.pending is not None:
            held.pending["current"] = 0
        else:
            self._do(self.a.set_superseded, number=held.id, new_current=0)
        before = self.by_id[held.series]
        before.instances -= 1
        before.study.instances -= 1
        before.touched = before.study.touched = True
        for holder in self.patients.values():
            if holder.id == next(iter(before.study.rows)):
                holder.instances -= 1
                return
        number = next(iter(before.study.rows))
        self._do(self.a.set_patient, number=number, more_studies=0, more_series=0, more_instances=-1)

    def _patient(self, name: str, part: Part, arrival: Arrival, found: list[Conflict]) -> _Patient:
        held = self.patients.get(name)
        if held is None:
            row = self._do(
                self.a.new_patient, new_identity=name, new_patient_id=part.first("00100020"),
                new_issuer=part.first("00100021"), new_own=part.members,
                new_keys=self.driver.document(part.keys),
            ).fetchone()  # fmt: skip
            held = self.patients[name] = _Patient(row[0], part.members, dict(part.keys), part.members)
            self.keys["patient"] += [(path, key, held.id) for path, key in listed_keys(part)]
        elif held.compared != part.members:
            held.compared = part.members
            differing = differences(held.keys, part)
            if differing:
                subject = f"{held.id} {zlib.crc32(json.dumps(differing, sort_keys=True).encode())}"
                self._flag(TWO_PATIENTS, subject, "", (held.id,), {"differences": differing}, arrival, found)
            self._more_names(held, part)
        return held

    def _more_names(self, held: _Patient, part: Part) -> None:
        """Let the patient be found by names that came later, too."""
        new = []
        for tag in ("00100010", "00100010~"):
            known = held.keys.get(tag) or []
            more = [one for one in part.keys.get(tag) or [] if one not in known]
            if more:
                held.keys[tag] = [*known, *more]
                new += [(tag, one, held.id) for one in more]
        if new:
            self.keys["patient"] += new
            self._do(self.a.set_patient_keys, number=held.id, new_keys=self.driver.document(held.keys))

    def _study(
        self, location: Location, owner: _Patient, extract: Extract, arrival: Arrival, found: list[Conflict]
    ) -> _Study:
        whole = self.studies.get(location.study)
        if whole is not None and owner.id in whole.rows:
            return whole
        part = extract.study
        moment = part.first("00080020+")
        row = self._do(
            self.a.new_study, new_uid=location.study, new_patient=owner.id,
            new_main=whole.main if whole else 0, new_moment=moment, new_accession=part.first("00080050"),
            new_own=part.members, new_keys=self.driver.document(part.keys),
        ).fetchone()  # fmt: skip
        number = row[0]
        if whole is None:
            whole = self.studies[location.study] = _Study(number, location.study, 0, 0)
            self._do(self.a.set_main, number=number, new_main=number)
        else:
            holders = (*whole.rows, owner.id)
            subject = f"{location.study} {owner.id}"
            self._flag(TWO_HOLDERS, subject, location.study, holders, {}, arrival, found)
        whole.rows[owner.id] = (number, moment, part.members, owner.own)
        owner.studies += 1
        held = [*(owner.keys.get("00100010") or []), *(extract.patient.keys.get("00100010") or [])]
        rows = [(path, key, moment, number) for path, key in listed_keys(part)]
        rows += [("00100010*", key, moment, number) for key in names.prefixes(held)]
        rows += [("00080061", one.modality, moment, number) for one in whole.series.values() if one.modality]
        self.keys["study"] += rows
        return whole

    def _series(self, location: Location, whole: _Study, owner: _Patient, extract: Extract) -> _Series:
        one = whole.series.get(location.series)
        if one is not None:
            return one
        part = extract.series
        modality = part.first("00080060")
        row = self._do(
            self.a.new_series, new_uid=location.series, new_study=whole.main,
            new_number=integer(part.first("00200011")), new_modality=modality, new_own=part.members,
            new_keys=self.driver.document(part.keys),
        ).fetchone()  # fmt: skip
        one = whole.series[location.series] = self.by_id[row[0]] = _Series(row[0], whole, modality, {}, 0)
        whole.series_count += 1
        owner.series += 1
        self.keys["series"] += [(path, key, one.id) for path, key in listed_keys(part)]
        if modality:
            self.keys["study"] += [
                ("00080061", modality, moment, number) for number, moment, _, _ in whole.rows.values()
            ]
        return one

    def _flag(
        self, kind: str, subject: str, study_uid: str, patients: tuple[int, ...], evidence: dict[str, Any],
        arrival: Arrival, found: list[Conflict],
    ) -> None:  # fmt: skip
        known = self.connection.execute(
            *_plain(self.driver, "SELECT id FROM conflict WHERE kind = ? AND subject = ?", [kind, subject])
        ).fetchone()
        if known:
            return
        evidence = evidence | {"instance": arrival.location.sop_instance if arrival.location else ""}
        row = self._do(
            self.a.new_conflict, new_kind=kind, new_subject=subject, new_study=study_uid,
            new_patients=json.dumps(patients), new_evidence=json.dumps(evidence, ensure_ascii=False),
            new_first_seen=arrival.event.at,
        ).fetchone()  # fmt: skip
        found.append(Conflict(row[0], kind, study_uid, patients, evidence, arrival.event.at, ""))

    # ---- the end of the batch

    def _insert(self) -> None:
        if self.pending:
            statement = self.a.new_instances
            columns = [name.removeprefix("new_") for name in statement.names]
            rows = [[row[name] for name in columns] for row in self.pending]
            self.driver.insert(self.connection, "instance", statement, rows)

    def _finish(self) -> None:
        for table, rows in self.keys.items():
            self._many(self.a.new_keys[table], list(dict.fromkeys(rows)))
        for one in self.by_id.values():
            if one.touched:
                self._do(
                    self.a.set_series,
                    number=one.id,
                    new_classes="\\".join(one.classes),
                    new_instances=one.instances,
                )
        for whole in self.studies.values():
            if whole.touched:
                self._render(whole)
        for held in self.patients.values():
            if held.studies or held.series or held.instances:
                self._do(
                    self.a.set_patient, number=held.id, more_studies=held.studies, more_series=held.series,
                    more_instances=held.instances,
                )  # fmt: skip

    def _render(self, whole: _Study) -> None:
        living = [one for one in whole.series.values() if one.instances]
        modalities = dict.fromkeys(one.modality for one in living if one.modality)
        classes = dict.fromkeys(uid for one in living for uid in one.classes)
        counted = [
            f'"00080061":{{"vr":"CS"{values_json(modalities)}}}',
            f'"00080062":{{"vr":"UI"{values_json(classes)}}}',
            f'"00201206":{{"vr":"IS","Value":[{len(living)}]}}',
            f'"00201208":{{"vr":"IS","Value":[{whole.instances}]}}',
        ]
        for number, _, own, above in whole.rows.values():
            lines = [*above.split(SEPARATOR), *own.split(SEPARATOR), *counted]
            members = SEPARATOR.join(sorted([line for line in lines if line]))
            self._do(
                self.a.set_study, number=number, new_series=len(living), new_instances=whole.instances,
                new_members=members,
            )  # fmt: skip


def _plain(driver: Driver, text: str, values: list[Any]) -> tuple[str, list[Any]]:
    return (text.replace("?", "%s") if driver.name == "postgresql" else text), values
