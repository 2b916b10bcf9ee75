"""A database in a server, filled by T-SQL through the driver: the same for the small server and for a real one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, insert, text
from sqlalchemy.dialects.mssql.base import MSDialect
from sqlalchemy.schema import CreateTable

from models.crisis import METADATA
from models.database import engine
from tests.helpers import tiny
from tests.helpers.tds_server import Server


class Place:
    """The database behind an address; what is made in it is dropped at the end. `server` is None for a real one."""

    def __init__(self, address: str, server: Server | None = None) -> None:
        self.address = address
        self.server = server
        self.made: list[str] = []
        self.engine: Engine = engine(address)

    def must_be_empty(self) -> None:
        """Refuse a database that holds anything: these tests drop what they make."""
        with self.engine.connect() as connection:
            query = text("SELECT COUNT(*) FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = SCHEMA_NAME()")
            assert connection.execute(query).scalar() == 0, "give CRISIS_TEST_MSSQL an empty database"

    def make(self, name: str, columns: str) -> None:
        """A table."""
        self.run(f"CREATE TABLE {name} ({columns})")
        self.made.append(name)

    def run(self, *statements: str) -> None:
        """Some T-SQL, committed."""
        with self.engine.begin() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)

    def close(self) -> None:
        """Drop what was made, on a real server; the small one's file goes with its test."""
        if self.server is None:
            for name in reversed(self.made):
                self.run(f"DROP TABLE {name}")
        self.engine.dispose()


def compiling() -> MSDialect:
    """The dialect as it is towards a present server: unconnected it takes itself for an ancient one."""
    dialect = MSDialect()  # type: ignore[no-untyped-call]
    dialect.server_version_info = (16, 0)
    dialect._setup_version_attributes()
    return dialect


def fill_with_city(place: Place, calls: int = 60) -> None:
    """The contract's tables with the tiny city of the other tests."""
    dialect = compiling()
    for table in METADATA.sorted_tables:
        place.run(str(CreateTable(table).compile(dialect=dialect)))
        place.made.append(f"[{table.name}]")
    with place.engine.begin() as connection:
        for model, rows in tiny._rows(calls):
            _insert(connection, model, rows)


def _insert(connection: Connection, model: Any, rows: Sequence[dict[str, object]]) -> None:
    connection.execute(insert(model), list(rows))
