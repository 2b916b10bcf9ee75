"""What models.monitoring measures -> the file CRISIS_METRICS_FILE, for the textfile collector of a node exporter.

For sites where the service, which answers at /metrics, is elsewhere or not reached. Written whole or not at all, by one
rename. Called by `crisis schedule` at each heartbeat and by `crisis refresh` and `crisis backup` at their end.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from models import monitoring
from models.database import engine
from models.settings import JobSettings

MODE = 0o644
"""The exporter is another user."""


def write(settings: JobSettings, service: Engine | None = None) -> bool:
    """Write the file anew where one is set; False where that did not work, which never harms who calls."""
    path = settings.metrics_file
    if path is None:
        return True
    opened = service or engine(settings.service_database)
    try:
        _replace(path, monitoring.text(monitoring.measured(opened, settings.snapshots)))
    except (OSError, SQLAlchemyError):
        return False
    finally:
        if service is None:
            opened.dispose()
    return True


def _replace(path: Path, content: str) -> None:
    """The exporter reads whatever ends with .prom, so the new file has another ending until it is whole."""
    place = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        place.write_text(content, "utf-8")
        place.chmod(MODE)
        place.replace(path)
    finally:
        place.unlink(missing_ok=True)
