"""Clients and their keys, row scopes, refresh runs and steps, the lease.

Revision ID: service_0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "service_0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("client", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=128), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key")),
    )
    op.create_index(op.f("ix_api_key_client"), "api_key", ["client"], unique=False)
    op.create_table(
        "lease",
        sa.Column("resource", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("resource", name=op.f("pk_lease")),
    )
    op.create_table(
        "refresh_run",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("trigger", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("as_of", sa.DateTime(), nullable=True),
        sa.Column("snapshot_version", sa.String(length=64), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("message", sa.String(length=512), nullable=True),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_refresh_run")),
    )
    op.create_index(op.f("ix_refresh_run_started_at"), "refresh_run", ["started_at"], unique=False)
    op.create_index(op.f("ix_refresh_run_state"), "refresh_run", ["state"], unique=False)
    op.create_table(
        "key_scope",
        sa.Column("scope_id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.key_id"], name=op.f("fk_key_scope_key_id")),
        sa.PrimaryKeyConstraint("scope_id", name=op.f("pk_key_scope")),
    )
    op.create_index(op.f("ix_key_scope_key_id"), "key_scope", ["key_id"], unique=False)
    op.create_table(
        "refresh_step",
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["refresh_run.run_id"], name=op.f("fk_refresh_step_run_id")),
        sa.PrimaryKeyConstraint("step_id", name=op.f("pk_refresh_step")),
    )
    op.create_index(op.f("ix_refresh_step_run_id"), "refresh_step", ["run_id"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_refresh_step_run_id"), table_name="refresh_step")
    op.drop_table("refresh_step")
    op.drop_index(op.f("ix_key_scope_key_id"), table_name="key_scope")
    op.drop_table("key_scope")
    op.drop_index(op.f("ix_refresh_run_state"), table_name="refresh_run")
    op.drop_index(op.f("ix_refresh_run_started_at"), table_name="refresh_run")
    op.drop_table("refresh_run")
    op.drop_table("lease")
    op.drop_index(op.f("ix_api_key_client"), table_name="api_key")
    op.drop_table("api_key")
