"""The tables of the index, for SQLite and PostgreSQL alike.

`own` are the members of DICOM JSON of one level, separated as in `extract`; `members` are those of the level
and of the levels above, ready to send. `keys` are what values are compared by. The key tables list entities
by one key of one attribute; those of a study carry its moment, so that the newest are read off in order.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={"ix": "%(table_name)s_%(column_0_N_name)s", "uq": "%(table_name)s_%(column_0_N_name)s"}
)
row_number = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself for INTEGER alone
plain_text = Text(collation="C").with_variant(Text(), "sqlite")  # compared byte by byte in both
keys_type = Text().with_variant(JSONB(), "postgresql")

patient = Table(
    "patient",
    metadata,
    Column("id", row_number, primary_key=True, autoincrement=True),
    Column("identity", plain_text, nullable=False, unique=True),
    Column("patient_id", plain_text, nullable=False, index=True),
    Column("issuer", plain_text, nullable=False),
    Column("studies", Integer, nullable=False, server_default="0"),
    Column("series", Integer, nullable=False, server_default="0"),
    Column("instances", Integer, nullable=False, server_default="0"),
    Column("own", Text, nullable=False),
    Column("keys", keys_type, nullable=False),
)
"""One row for each identifier and issuer; `identity` is both as one text."""

study = Table(
    "study",
    metadata,
    Column("id", row_number, primary_key=True, autoincrement=True),
    Column("uid", plain_text, nullable=False),
    Column("patient", ForeignKey("patient.id"), nullable=False),
    Column("main", row_number, nullable=False, index=True),
    Column("moment", plain_text, nullable=False),
    Column("accession", plain_text, nullable=False, index=True),
    Column("series", Integer, nullable=False, server_default="0"),
    Column("instances", Integer, nullable=False, server_default="0"),
    Column("own", Text, nullable=False),
    Column("members", Text, nullable=False, server_default=""),
    Column("keys", keys_type, nullable=False),
    UniqueConstraint("uid", "patient"),
    Index("study_newest", "moment", "id"),
    Index("study_patient_newest", "patient", "moment", "id"),
)
"""One row for each study and patient: a study under two patients has two; `main` is the id of the first."""

series = Table(
    "series",
    metadata,
    Column("id", row_number, primary_key=True, autoincrement=True),
    Column("uid", plain_text, nullable=False),
    Column("study", ForeignKey("study.id"), nullable=False),
    Column("number", BigInteger),
    Column("modality", plain_text, nullable=False),
    Column("classes", Text, nullable=False, server_default=""),
    Column("instances", Integer, nullable=False, server_default="0"),
    Column("own", Text, nullable=False),
    Column("keys", keys_type, nullable=False),
    UniqueConstraint("uid", "study"),
    Index("series_study_number", "study", "number", "id"),
)
"""One row for each series of a study; `study` is the main row of the study, `classes` its SOP classes."""

instance = Table(
    "instance",
    metadata,
    Column("id", row_number, primary_key=True, autoincrement=True),
    Column("uid", plain_text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("current", Integer, nullable=False),
    Column("series", ForeignKey("series.id"), nullable=False),
    Column("number", BigInteger),
    Column("sop_class", plain_text, nullable=False),
    Column("transfer_syntax", plain_text, nullable=False),
    Column("key", plain_text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("own", Text, nullable=False),
    Column("keys", keys_type, nullable=False),
    UniqueConstraint("uid", "version"),
    CheckConstraint("current IN (0, 1)", name="instance_current"),
    Index("instance_series", "series"),
)
"""One row for each version of each instance; `current` is 1 for the latest."""

patient_key = Table(
    "patient_key",
    metadata,
    Column("path", plain_text, primary_key=True),
    Column("key", plain_text, primary_key=True),
    Column("entity", row_number, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
study_key = Table(
    "study_key",
    metadata,
    Column("path", plain_text, primary_key=True),
    Column("key", plain_text, primary_key=True),
    Column("moment", plain_text, primary_key=True),
    Column("entity", row_number, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
series_key = Table(
    "series_key",
    metadata,
    Column("path", plain_text, primary_key=True),
    Column("key", plain_text, primary_key=True),
    Column("entity", row_number, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

conflict = Table(
    "conflict",
    metadata,
    Column("id", row_number, primary_key=True, autoincrement=True),
    Column("kind", plain_text, nullable=False),
    Column("subject", plain_text, nullable=False),
    Column("study", plain_text, nullable=False),
    Column("patients", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("first_seen", plain_text, nullable=False),
    Column("resolved", plain_text, nullable=False, server_default=""),
    UniqueConstraint("kind", "subject"),
)
"""What does not agree: kept, and shown until somebody resolves it."""

position = Table(
    "position",
    metadata,
    Column("chain", plain_text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
"""How far each chain of the journal was applied."""

journal_chain = Table(
    "journal_chain",
    metadata,
    Column("chain", plain_text, primary_key=True),
    Column("number", Integer, Identity(), nullable=False, unique=True),
)
"""The chains of a journal that several nodes share; the number is what a chain's lock is called by."""

journal = Table(
    "journal",
    metadata,
    Column("chain", plain_text, primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("payload", LargeBinary, nullable=False),
)
"""The records of that journal. Nothing changes one or takes one away."""
