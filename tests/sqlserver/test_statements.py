"""Every statement that is sent to SQL Server stands in one golden file, is T-SQL, reads only, and binds its values.

The file is made from the contract; the small server then proves that a night sends nothing else. `sqlglot` judges the
syntax: it knows T-SQL's grammar, not SQL Server's names, types or rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlglot
from sqlalchemy.types import TypeEngine
from sqlglot import exp

from jobs.source import delivery
from jobs.source.contract import TABLES, ContractTable
from jobs.source.sqlserver import extract, orphans, statements
from models.settings import JobSettings
from tests.conftest import ROOT
from tests.helpers.golden import agrees
from tests.helpers.tds_server import Fault
from tests.sqlserver.places import Place, compiling

GOLDEN = Path(__file__).with_name("statements.sql")
HEAD = """-- Everything that a refresh sends to SQL Server, in the order in which it is sent: session, contract, rows.
-- Intent: a database administrator can read here what our login does. Nothing is written, no value is part of a text.
-- A night that asks for changes has the condition on updated_at; with a rowversion column that column stands there, and
-- with an offset CAST(? AS datetimeoffset). SELECT files (CRISIS_SOURCE_SELECTS) stand in place of a table's name, in parentheses.
"""
OF_SQLALCHEMY = (
    r"SELECT CAST\(SERVERPROPERTY\('ProductVersion'\) AS VARCHAR\)",
    r"SELECT schema_name\(\)",
    r"SELECT name FROM sys\.system_views WHERE name IN \('dm_exec_sessions', 'dm_pdw_nodes_exec_sessions'\)",
    r"SELECT CASE transaction_isolation_level WHEN 0 .* FROM sys\.dm_exec_sessions where session_id = @@SPID",
    r"SELECT CAST\('test max support' AS NVARCHAR\(max\)\)",
    r"SELECT 1 FROM fn_listextendedproperty\((default, ){6}default\)",
)
"""What SQLAlchemy asks once when it meets a server."""
OF_DRIVERS = (r"sp_datatype_info_100 .*", r"IF @@TRANCOUNT > 0 .*", r"set implicit_transactions .*")
"""What drivers ask by themselves."""


def key_type(table: ContractTable) -> str:
    """The key's type as the reference schema declares it on SQL Server."""
    kind: TypeEngine[object] = table.source.c[table.key].type
    return str(kind.compile(dialect=compiling())).lower()


def sent() -> Iterator[str]:
    """Every statement for the reference schema."""
    yield from (*statements.SESSION, statements.MODE, statements.SNAPSHOT, statements.READ_COMMITTED)
    yield from (statements.COLUMNS, statements.DESCRIBE, statements.MARKER, statements.OLDEST_ACTIVE)
    for table in TABLES:
        columns = [column.name for column in table.columns]
        source = statements.bracketed(table.name)
        for condition in ("", statements.since("updated_at")):
            for first in (True, False):
                yield statements.chunk(
                    source, columns, table.key, key_type(table), extract.CHUNK + 1, first=first, condition=condition
                )
        if orphans.children(table):
            yield statements.by_key(source, columns, table.key, key_type(table), 2)


def test_the_golden_file_is_what_is_sent() -> None:
    text = HEAD + "".join(f"\n{statement};\n" for statement in sent())
    assert agrees(GOLDEN, text.encode())


@pytest.mark.parametrize("statement", [*sent(), statements.derived("SELECT 1 AS a", "t").join(("SELECT a FROM ", ""))])
def test_each_statement_is_t_sql_that_only_reads(statement: str) -> None:
    if statement == statements.SNAPSHOT:
        return  # T-SQL, but the one level that sqlglot does not know
    (tree,) = sqlglot.parse(statement.replace("?", "@P1"), read="tsql", error_level=sqlglot.ErrorLevel.RAISE)
    assert tree is not None
    if statement.startswith("SET "):
        assert isinstance(tree, exp.Set | exp.Command)
        return
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.Insert, exp.Update, exp.Delete, exp.Into, exp.Command))
    assert (
        tree.args.get("order") or statement in (statements.MODE, statements.OLDEST_ACTIVE) or "AS [t]" in statement
    ), "no total order"
    literals = {node.this for node in tree.find_all(exp.Literal) if node.is_string}
    assert literals <= {"Updateability"}, "a value is part of the text"


def test_a_wrong_statement_would_be_noticed() -> None:
    with pytest.raises(sqlglot.ParseError):
        sqlglot.parse("SELECT TOP (5 [a] FROM [t] WHERE", read="tsql", error_level=sqlglot.ErrorLevel.RAISE)


LOGIN_SCRIPT = ROOT / "docs" / "sqlserver-login.sql"


def test_the_script_for_a_dba_grants_reading_the_contract_and_nothing_else() -> None:
    text = re.sub(r"--[^\n]*", "", LOGIN_SCRIPT.read_text("utf-8"))
    grants = re.findall(r"\b(GRANT|DENY|REVOKE)\s+(.+?)\s+TO\s+\[(\w+)\]", text)
    assert [(what, on, to) for what, on, to in grants] == [
        ("GRANT", f"SELECT ON [crisis].[{table.name}]", "crisis_source") for table in TABLES
    ]
    assert not re.search(r"\b(INSERT|UPDATE|DELETE|EXECUTE|CONTROL|ALTER DATABASE|sp_addrolemember|db_owner)\b", text)
    for batch in re.split(r"^GO$", text, flags=re.MULTILINE):
        sqlglot.parse(batch, read="tsql", error_level=sqlglot.ErrorLevel.RAISE)


LATE = "UPDATE call SET incident_id = 424242 WHERE call_id = 60"


def test_a_night_sends_nothing_that_is_not_in_the_file(
    city: Place, home: Path, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    if city.server is None:
        pytest.skip("a real server does not tell what it was sent")
    job = JobSettings(home=home, source_url=city.address)
    city.engine.dispose()
    city.server.statements.clear()
    city.server.faults.append(Fault(r"FROM \[call\]", meanwhile=LATE))
    delivery.prove(job)
    delivery.deliver(job, tmp_path, lambda _table: None)
    golden = {plain(statement) for statement in GOLDEN.read_text("utf-8").split(";\n")}
    seen = {plain(statement) for statement in city.server.statements}
    own = {text for text in seen if not any(re.fullmatch(form, text) for form in (*OF_SQLALCHEMY, *OF_DRIVERS))}
    assert own - golden == set()
    figure(f"driver path: {len(own)} distinct statements of a night, all in the golden file")


def plain(statement: str) -> str:
    """A statement without layout, comments, names of parameters, and how many keys a list has."""
    text = re.sub(r"--[^\n]*", "", statement)
    text = re.sub(r"@P\d+|\?", "?", text)
    text = re.sub(
        r"IN \((?:(\?|CAST\(\? AS \w+(?:\(\d+\))?\)), )*(\?|CAST\(\? AS \w+(?:\(\d+\))?\))\)", r"IN (\2, \2)", text
    )
    return re.sub(r"\s+", " ", text).strip()
