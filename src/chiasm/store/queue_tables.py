"""The tables of the outbound queue, in the index's database."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from .tables import metadata

_ROW = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself for INTEGER alone

outbound = Table(
    "outbound",
    metadata,
    Column("id", _ROW, primary_key=True, autoincrement=True),
    Column("destination", String, nullable=False),
    Column("route", String, nullable=False),
    Column("state", String(16), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("lease_owner", String, nullable=False),
    Column("lease_until", Float, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("confirmed_by", String, nullable=False),
    Column("status", String, nullable=False),
    Column("message", String, nullable=False),
    Column("queued_at", Float, nullable=False),
    Column("changed_at", Float, nullable=False),
    Column("key", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("transfer_syntax", String(64), nullable=False),
    Column("sop_class", String(64), nullable=False),
    Column("sop_instance", String(64), nullable=False),
    Column("series", String(64), nullable=False),
    Column("study", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("destination", "sop_instance", "digest", name="outbound_once"),
    Index("outbound_due", "destination", "state", "due"),
    Index("outbound_study", "study", "destination"),
    Index("outbound_changed", "changed_at"),
)
"""One row for each object and destination; what is sent, how far it has come, who sends it now."""

outbound_destination = Table(
    "outbound_destination",
    metadata,
    Column("name", String, primary_key=True),
    Column("held", Integer, nullable=False),
    Column("due", Float, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("message", String, nullable=False),
)
"""Destinations that are held, or left alone as they could not be reached."""

outbound_position = Table(
    "outbound_position",
    metadata,
    Column("chain", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How far the routes have followed each chain of the journal."""
