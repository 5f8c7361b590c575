"""The first tables: index, key tables, conflicts, positions, and the outbound queue."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PLAIN = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")
_KEYS = sa.Text().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _patients_and_studies()
    _series_and_instances()
    _keys()
    _queue()


def _patients_and_studies() -> None:
    op.create_table(
        "patient",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("identity", _PLAIN, nullable=False),
        sa.Column("patient_id", _PLAIN, nullable=False),
        sa.Column("issuer", _PLAIN, nullable=False),
        sa.Column("studies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("series", sa.Integer(), server_default="0", nullable=False),
        sa.Column("instances", sa.Integer(), server_default="0", nullable=False),
        sa.Column("own", sa.Text(), nullable=False),
        sa.Column("keys", _KEYS, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("identity", name="patient_identity"),
    )
    op.create_index("patient_patient_id", "patient", ["patient_id"], unique=False)
    op.create_table(
        "study",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("uid", _PLAIN, nullable=False),
        sa.Column("patient", _ROW, nullable=False),
        sa.Column("main", _ROW, nullable=False),
        sa.Column("moment", _PLAIN, nullable=False),
        sa.Column("accession", _PLAIN, nullable=False),
        sa.Column("series", sa.Integer(), server_default="0", nullable=False),
        sa.Column("instances", sa.Integer(), server_default="0", nullable=False),
        sa.Column("own", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), server_default="", nullable=False),
        sa.Column("keys", _KEYS, nullable=False),
        sa.ForeignKeyConstraint(
            ["patient"],
            ["patient.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid", "patient", name="study_uid_patient"),
    )
    op.create_index("study_accession", "study", ["accession"], unique=False)
    op.create_index("study_main", "study", ["main"], unique=False)
    op.create_index("study_newest", "study", ["moment", "id"], unique=False)
    op.create_index("study_patient_newest", "study", ["patient", "moment", "id"], unique=False)


def _series_and_instances() -> None:
    op.create_table(
        "series",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("uid", _PLAIN, nullable=False),
        sa.Column("study", _ROW, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("modality", _PLAIN, nullable=False),
        sa.Column("classes", sa.Text(), server_default="", nullable=False),
        sa.Column("instances", sa.Integer(), server_default="0", nullable=False),
        sa.Column("own", sa.Text(), nullable=False),
        sa.Column("keys", _KEYS, nullable=False),
        sa.ForeignKeyConstraint(
            ["study"],
            ["study.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid", "study", name="series_uid_study"),
    )
    op.create_index("series_study_number", "series", ["study", "number", "id"], unique=False)
    op.create_table(
        "instance",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("uid", _PLAIN, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("current", sa.Integer(), nullable=False),
        sa.Column("series", _ROW, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("sop_class", _PLAIN, nullable=False),
        sa.Column("transfer_syntax", _PLAIN, nullable=False),
        sa.Column("key", _PLAIN, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("own", sa.Text(), nullable=False),
        sa.Column("keys", _KEYS, nullable=False),
        sa.CheckConstraint("current IN (0, 1)", name="instance_current"),
        sa.ForeignKeyConstraint(
            ["series"],
            ["series.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("uid", "version", name="instance_uid_version"),
    )
    op.create_index("instance_series", "instance", ["series"], unique=False)


def _keys() -> None:
    op.create_table(
        "conflict",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("kind", _PLAIN, nullable=False),
        sa.Column("subject", _PLAIN, nullable=False),
        sa.Column("study", _PLAIN, nullable=False),
        sa.Column("patients", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("first_seen", _PLAIN, nullable=False),
        sa.Column("resolved", _PLAIN, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("kind", "subject", name="conflict_kind_subject"),
    )
    op.create_table(
        "patient_key",
        sa.Column("path", _PLAIN, nullable=False),
        sa.Column("key", _PLAIN, nullable=False),
        sa.Column("entity", _ROW, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("path", "key", "entity"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "position",
        sa.Column("chain", _PLAIN, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain"),
    )
    op.create_table(
        "series_key",
        sa.Column("path", _PLAIN, nullable=False),
        sa.Column("key", _PLAIN, nullable=False),
        sa.Column("entity", _ROW, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("path", "key", "entity"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "study_key",
        sa.Column("path", _PLAIN, nullable=False),
        sa.Column("key", _PLAIN, nullable=False),
        sa.Column("moment", _PLAIN, nullable=False),
        sa.Column("entity", _ROW, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("path", "key", "moment", "entity"),
        sqlite_with_rowid=False,
    )


def _queue() -> None:
    op.create_table(
        "outbound",
        sa.Column("id", _ROW, autoincrement=True, nullable=False),
        sa.Column("destination", sa.String(), nullable=False),
        sa.Column("route", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=False),
        sa.Column("lease_until", sa.Float(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("confirmed_by", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("queued_at", sa.Float(), nullable=False),
        sa.Column("changed_at", sa.Float(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(length=32), nullable=False),
        sa.Column("transfer_syntax", sa.String(length=64), nullable=False),
        sa.Column("sop_class", sa.String(length=64), nullable=False),
        sa.Column("sop_instance", sa.String(length=64), nullable=False),
        sa.Column("series", sa.String(length=64), nullable=False),
        sa.Column("study", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("destination", "sop_instance", "sha256", name="outbound_once"),
    )
    op.create_index("outbound_changed", "outbound", ["changed_at"], unique=False)
    op.create_index("outbound_due", "outbound", ["destination", "state", "due"], unique=False)
    op.create_index("outbound_study", "outbound", ["study", "destination"], unique=False)
    op.create_table(
        "outbound_destination",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("due", sa.Float(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "outbound_position",
        sa.Column("chain", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain"),
    )


def downgrade() -> None:
    """Drop them."""
    for table in (
        "instance",
        "series",
        "study",
        "study_key",
        "series_key",
        "position",
        "patient_key",
        "patient",
        "outbound_position",
        "outbound_destination",
        "outbound",
        "conflict",
    ):
        op.drop_table(table)
