"""An engine for an address: SQLite with safe defaults, anything else as SQLAlchemy makes it.

With models.sqlserver the only module that may load an ODBC driver, and only when an address asks for one. Called by
api (service database) and jobs (service and crisis database).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from models.errors import ConfigurationError, FolderNotWritable
from models.sqlserver import Dialling, sqlserver_engine


def engine(address: str, *, read_only: bool = False, how: Dialling | None = None) -> Engine:
    """A pooled engine. SQLite gets WAL, a busy time-out and foreign keys; its folder is made if absent.

    `read_only` opens SQLite so that nothing can be written and tells SQL Server that nothing will be; `how` is for
    SQL Server alone. Raises ConfigurationError for an address that cannot be read or a driver that is not installed,
    SourceDriverMissing for one of SQL Server, FolderNotWritable for a folder.
    """
    try:
        url = make_url(address)
    except ArgumentError as error:
        raise ConfigurationError(
            "a database address cannot be read", hint="Write it as sqlite:///path/file.db"
        ) from error
    if url.get_backend_name() == "sqlite":
        return _sqlite(address, url.database, read_only=read_only)
    if url.get_backend_name() == "mssql":
        return sqlserver_engine(url, how or Dialling(), read_only=read_only)
    try:
        return create_engine(url, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"the driver {error.name} is not installed", hint="Install it, or choose a database of docs/operations.md."
        ) from error


def _sqlite(address: str, file: str | None, *, read_only: bool) -> Engine:
    if file and file != ":memory:":
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FolderNotWritable(f"cannot make the folder of {file}") from error
    made = create_engine(address, connect_args={"timeout": 30})

    @event.listens_for(made, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        if not read_only:
            cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute("PRAGMA synchronous=NORMAL")
        if read_only:
            cursor.execute("PRAGMA query_only=ON")
        cursor.close()

    return made
