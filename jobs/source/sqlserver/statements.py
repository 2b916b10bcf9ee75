"""Every statement that is sent to SQL Server, as text. Pure; tests keep them all in one golden file.

Names stand in brackets, values are bound, each query has a total order or gives one row. Called by session, offers,
extract and orphans.
"""

from __future__ import annotations

from collections.abc import Sequence

SESSION = ("SET LOCK_TIMEOUT 5000", "SET DEADLOCK_PRIORITY LOW")
"""First in every session: wait for a lock five seconds at most, and lose every deadlock rather than win it."""
SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"
READ_COMMITTED = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
MODE = (
    "SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS NVARCHAR(60)) AS updateability, "
    "snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()"
)
"""Whether this is a read-only copy, and whether SNAPSHOT transactions are allowed (1)."""
COLUMNS = (
    "SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE "
    "FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = SCHEMA_NAME() ORDER BY TABLE_NAME, ORDINAL_POSITION"
)
"""Tables and views in the login's default schema that it may see."""
DESCRIBE = (
    "SELECT name, system_type_name, error_number FROM sys.dm_exec_describe_first_result_set(?, NULL, 0) "
    "ORDER BY column_ordinal"
)
"""Names and types of the columns of a SELECT file, which is not run for it."""
MARKER = "SELECT TOP (1) [synthetic], [city], [zone], [attribution] FROM [crisis_marker] ORDER BY [marker]"
OLDEST_ACTIVE = "SELECT MIN_ACTIVE_ROWVERSION() AS oldest"
"""The first rowversion that an open transaction may still bring; what is older is committed."""
BOUND_TYPES = ("varchar", "char", "uniqueidentifier")
"""Key types that a bound text is cast to: it travels as NVARCHAR, and the column itself would be converted instead."""


def bracketed(name: str) -> str:
    """A name as T-SQL quotes it."""
    return "[" + name.replace("]", "]]") + "]"


def derived(select: str, table: str) -> str:
    """A SELECT file as what stands behind FROM."""
    return f"(\n{select}\n) AS {bracketed(table)}"


def chunk(
    source: str, columns: Sequence[str], key: str, key_type: str, count: int, *, first: bool, condition: str = ""
) -> str:
    """The next rows in key order, from the last key on: that row comes again and proves that keys are unique."""
    wanted = [condition] if condition else []
    wanted += [] if first else [f"{bracketed(key)} >= {_bound(key_type)}"]
    where = f" WHERE {' AND '.join(wanted)}" if wanted else ""
    return f"SELECT TOP ({count}) {_list(columns)} FROM {source}{where} ORDER BY {bracketed(key)}"


def since(column: str) -> str:
    """The condition for what changed: by rowversion, or by a clock."""
    return f"{bracketed(column)} >= ?"


def since_offset(column: str) -> str:
    """The same for a clock with an offset: as text, since drivers drop the offset of a bound value."""
    return f"{bracketed(column)} >= CAST(? AS datetimeoffset)"


def by_key(source: str, columns: Sequence[str], key: str, key_type: str, count: int) -> str:
    """The rows with some keys."""
    wanted = ", ".join([_bound(key_type)] * count)
    return f"SELECT {_list(columns)} FROM {source} WHERE {bracketed(key)} IN ({wanted}) ORDER BY {bracketed(key)}"


def _list(columns: Sequence[str]) -> str:
    return ", ".join(map(bracketed, columns))


def _bound(key_type: str) -> str:
    return f"CAST(? AS {key_type})" if key_type.partition("(")[0] in BOUND_TYPES else "?"
