"""How the nights went: refresh runs, their steps, and the lease that lets one run at a time."""

from __future__ import annotations

from pydantic import NaiveDatetime
from sqlmodel import Field, col

from models.service.base import ServiceTable


class RefreshRun(ServiceTable, table=True):
    __tablename__ = "refresh_run"
    run_id: str = Field(primary_key=True, max_length=32, description="Random, hex.")
    trigger: str = Field(max_length=32, description="cli, schedule or api.")
    state: str = Field(max_length=16, index=True, description="running, published, unchanged, failed or replayed.")
    started_at: NaiveDatetime = Field(index=True, description="Naive UTC.")
    ended_at: NaiveDatetime | None = Field(default=None, description="Naive UTC.")
    as_of: NaiveDatetime | None = Field(default=None, description="Naive UTC.")
    snapshot_version: str | None = Field(default=None, max_length=64)
    fence: int = Field(default=0, description="Number of the lease under which it ran.")
    error_code: str | None = Field(default=None, max_length=64)
    message: str | None = Field(default=None, max_length=512, description="One line for people; no row values.")


LATEST_FIRST = (col(RefreshRun.fence).desc(), col(RefreshRun.started_at).desc())
"""The order in which runs began, whatever the clock did: the lease's number grows from run to run."""


class RefreshStep(ServiceTable, table=True):
    __tablename__ = "refresh_step"
    step_id: int | None = Field(default=None, primary_key=True)
    run_id: str = Field(max_length=32, foreign_key="refresh_run.run_id", index=True)
    name: str = Field(
        max_length=32,
        description="contract, extract, history, clean, compute, check, build, publish, prune; after the run's end "
        "webhook and, with an audience, powerbi.",
    )
    started_at: NaiveDatetime = Field(description="Naive UTC.")
    ended_at: NaiveDatetime | None = Field(default=None, description="Naive UTC.")
    rows: int | None = Field(default=None, description="Rows handled, where the step counts any.")
    outcome: str = Field(
        default="running", max_length=16, description="running, done or failed; others: docs/runbook.md."
    )
    detail: str | None = Field(default=None, max_length=256, description="Codes that say why; no row values.")


class RefreshCheck(ServiceTable, table=True):
    """A check of a run that did not simply pass."""

    __tablename__ = "refresh_check"
    run_id: str = Field(primary_key=True, max_length=32, foreign_key="refresh_run.run_id")
    check_id: str = Field(primary_key=True, max_length=40, description="See docs/reference/checks.md.")
    outcome: str = Field(max_length=16, description="warned, accepted or failed; one that failed kept the run back.")
    detail: str = Field(max_length=512, description="Counts that say why; no row values.")


class Lease(ServiceTable, table=True):
    """One row a resource. `fence` grows with every holder; a holder whose number is no longer this one stops."""

    __tablename__ = "lease"
    resource: str = Field(primary_key=True, max_length=32)
    holder: str = Field(max_length=64)
    fence: int = Field(default=0)
    expires_at: NaiveDatetime = Field(description="Naive UTC.")
