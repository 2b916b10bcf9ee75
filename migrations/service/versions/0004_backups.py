"""When the newest backup was taken.

Revision ID: service_0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "service_0004"
down_revision: str | None = "service_0003"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "backup_taken",
        sa.Column("target", sa.String(length=255), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("target", name=op.f("pk_backup_taken")),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("backup_taken")
