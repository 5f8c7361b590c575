"""The journal that several nodes share, for those whose objects lie in a bucket."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_PLAIN = sa.Text(collation="C").with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "journal_chain",
        sa.Column("chain", _PLAIN, nullable=False),
        sa.Column("number", sa.Integer(), sa.Identity(), nullable=False),
        sa.PrimaryKeyConstraint("chain"),
        sa.UniqueConstraint("number", name="journal_chain_number"),
    )
    op.create_table(
        "journal",
        sa.Column("chain", _PLAIN, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "sequence"),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("journal")
    op.drop_table("journal_chain")
