"""What people and programs ask of refreshes, and who is there to do it: requests, cancels, workers."""

from __future__ import annotations

from pydantic import NaiveDatetime
from sqlmodel import Field

from models.service.base import ServiceTable


class RefreshRequest(ServiceTable, table=True):
    """A refresh that was asked for. Its id becomes the id of the run that answers it."""

    __tablename__ = "refresh_request"
    request_id: str = Field(primary_key=True, max_length=32, description="Random, hex; the run's id later.")
    state: str = Field(max_length=16, index=True, description="queued, taken, ended or cancelled.")
    slot: str = Field(
        max_length=32, unique=True, description="`queued` while it is the one in the queue, else its own id."
    )
    requested_at: NaiveDatetime = Field(description="Naive UTC.")
    requested_by: str = Field(max_length=32, description="Key id of who asked.")
    taken_at: NaiveDatetime | None = Field(default=None, description="Naive UTC.")
    taken_by: str | None = Field(default=None, max_length=64, description="Worker that took it.")
    ended_at: NaiveDatetime | None = Field(default=None, description="Naive UTC.")


class RefreshCancel(ServiceTable, table=True):
    """Somebody wants this run, or request, not to go on. Looked for at every border between two steps."""

    __tablename__ = "refresh_cancel"
    run_id: str = Field(primary_key=True, max_length=32)
    asked_at: NaiveDatetime = Field(description="Naive UTC.")
    asked_by: str = Field(max_length=32, description="Key id of who asked.")


class RefreshWorker(ServiceTable, table=True):
    """A `crisis schedule` that is alive while `beat_at` is young. Real time, whatever CRISIS_NOW says."""

    __tablename__ = "refresh_worker"
    worker_id: str = Field(primary_key=True, max_length=64, description="Machine and process.")
    started_at: NaiveDatetime = Field(description="Naive UTC.")
    beat_at: NaiveDatetime = Field(index=True, description="Naive UTC.")
    next_run_at: NaiveDatetime | None = Field(default=None, description="Next nightly run, naive UTC.")
