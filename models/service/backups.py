"""When the newest backup was taken, so that a monitor hears of its age without seeing the backups."""

from __future__ import annotations

from pydantic import NaiveDatetime
from sqlalchemy import BigInteger
from sqlmodel import Field

from models.service.base import ServiceTable


class BackupTaken(ServiceTable, table=True):
    """The newest backup below one folder. Written by `crisis backup` after it is whole."""

    __tablename__ = "backup_taken"
    target: str = Field(primary_key=True, max_length=255, description="The folder below which it lies.")
    made_at: NaiveDatetime = Field(description="Naive UTC.")
    bytes: int = Field(sa_type=BigInteger, description="Size of all its files.")
