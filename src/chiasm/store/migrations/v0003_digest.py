"""Digests say by which function they were taken, as multihash has it; those that are there are of SHA-256."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"

_TABLES = ("instance", "outbound")
_CODE = {"postgresql": "decode('1220', 'hex') || digest", "sqlite": "CAST(x'1220' || digest AS BLOB)"}


def upgrade() -> None:
    """Rename the columns, and put the code of SHA-256 before what is in them."""
    for table in _TABLES:
        op.execute(f"ALTER TABLE {table} RENAME COLUMN sha256 TO digest")
        op.execute(f"UPDATE {table} SET digest = {_CODE[op.get_bind().dialect.name]}")


def downgrade() -> None:
    """Give the columns their former name, and their digests without a code."""
    for table in _TABLES:
        op.execute(f"UPDATE {table} SET digest = substr(digest, 3)")
        op.execute(f"ALTER TABLE {table} RENAME COLUMN digest TO sha256")
