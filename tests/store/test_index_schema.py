"""The migrations lead to the very tables that a new database gets."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from chiasm.errors import ServiceError
from chiasm.services.digest import is_of
from chiasm.store import index_schema
from chiasm.store.index import open_index
from chiasm.store.tables import metadata


def test_migrations_make_the_tables_of_today(database: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        index_schema.upgrade(connection)
        assert index_schema.revision(connection) == index_schema.HEAD
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
    index = open_index(database)
    assert index.statistics()["studies"] == 0
    index.close()


def test_digests_of_before_are_marked_as_those_of_sha256(database: str) -> None:
    digest = hashlib.sha256(b"x").digest()
    engine = create_engine(database.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        index_schema.upgrade(connection, "0002")
        for insert in (
            "INSERT INTO patient (id, identity, patient_id, issuer, own, keys) VALUES (1, '', '', '', '', '{}')",
            "INSERT INTO study (id, uid, patient, main, moment, accession, own, keys)"
            " VALUES (1, '1.2', 1, 1, '', '', '', '{}')",
            "INSERT INTO series (id, uid, study, number, modality, own, keys)"
            " VALUES (1, '1.3', 1, 1, '', '', '{}')",
        ):
            connection.exec_driver_sql(insert)
        columns = "uid, version, current, series, sop_class, transfer_syntax, key, size"
        connection.execute(
            text(
                f'INSERT INTO instance ({columns}, "offset", sha256, own, keys)'
                " VALUES ('1.4', 1, 1, 1, '', '', 'k', 1, 0, :digest, '', '{}')"
            ),
            {"digest": digest},
        )
    engine.dispose()
    index = open_index(database)
    found = index.instance("1.4")
    index.close()
    assert found is not None
    assert is_of(found.digest, b"x")
    assert found.digest == b"\x12\x20" + digest


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    open_index(url).close()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(ServiceError, match="newer"):
        open_index(url)


def test_a_database_is_made_and_opened_without_what_writes_statements(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'index.sqlite'}"
    code = f"""
import sys
from chiasm.store.index import open_index
index = open_index({url!r})
assert index.position("chain") == 0
index.close()
assert not {{"alembic", "sqlalchemy"}} & set(sys.modules)
"""
    for _ in range(2):
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
