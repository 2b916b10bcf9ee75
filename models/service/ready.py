"""Whether the service database has its tables. Asked before keys are read or a server starts; changes nothing."""

from __future__ import annotations

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from models.errors import ConfigurationError
from models.service import METADATA


def require(engine: Engine) -> None:
    """Raises ConfigurationError when the database does not answer or has not been migrated."""
    try:
        present = set(inspect(engine).get_table_names())
    except SQLAlchemyError as error:
        raise ConfigurationError(
            "the service database does not answer", hint="Check CRISIS_SERVICE_URL and that the server runs."
        ) from error
    missing = sorted(set(METADATA.tables) - present)
    if missing:
        raise ConfigurationError(
            f"the service database lacks the table {missing[0]}", hint="Bring it up to date: crisis migrate"
        )
