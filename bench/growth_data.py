"""An index filled with many made-up studies, to see how questions grow: `fill(url, studies)`.

Two studies share a patient; each has one series and one instance. Thirty family names are equally common.
Rows are written as the index itself would have written them, but in bulk and in the order of the keys.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import time
from collections.abc import Iterator
from typing import Any

from chiasm.store import names
from chiasm.store.extract import Part
from chiasm.store.index import merged, open_index
from chiasm.store.index_driver import Driver, SqliteDriver, open_driver
from chiasm.store.index_entities import identity, listed_keys
from chiasm.store.tables import instance, patient, patient_key, series, series_key, study, study_key

FAMILIES = (
    ("Wang", "王"), ("Li", "李"), ("Zhang", "张"), ("Liu", "刘"), ("Chen", "陈"), ("Yang", "杨"),
    ("Zhao", "赵"),
    ("Huang", "黄"), ("Zhou", "周"), ("Wu", "吴"), ("Xu", "徐"), ("Sun", "孙"), ("Ma", "马"), ("Zhu", "朱"),
    ("Hu", "胡"), ("Guo", "郭"), ("He", "何"), ("Lin", "林"), ("Gao", "高"), ("Luo", "罗"), ("Smith", ""),
    ("Müller", ""), ("Garcia", ""), ("Tanaka", "田中"), ("Kim", "김"), ("Ivanov", ""), ("Haddad", ""),
    ("Okafor", ""), ("Silva", ""), ("Novak", ""),
)  # fmt: skip
SYLLABLES = ("xiao", "dong", "mei", "hua", "jun", "wei", "fang", "lei", "na", "qiang", "yan", "ming", "jie")
MODALITIES = (*["CT"] * 6, *["MR"] * 5, *["DX"] * 7, *["US"] * 3, "MG", "NM")
TABLES = (patient, study, series, instance, patient_key, study_key, series_key)
CHUNK = 20_000
Rows = dict[str, list[tuple[Any, ...]]]


def _part(**values: tuple[str, str]) -> Part:
    members, keys = [], {}
    for name, (vr, value) in sorted(values.items()):
        tag = name.lstrip("t")
        if vr == "PN":
            groups = zip(("Alphabetic", "Ideographic"), value.split("="), strict=False)
            text = "{" + ",".join(f'"{group}":"{one}"' for group, one in groups if one) + "}"
            keys[tag] = names.groups(value)
            keys[tag + "~"] = [sound for one in keys[tag] for sound in names.sounds(one)]
        else:
            text, keys[tag] = f'"{value}"' if vr != "IS" else value, [value]
        members.append(f'"{tag}":{{"vr":"{vr}","Value":[{text}]}}')
    return Part(",\n".join(members), keys)


def _rows(count: int, seed: int = 1) -> Iterator[Rows]:
    """The rows of all tables, some thousand studies at a time."""
    chance = random.Random(seed)
    rows: Rows = {table.name: [] for table in TABLES}
    owner: tuple[int, Part] = (0, Part("", {}))
    for number in range(1, count + 1):
        if number % 2 or number == 1:
            owner = (number // 2 + 1, _patient(chance, number))
            _add_patient(rows, *owner, 2 if number < count else 1)
        _add_study(rows, chance, number, *owner)
        if number % CHUNK == 0 or number == count:
            yield rows
            rows = {table.name: [] for table in TABLES}


def _patient(chance: random.Random, number: int) -> Part:
    family, character = chance.choice(FAMILIES)
    given = "".join(chance.choices(SYLLABLES, k=2)).capitalize()
    name = f"{family}^{given}" + (f"={character}^{chr(0x4E00 + chance.randrange(3000))}" if character else "")
    birth = f"{chance.randrange(1930, 2020)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    return _part(
        t00100010=("PN", name), t00100020=("LO", f"P{number:08}"), t00100030=("DA", birth),
        t00100040=("CS", chance.choice("FM")),
    )  # fmt: skip


def _add_patient(rows: Rows, number: int, part: Part, studies: int) -> None:
    keys = json.dumps(part.keys, ensure_ascii=False)
    identifier = part.first("00100020")
    rows["patient"].append(
        (number, identity(part), identifier, "", studies, studies, studies, part.members, keys)
    )  # fmt: skip
    rows["patient_key"] += dict.fromkeys((path, key, number) for path, key in listed_keys(part))


def _add_study(rows: Rows, chance: random.Random, number: int, owner: int, above: Part) -> None:
    day = f"{chance.randrange(2010, 2027)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}"
    clock = f"{chance.randrange(24):02}{chance.randrange(60):02}{chance.randrange(60):02}"
    uid, modality = f"1.2.826.0.1.3680043.10.{number}", chance.choice(MODALITIES)
    moment = f"{day}{clock}.000000"
    mine = _part(
        t00080020=("DA", day), t00080030=("TM", clock), t00080050=("SH", f"A{number:09}"),
        t00080090=("PN", f"Doctor^{chance.choice(SYLLABLES).capitalize()}"), t0020000D=("UI", uid),
        t00081030=("LO", f"{modality} examination {chance.randrange(100)}"), t00200010=("SH", str(number)),
    )  # fmt: skip
    mine.keys["00080030"] = [clock + ".000000"]
    mine.keys["00080020+"] = [moment]
    counted = (
        f'"00080061":{{"vr":"CS","Value":["{modality}"]}},\n"00201206":{{"vr":"IS","Value":[1]}},\n'
        '"00201208":{"vr":"IS","Value":[1]}'
    )
    members = merged(above.members, mine.members, counted)
    keys = json.dumps(mine.keys, ensure_ascii=False)
    rows["study"].append(
        (number, uid, owner, number, moment, mine.first("00080050"), 1, 1, mine.members, members, keys)
    )
    listed = [(path, key, moment, number) for path, key in listed_keys(mine)]
    listed += [("00100010*", key, moment, number) for key in names.prefixes(above.keys["00100010"])]
    rows["study_key"] += [*dict.fromkeys(listed), ("00080061", modality, moment, number)]
    below = _part(t0020000E=("UI", uid + ".1"), t00080060=("CS", modality), t00200011=("IS", "1"))
    keys = json.dumps(below.keys)
    sop_class = "1.2.840.10008.5.1.4.1.1.2"
    rows["series"].append((number, uid + ".1", number, 1, modality, sop_class, 1, below.members, keys))
    rows["series_key"].append(("00200011", "1", number))
    one = _part(t00080016=("UI", sop_class), t00080018=("UI", uid + ".1.1"), t00200013=("IS", "1"))
    digest = hashlib.sha256(uid.encode()).digest()
    rows["instance"].append(
        (number, uid + ".1.1", 1, 1, number, 1, sop_class, "1.2.840.10008.1.2.1", f"made/{number}", 1000, 500,
         digest, one.members, json.dumps(one.keys))
    )  # fmt: skip


def fill(url: str, studies: int) -> float:
    """Fill a new index with so many studies; the seconds that it took."""
    began = time.perf_counter()
    open_index(url).close()
    driver = open_driver(url)
    try:
        with driver.connection() as connection:
            (_into_sqlite if isinstance(driver, SqliteDriver) else _into_postgres)(
                driver, connection, studies
            )
    finally:
        driver.close()
    return time.perf_counter() - began


def _into_sqlite(_: Driver, connection: Any, studies: int) -> None:
    for pragma in ("synchronous=OFF", "cache_size=-400000"):
        connection.execute(f"PRAGMA {pragma}")
    keyed = [table for table in TABLES if table.name.endswith("_key")]
    connection.execute("BEGIN IMMEDIATE")
    for table in keyed:
        connection.execute(f"CREATE TEMP TABLE made_{table.name} AS SELECT * FROM {table.name} WHERE 0")
    for rows in _rows(studies):
        for table in TABLES:
            into = f"made_{table.name}" if table in keyed else table.name
            marks = ",".join("?" * len(table.columns))
            connection.executemany(f"INSERT INTO {into} VALUES ({marks})", rows[table.name])
    for table in keyed:
        order = ",".join(str(at + 1) for at in range(len(table.columns)))
        connection.execute(f"INSERT INTO {table.name} SELECT * FROM made_{table.name} ORDER BY {order}")
        connection.execute(f"DROP TABLE made_{table.name}")
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for pragma in ("synchronous=NORMAL", "cache_size=-16000"):
        connection.execute(f"PRAGMA {pragma}")


def _into_postgres(_: Driver, connection: Any, studies: int) -> None:
    keyed = [table for table in TABLES if table.name.endswith("_key")]
    with connection.transaction():
        for table in keyed:
            connection.execute(f"CREATE TEMP TABLE made_{table.name} (LIKE {table.name})")
        for rows in _rows(studies):
            for table in TABLES:
                into = f"made_{table.name}" if table in keyed else table.name
                with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
                    for row in rows[table.name]:
                        copy.write_row(row)
        for table in keyed:
            order = ",".join(str(at + 1) for at in range(len(table.columns)))
            connection.execute(f"INSERT INTO {table.name} SELECT * FROM made_{table.name} ORDER BY {order}")
        for table in (patient, study, series, instance):
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {studies + 1})")
    connection.execute("VACUUM ANALYZE")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url", help="an SQLite file or postgresql://…, new and empty")
    arguments.add_argument("studies", type=int)
    given = arguments.parse_args()
    print(f"{given.studies:,} studies in {fill(given.url, given.studies):.1f} s")
