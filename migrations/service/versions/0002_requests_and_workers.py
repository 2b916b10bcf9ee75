"""Requests for a refresh, their cancelling, and the heartbeat of workers.

Revision ID: service_0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "service_0002"
down_revision: str | None = "service_0001"
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "refresh_cancel",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_refresh_cancel")),
    )
    op.create_table(
        "refresh_request",
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("slot", sa.String(length=32), nullable=False),
        sa.Column("requested_at", sa.DateTime(), nullable=False),
        sa.Column("requested_by", sa.String(length=32), nullable=False),
        sa.Column("taken_at", sa.DateTime(), nullable=True),
        sa.Column("taken_by", sa.String(length=64), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_refresh_request")),
        sa.UniqueConstraint("slot", name=op.f("uq_refresh_request_slot")),
    )
    op.create_index(op.f("ix_refresh_request_state"), "refresh_request", ["state"], unique=False)
    op.create_table(
        "refresh_worker",
        sa.Column("worker_id", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("beat_at", sa.DateTime(), nullable=False),
        sa.Column("next_run_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_refresh_worker")),
    )
    op.create_index(op.f("ix_refresh_worker_beat_at"), "refresh_worker", ["beat_at"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_refresh_worker_beat_at"), table_name="refresh_worker")
    op.drop_table("refresh_worker")
    op.drop_index(op.f("ix_refresh_request_state"), table_name="refresh_request")
    op.drop_table("refresh_request")
    op.drop_table("refresh_cancel")
