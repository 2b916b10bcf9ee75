"""The newest backup below a folder -> its row in the service database, which is how a monitor hears of it.

Writes the table `backup_taken` only. Called by `crisis backup` after the backup has its name.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import Table, insert, update
from sqlalchemy.exc import SQLAlchemyError

from jobs.backup.layout import Backup
from models.clock import parse_instant
from models.database import engine
from models.service import BackupTaken
from models.settings import JobSettings

TAKEN: Table = BackupTaken.__table__  # type: ignore[attr-defined]
LENGTH = 255


def record(settings: JobSettings, target: Path, made: Backup) -> bool:
    """Write it down; False where the service database, which the backup does not need, did not take it."""
    name = str(target.resolve())[-LENGTH:]
    values: dict[str, datetime | int] = {
        "made_at": parse_instant(made.made_at).replace(tzinfo=None),
        "bytes": made.bytes,
    }
    service = engine(settings.service_database)
    try:
        with service.begin() as connection:
            if connection.execute(update(TAKEN).where(TAKEN.c.target == name).values(**values)).rowcount != 1:
                connection.execute(insert(TAKEN).values(target=name, **values))
    except SQLAlchemyError:
        return False
    finally:
        service.dispose()
    return True
