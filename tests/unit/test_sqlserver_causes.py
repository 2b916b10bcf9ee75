"""What an error of an ODBC driver means, told by SQLSTATE, number and words; and the address that is completed. No driver."""

from __future__ import annotations

import sys

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from models.database import engine
from models.errors import ConfigurationError
from models.source_errors import SourceDriverMissing
from models.sqlserver import APPLICATION, DRIVER, Dialling, cause_of, completed, told

TEXTS = """
state | text of the driver                                                                                    | error                | again
40001 | [40001] [M][D][SQL Server]chosen as the deadlock victim. (1205) (SQLExecDirectW)                      | SourceBusy           | yes
42000 | [42000] [M][D][SQL Server]Lock request time out period exceeded. (1222) (SQLExecDirectW)              | SourceBusy           | yes
HY000 | [HY000] [M][D][SQL Server]Database is not currently available. (40613) (SQLDriverConnect)             | SourceBusy           | yes
08S01 | [08S01] [M][D]TCP Provider: Error code 0x68 (104) (SQLExecDirectW); Communication link failure         | SourceConnectionLost | yes
08S01 | [08S01] [FreeTDS][SQL Server]Read from the server failed (20004) (SQLFetch)                           | SourceConnectionLost | yes
HYT00 | [HYT00] [M][D]Login timeout expired (0) (SQLDriverConnect)                                            | SourceUnreachable    | yes
HYT00 | [HYT00] [M][D]Query timeout expired (0) (SQLExecDirectW)                                              | SourceTooSlow        | no
HYT00 | [HYT00] [FreeTDS][SQL Server]Timeout expired (0) (SQLExecDirectW)                                     | SourceTooSlow        | no
08001 | [08001] [M][D]SSL Provider: [error:0A000086:SSL routines::certificate verify failed] (-1) (SQLDriverConnect) | SourceTlsRefused | no
08001 | [08001] [M][D]Encryption not supported on SQL Server. (20) (SQLDriverConnect)                         | SourceTlsRefused     | no
08001 | [08001] [FreeTDS][SQL Server]Unable to connect to data source (0) (SQLDriverConnect)                  | SourceUnreachable    | yes
28000 | [28000] [M][D][SQL Server]Login failed for user 'x'. (18456) (SQLDriverConnect)                       | SourceLoginRefused   | no
42000 | [42000] [M][D][SQL Server]Cannot open database "y" requested by the login. (4060) (SQLDriverConnect)  | SourceLoginRefused   | no
42000 | [42000] [M][D][SQL Server]The SELECT permission was denied on the object 'call'. (229) (SQLExecDirectW) | SourceDenied       | no
23000 | [23000] [M][D][SQL Server]Violation of PRIMARY KEY constraint. (2627) (SQLExecDirectW)                | SourceUnreachable    | no
01000 | [01000] [unixODBC][Driver Manager]Can't open lib 'x' : file not found (0) (SQLDriverConnect)          | SourceDriverMissing  | no
IM002 | [IM002] [unixODBC][Driver Manager]Data source name not found (0) (SQLDriverConnect)                   | SourceDriverMissing  | no
FA005 | [FA005] [M][D]Cannot use Access Token with User or Password (0) (SQLDriverConnect)                    | SourceLoginRefused   | no
"""


def cases() -> list[list[str]]:
    """The table as rows."""
    return [[cell.strip() for cell in line.split(" | ")] for line in TEXTS.strip().splitlines()[1:]]


@pytest.mark.parametrize(("state", "text", "error", "again"), cases())
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_cause_of_an_error(*, state: str, text: str, error: str, again: str, wrapped: bool) -> None:
    raised: Exception = Exception(state, text)
    if wrapped:
        raised = DBAPIError("SELECT 1", None, raised)
    found = cause_of(raised)
    assert (found.error.__name__, found.again) == (error, again == "yes")
    assert found.error("x").exit_code != 1


def test_what_is_told_has_state_and_number_and_no_text_of_the_driver() -> None:
    raised = Exception("28000", "[28000] [M][D][SQL Server]Login failed for user 'secret'. (18456) (SQLDriverConnect)")
    made = told(raised, "mssql+pyodbc://u:***@s/d")
    assert made.message == "the crisis database at mssql+pyodbc://u:***@s/d refuses the login (SQLSTATE 28000, 18456)"


@pytest.mark.parametrize(
    ("given", "read_only", "made"),
    [
        ("", True, {"driver": DRIVER, "APP": APPLICATION, "ApplicationIntent": "ReadOnly"}),
        ("", False, {"driver": DRIVER, "APP": APPLICATION}),
        ("?driver=FreeTDS&app=mine", True, {"driver": "FreeTDS", "app": "mine", "ApplicationIntent": "ReadOnly"}),
        ("?odbc_connect=DSN%3Dx", True, {"odbc_connect": "DSN=x"}),
    ],
)
def test_an_address_gets_what_it_does_not_say(given: str, read_only: bool, made: dict[str, str]) -> None:
    assert dict(completed(make_url(f"mssql+pyodbc://u:p@s/d{given}"), read_only=read_only).query) == made


def test_without_a_driver_for_python_the_next_step_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyodbc", None)
    with pytest.raises(SourceDriverMissing) as caught:
        engine("mssql+pyodbc://u:p@s/d", read_only=True)
    assert caught.value.exit_code == 33
    assert "docs/sqlserver.md" in caught.value.hint


def test_a_password_beside_a_token_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="has a user name"):
        engine("mssql+pyodbc://u:p@s/d", read_only=True, how=Dialling(token=lambda: "t"))


def test_a_driver_that_loses_rows_without_a_word_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="mssqlpython is refused") as caught:
        engine("mssql+mssqlpython://reader:secret@server/CrisisDb")
    assert "mssql+pyodbc" in (caught.value.hint or "")
    assert "secret" not in caught.value.message
