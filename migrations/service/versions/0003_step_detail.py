"""Why a step ended as it did, in codes.

Revision ID: service_0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "service_0003"
down_revision: str | None = "service_0002"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("refresh_step", sa.Column("detail", sa.String(length=256), nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("refresh_step", "detail")
