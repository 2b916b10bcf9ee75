"""T-SQL -> SQLite, and the types of its result: what stands behind the small test server.

A table's columns have the types with which SQLite declared them, so a `DATETIMEOFFSET(7)` goes out as one. It accepts
what SQLite accepts and has SQLite's semantics: it proves the way through a driver, never T-SQL. Used by tds_server.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlglot
from sqlglot import exp

from tests.helpers.tds_types import BIGINT, NVARCHAR, SqlType, declared

SESSION = re.compile(r"\s*(?:SET|USE|IF\s+@@TRANCOUNT|BEGIN\s+TRAN|COMMIT|ROLLBACK)\b", re.IGNORECASE)
"""Statements about the session, which SQLite need not hear of."""
MADE = re.compile(r"\s*(?:CREATE|DROP|ALTER)\s", re.IGNORECASE)
LONGEST = re.compile(r"\bN?VARCHAR\s*\(\s*MAX\s*\)", re.IGNORECASE)
GLOBALS = {
    "@@SPID": "51", "@@TRANCOUNT": "0", "@@VERSION": "'Microsoft SQL Server 2022 (test server)'", "@@ROWCOUNT": "0",
}  # fmt: skip
SYSTEM = """
    CREATE TABLE sys.databases (database_id INT, name NVARCHAR(128), snapshot_isolation_state TINYINT);
    CREATE TABLE sys.system_views (name NVARCHAR(128));
    CREATE TABLE sys.dm_exec_sessions (session_id SMALLINT, transaction_isolation_level SMALLINT);
    CREATE TABLE information_schema.columns (
        table_schema NVARCHAR(128), table_name NVARCHAR(128), column_name NVARCHAR(128), ordinal_position INT,
        is_nullable VARCHAR(3), data_type NVARCHAR(128), character_maximum_length INT,
        numeric_precision TINYINT, numeric_scale INT, datetime_precision SMALLINT
    );
    INSERT INTO sys.databases VALUES (5, 'crisis', 0);
    INSERT INTO sys.system_views VALUES ('dm_exec_sessions');
    INSERT INTO sys.dm_exec_sessions VALUES (51, 2);
"""


@dataclass(frozen=True)
class Properties:
    """What the server says about its database: whether it may be written, and whether SNAPSHOT is allowed (1)."""

    updateability: str = "READ_WRITE"
    snapshot_isolation_state: int = 0
    oldest_active_rowversion: int = 1
    types: Mapping[str, str] = field(default_factory=dict)
    """Declared type, in capitals, -> the type that the server says instead, for tables made without T-SQL types."""


@dataclass(frozen=True)
class Answer:
    """The result of one statement; no names when it gives no rows."""

    names: Sequence[str]
    kinds: Sequence[SqlType]
    rows: Iterator[Sequence[Any]]


class Refused(Exception):
    """An error of SQL Server's: number and text."""

    def __init__(self, number: int, text: str, severity: int = 16) -> None:
        super().__init__(text)
        self.number = number
        self.text = text
        self.severity = severity


class Database:
    """One session's view of the SQLite file; used by the session's thread alone."""

    def __init__(self, file: Path, properties: Properties) -> None:
        self.properties = properties
        self.connection = sqlite3.connect(file, isolation_level=None, timeout=10)
        for name in ("sys", "information_schema"):
            self.connection.execute(f"ATTACH ':memory:' AS {name}")
        self.connection.executescript(SYSTEM)
        self.connection.execute(
            "UPDATE sys.databases SET snapshot_isolation_state = ?", [properties.snapshot_isolation_state]
        )
        functions: dict[str, tuple[int, Callable[..., Any]]] = {
            "DB_ID": (0, lambda: 5),
            "DB_NAME": (0, lambda: "crisis"),
            "SERVERPROPERTY": (1, {"ProductVersion": "16.0.4000.1", "EngineEdition": 3}.get),
            "DATABASEPROPERTYEX": (2, lambda _name, wanted: {"Updateability": properties.updateability}.get(wanted)),
            "MIN_ACTIVE_ROWVERSION": (0, lambda: properties.oldest_active_rowversion.to_bytes(8, "big")),
        }
        for name, (count, function) in functions.items():
            self.connection.create_function(name, count, function)
        self._describe()

    def close(self) -> None:
        """End the session; what it did not commit is gone."""
        self.connection.close()

    def _describe(self) -> None:
        """Fill INFORMATION_SCHEMA.COLUMNS."""
        self.connection.execute("DELETE FROM information_schema.columns")
        names = self.connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type IN ('table', 'view')"
        ).fetchall()
        for (table,) in names:
            for place, name, kind, required, *_ in self.connection.execute(f'PRAGMA main.table_info("{table}")'):
                found = self.kind(kind)
                decimal = found.name == "decimal"
                values = ["dbo", table, name, place + 1, "NO" if required else "YES", found.name]
                values += [found.length or None]
                values += [found.precision if decimal else None, found.scale if decimal else None, None]
                marks = ", ".join("?" * len(values))
                self.connection.execute(f"INSERT INTO information_schema.columns VALUES ({marks})", values)

    def kind(self, text: str) -> SqlType:
        """The type for a declared one."""
        return declared(self.properties.types.get(text.upper(), text))

    def run(self, text: str, parameters: Mapping[str, Any]) -> Answer:
        """Do one batch; the rows of its last statement. Raises Refused."""
        if SESSION.match(text) or not text.strip():
            return Answer((), (), iter(()))
        if MADE.match(text):
            return self._raw(LONGEST.sub("TEXT", text))
        if "DM_EXEC_DESCRIBE_FIRST_RESULT_SET" in text.upper():
            return self._describing(str(parameters["P1"]))
        for name, value in GLOBALS.items():
            text = re.sub(re.escape(name) + r"\b", value, text, flags=re.IGNORECASE)
        try:
            trees = [tree for tree in sqlglot.parse(text, read="tsql") if tree is not None]
        except sqlglot.ParseError as error:
            raise Refused(102, f"Incorrect syntax: {error.errors[:1]}", 15) from error
        answer = Answer((), (), iter(()))
        for tree in trees:
            answer = self._statement(tree, parameters)
        return answer

    def _raw(self, text: str) -> Answer:
        """DDL as it stands, so that declared types stay what they are."""
        try:
            self.connection.execute(re.sub(r"(?:\[dbo\]|\bdbo)\.", "", text, flags=re.IGNORECASE))
        except sqlite3.Error as error:
            raise _told(error) from error
        self._describe()
        return Answer((), (), iter(()))

    def _describing(self, text: str) -> Answer:
        """Names and types of a query's columns, or one row with the number of its error."""
        kinds = (SqlType("nvarchar", 128), SqlType("nvarchar", 256), SqlType("int"))
        names = ("name", "system_type_name", "error_number")
        try:
            tree = sqlglot.parse_one(text, read="tsql")
            self._statement(tree, {})
        except (sqlglot.ParseError, Refused) as error:
            number = error.number if isinstance(error, Refused) else 102
            return Answer(names, kinds, iter([(None, None, number)]))
        found = self.columns(tree) if isinstance(tree, exp.Query) else ((), ())
        rows = [(name, (kind or NVARCHAR).spelled, None) for name, kind in zip(*found, strict=True)]
        return Answer(names, kinds, iter(rows))

    def _statement(self, tree: exp.Expr, parameters: Mapping[str, Any]) -> Answer:
        names, kinds = self.columns(tree) if isinstance(tree, exp.Query) else ((), ())
        text = sqlglot.transpile(_plain(tree).sql("tsql"), read="tsql", write="sqlite")[0]
        text = re.sub(r"(?<!\w)N'", "'", text)
        used = {name: value for name, value in parameters.items() if name}
        try:
            rows = self.connection.execute(text.replace("@", ":"), used)
        except sqlite3.Error as error:
            raise _told(error) from error
        if not isinstance(tree, exp.Query):
            self._describe()
            return Answer((), (), iter(()))
        return _typed(names, kinds, rows, [each[0] for each in rows.description])

    def columns(self, tree: exp.Query) -> tuple[tuple[str, ...], tuple[SqlType | None, ...]]:
        """Names and types of a query's columns; no type where only the values can tell."""
        found: list[tuple[str, SqlType | None]] = []
        for projection in tree.selects:
            if isinstance(projection, exp.Star):
                found += [pair for source in _sources(tree).values() for pair in self._source(source).items()]
            else:
                found.append((projection.alias_or_name, self._typed(projection.unalias(), tree)))
        return tuple(name for name, _kind in found), tuple(kind for _name, kind in found)

    def _typed(self, value: exp.Expr, tree: exp.Query) -> SqlType | None:
        if isinstance(value, exp.Cast):
            return self.kind(value.to.sql("tsql"))
        if isinstance(value, exp.Count):
            return SqlType("int")
        if isinstance(value, exp.Literal):
            return NVARCHAR if value.is_string else BIGINT
        if isinstance(value, exp.Column):
            sources = _sources(tree)
            chosen = [sources[value.table]] if value.table in sources else list(sources.values())
            for source in chosen:
                kinds = {name.lower(): kind for name, kind in self._source(source).items()}
                if value.name.lower() in kinds:
                    return kinds[value.name.lower()]
        return None

    def _source(self, source: exp.Expr) -> dict[str, SqlType | None]:
        if isinstance(source, exp.Subquery):
            return dict(zip(*self.columns(source.unnest()), strict=True))  # type: ignore[arg-type]
        schema = source.text("db").lower()
        where = schema if schema in ("sys", "information_schema") else "main"
        rows = self.connection.execute(f'PRAGMA {where}.table_info("{source.name}")').fetchall()
        return {row[1]: self.kind(row[2]) for row in rows}


def _sources(tree: exp.Query) -> dict[str, exp.Expr]:
    """What a query reads from, by the name that its columns use."""
    clauses = [clause for clause in (tree.args.get("from_"), *(tree.args.get("joins") or ())) if clause is not None]
    return {clause.this.alias_or_name: clause.this for clause in clauses}


def _plain(tree: exp.Expr) -> exp.Expr:
    """The tree without the schema dbo, which SQLite does not have, but where it is asked for."""
    for node in list(tree.find_all(exp.CurrentSchema)):
        node.replace(exp.Literal.string("dbo"))
    for table in tree.find_all(exp.Table):
        if table.text("db").lower() == "dbo":
            table.set("db", None)
    return tree


def _told(error: sqlite3.Error) -> Refused:
    text = str(error)
    if "no such table" in text:
        return Refused(208, f"Invalid object name '{text.rpartition(': ')[2]}'.")
    if "no such column" in text:
        return Refused(207, f"Invalid column name '{text.rpartition(': ')[2]}'.")
    return Refused(50000, text)


def _typed(names: Sequence[str], kinds: Sequence[SqlType | None], rows: sqlite3.Cursor, given: Sequence[str]) -> Answer:
    """Types from the first rows where the query does not tell them."""
    if None not in kinds:
        return Answer(names or given, [kind for kind in kinds if kind], iter(rows))
    held = rows.fetchall()
    settled = [kind or _guessed(row[place] for row in held) for place, kind in enumerate(kinds)]
    return Answer(names or given, settled, iter(held))


def _guessed(values: Iterator[Any]) -> SqlType:
    first = next((value for value in values if value is not None), None)
    if isinstance(first, bytes):
        return SqlType("varbinary", 8000)
    return {int: BIGINT, float: SqlType("float")}.get(type(first), NVARCHAR)
