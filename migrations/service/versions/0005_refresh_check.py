"""What the checks of a run found, where it was not that all is well.

Revision ID: service_0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "service_0005"
down_revision: str | None = "service_0004"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "refresh_check",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("check_id", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.String(length=512), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["refresh_run.run_id"]),
        sa.PrimaryKeyConstraint("run_id", "check_id"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("refresh_check")
