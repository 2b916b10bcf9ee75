"""Brings the service database and the reference crisis database to their newest form, or back.

Two Alembic histories, found beside the installed package. The crisis schema goes only onto an empty
database or one that bears our marker, and never onto CRISIS_SOURCE_URL outside demo: a city's own
database is read-only to us. Called by the commands, the demo and every test that needs tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, event, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, OperationalError

import migrations
from models.crisis import METADATA
from models.crisis.reference import MARKER
from models.database import engine as open_engine
from models.errors import (
    ConfigurationError,
    CrisisError,
    DiskFull,
    FolderNotWritable,
    MigrationRefused,
    ServiceDatabaseGone,
    SourceUnreachable,
)
from models.settings import JobSettings


@dataclass(frozen=True)
class History:
    """One line of revisions. `folder` lies in the migrations package, `table` remembers the revision in force."""

    name: str
    folder: str
    table: str

    def config(self, connection: Connection | None = None) -> Config:
        """Alembic's configuration, without an ini file, so that it works from an installed package."""
        config = Config()
        folder = Path(migrations.__file__).parent / self.folder
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        return config


SERVICE = History("service", "service", "service_revision")
CRISIS = History("crisis", "crisis", "crisis_revision")


def upgrade_service(address: str, revision: str = "head") -> str:
    """Bring the service database to `revision`; the revision then in force. Raises MigrationRefused if not ours."""
    return _migrate(SERVICE, address, _refuse_foreign_service, command.upgrade, revision)


def downgrade_service(address: str, revision: str = "base") -> str:
    """Take the service database back to `revision`; `base` leaves no table. Its data goes."""
    return _migrate(SERVICE, address, _refuse_foreign_service, command.downgrade, revision)


def upgrade_crisis(address: str, revision: str = "head", *, settings: JobSettings | None = None) -> str:
    """Bring the reference crisis database to `revision`; the revision then in force.

    Raises MigrationRefused unless the database is empty or bears our marker, and for the address in
    CRISIS_SOURCE_URL outside demo, whatever is in it. `settings` are those of the process by default.
    """
    _refuse_source(address, settings or JobSettings())
    return _migrate(CRISIS, address, _refuse_foreign_crisis, command.upgrade, revision)


def downgrade_crisis(address: str, revision: str = "base", *, settings: JobSettings | None = None) -> str:
    """Take the reference crisis database back to `revision`, under the same guard; `base` leaves no table."""
    _refuse_source(address, settings or JobSettings())
    return _migrate(CRISIS, address, _refuse_foreign_crisis, command.downgrade, revision)


def revision(address: str, history: History = SERVICE) -> str | None:
    """The revision in force; None for a database without our tables, which is not touched."""
    if not _exists(address):
        return None
    engine = open_engine(address, read_only=True)
    try:
        with engine.connect() as connection:
            return _revision(connection, history)
    except OperationalError as error:
        raise SourceUnreachable(f"the {history.name} database does not answer") from error
    finally:
        engine.dispose()


def head(history: History = SERVICE) -> str:
    """The newest revision of a history."""
    newest = ScriptDirectory.from_config(history.config()).get_current_head()
    if newest is None:
        raise ConfigurationError(f"the migrations of {history.name} are not installed")
    return newest


def knows(wanted: str, history: History = SERVICE) -> bool:
    """Whether `wanted` is a revision of the history: one made by a newer version is not."""
    return any(each.revision == wanted for each in ScriptDirectory.from_config(history.config()).walk_revisions())


def is_current(name: str, address: str) -> bool:
    """Whether the `service` or `crisis` database at the address is at the newest revision."""
    history = {"service": SERVICE, "crisis": CRISIS}[name]
    return revision(address, history) == head(history)


def _migrate(
    history: History,
    address: str,
    refuse: Callable[[Connection], None],
    move: Callable[[Config, str], None],
    to: str,
) -> str:
    """Guard, move and, back at the start, remove the revision table: all in one transaction."""
    with _connect(address, history) as connection:
        refuse(connection)
        try:
            move(history.config(connection), to)
        except CommandError as error:
            raise MigrationRefused(
                f"the {history.name} database cannot go to {to}: {error}",
                hint="Its revision, or the asked one, is not known here: install the version that made it.",
            ) from error
        reached = _revision(connection, history)
        if reached is None and history.table in _names(connection):
            connection.execute(text(f"DROP TABLE {history.table}"))
        return reached or "base"


def _revision(connection: Connection, history: History) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table": history.table})
    return context.get_current_revision()


@contextmanager
def _connect(address: str, history: History) -> Iterator[Connection]:
    """One transaction that holds the write lock from its first statement, so that two upgrades queue up."""
    engine = open_engine(address)
    if engine.dialect.name == "sqlite":
        _lock_first(engine)
    try:
        with engine.begin() as connection:
            yield connection
    except OperationalError as error:
        raise _unreachable(error, history) from error
    finally:
        engine.dispose()


def _unreachable(error: OperationalError, history: History) -> CrisisError:
    """What the operator is told: of a service database in the home folder, first what is wrong with the folder."""
    # loads DuckDB, which most who migrate do without
    from jobs.refresh.causes import known  # noqa: PLC0415

    cause = known(error) if history is SERVICE else None
    if isinstance(cause, (DiskFull, FolderNotWritable)):
        return cause
    return (ServiceDatabaseGone if history is SERVICE else SourceUnreachable)(
        f"the {history.name} database does not answer, or another process holds its lock",
        hint="Check its address and that no other migration is running, then run it again.",
    )


def _lock_first(engine: Engine) -> None:
    """SQLite: sqlite3 would commit before each CREATE TABLE; with our own BEGIN a failed revision is undone whole."""

    @event.listens_for(engine, "connect")
    def manual(connection: Any, _record: Any) -> None:
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _refuse_source(address: str, settings: JobSettings) -> None:
    if settings.source_url is not None and not settings.demo and same_database(address, settings.source_url):
        raise MigrationRefused(
            "CRISIS_SOURCE_URL names a city's own database, which is never changed",
            hint="Unset CRISIS_SOURCE_URL, or set CRISIS_DEMO=1 if that database is a demonstration.",
        )


def _exists(address: str) -> bool:
    """False for a SQLite file that is not there, which opening would make."""
    url = make_url(address)
    return url.get_backend_name() != "sqlite" or not url.database or Path(url.database).exists()


def same_database(one: str, other: str) -> bool:
    """True when two addresses lead to one database, whatever driver, user or spelling of the path they name."""
    try:
        return _place(one) == _place(other)
    except ArgumentError:
        return False


def _place(address: str) -> tuple[str, str | None, int | None, str | None]:
    url = make_url(address)
    if url.get_backend_name() == "sqlite" and url.database:
        return ("sqlite", None, None, str(Path(url.database).resolve()))
    return (url.get_backend_name(), (url.host or "").lower(), url.port, (url.database or "").lower())


def _refuse_foreign_service(connection: Connection) -> None:
    names = _names(connection)
    if names and SERVICE.table not in names:
        raise MigrationRefused(
            "the service database holds tables that are not ours",
            hint="Give CRISIS_SERVICE_URL a database of its own.",
        )


def _refuse_foreign_crisis(connection: Connection) -> None:
    """Our marker, or nothing at all."""
    names = _names(connection)
    if not names:
        return
    marker = METADATA.tables["crisis_marker"]
    if marker.name not in names or MARKER not in connection.scalars(select(marker.c.marker)).all():
        raise MigrationRefused("the database holds tables, and does not bear our marker")


def _names(connection: Connection) -> set[str]:
    """Tables and views of the database, in lower case."""
    inspector = inspect(connection)
    return {name.lower() for name in (*inspector.get_table_names(), *inspector.get_view_names())}
