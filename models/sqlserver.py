"""An engine for SQL Server through ODBC, and what its errors mean: by SQLSTATE and number, never by exception class.

With `models.database` the only module that may lead to an ODBC driver, and only when an address asks for one. Sends
nothing itself: time-outs, read-only intent and sign-in are set on each new connection. Called by models.database
(every engine for SQL Server) and jobs.source.sqlserver (what an error means, and whether to ask again).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from models.errors import ConfigurationError, JobError, SourceUnreachable
from models.source_errors import (
    SourceBusy,
    SourceConnectionLost,
    SourceDenied,
    SourceDriverMissing,
    SourceLoginRefused,
    SourceTlsRefused,
    SourceTooSlow,
)

DRIVER = "ODBC Driver 18 for SQL Server"
"""Used where an address names no driver."""
APPLICATION = "crisis-metrics"
"""What the database's administrator sees as the program of our sessions."""
ACCESS_TOKEN = 1256
"""SQL_COPT_SS_ACCESS_TOKEN: the attribute in which Microsoft's driver takes an access token."""
IDLE_SECONDS = 1_500
"""A pooled connection older than this is made anew: firewalls drop idle ones after half an hour."""


@dataclass(frozen=True)
class Dialling:
    """How to connect. `token` gives a fresh Entra access token for each new connection."""

    login_seconds: int = 15
    statement_seconds: int = 300
    token: Callable[[], str] | None = None


def sqlserver_engine(url: URL, how: Dialling, *, read_only: bool) -> Engine:
    """An engine for `mssql+pyodbc`. A read-only one says so to the server and pools nothing.

    Raises SourceDriverMissing when Python's driver or unixODBC is not there, ConfigurationError for `mssql+mssqlpython`
    and for a password beside a token.
    """
    if url.get_driver_name() == "mssqlpython":
        raise ConfigurationError(
            "mssql+mssqlpython is refused: where the connection is lost amid a result, mssql-python ends the rows "
            "without an error, and figures would lack them (seen with 1.16)",
            hint="Write the address as mssql+pyodbc://...?driver=ODBC+Driver+18+for+SQL+Server.",
        )
    if how.token is not None and url.username:
        raise ConfigurationError(
            "the address of the crisis database has a user name, and a token is to be used",
            hint="Leave user and password out of CRISIS_SOURCE_URL, or unset CRISIS_SOURCE_TOKEN_FILE.",
        )
    options: dict[str, Any] = {"poolclass": NullPool}
    if not read_only:
        options = {"pool_pre_ping": True, "pool_recycle": IDLE_SECONDS}
    try:
        made = create_engine(
            completed(url, read_only=read_only), connect_args={"timeout": how.login_seconds}, **options
        )
    except ImportError as error:
        raise SourceDriverMissing(f"Python's driver for SQL Server cannot be loaded: {error}") from error
    driver: Any = made.dialect.loaded_dbapi
    if hasattr(driver, "pooling"):
        driver.pooling = False  # SQLAlchemy pools; ODBC's own pool would hand out sessions with foreign settings
    _listen(made, how)
    return made


def completed(url: URL, *, read_only: bool) -> URL:
    """The address with what it does not say: driver, program name, read-only intent."""
    if "odbc_connect" in url.query:
        return url
    wanted: dict[str, str] = {}
    if url.get_driver_name() == "pyodbc":
        wanted = {"driver": DRIVER, "APP": APPLICATION}
    if read_only:
        wanted["ApplicationIntent"] = "ReadOnly"
    given = {name.lower() for name in url.query}
    return url.update_query_dict({name: value for name, value in wanted.items() if name.lower() not in given})


def _listen(made: Engine, how: Dialling) -> None:
    """What is done with every new connection, and what a time-out does not do."""

    @event.listens_for(made, "do_connect")
    def sign_in(_dialect: Any, _record: Any, words: list[Any], options: dict[str, Any]) -> None:
        if how.token is not None:
            token = how.token().encode("utf-16-le")
            words[0] = re.sub(r";?Trusted_Connection=Yes", "", words[0], flags=re.IGNORECASE)
            options["attrs_before"] = {ACCESS_TOKEN: struct.pack("<I", len(token)) + token}

    @event.listens_for(made, "connect")
    def limit(connection: Any, _record: Any) -> None:
        connection.timeout = how.statement_seconds

    @event.listens_for(made, "handle_error")
    def keep_connections(context: Any) -> None:
        # SQLAlchemy takes HYT00 for a lost connection and would throw the whole pool away after one slow query
        if context.execution_context is not None and state_of(context.original_exception) == "HYT00":
            context.is_disconnect = False


@dataclass(frozen=True)
class Cause:
    """Why the source failed. `again` says whether a read may be asked again over a new connection."""

    error: type[SourceUnreachable]
    says: str
    again: bool = False


REFUSED = Cause(SourceLoginRefused, "refuses the login")
DENIED = Cause(SourceDenied, "does not let this login read")
BUSY = Cause(SourceBusy, "is busy: others hold what is to be read", again=True)
LOST = Cause(SourceConnectionLost, "closed the connection", again=True)
SILENT = Cause(SourceUnreachable, "does not answer", again=True)
SLOW = Cause(SourceTooSlow, "took longer than CRISIS_SOURCE_STATEMENT_SECONDS for one statement")
UNSAFE = Cause(SourceTlsRefused, "cannot be reached over an encrypted connection that can be trusted")
NO_DRIVER = Cause(SourceDriverMissing, "needs an ODBC driver that is not installed")
UNKNOWN = Cause(SourceUnreachable, "answers with an error that is not known here")

BY_NUMBER: Mapping[int, Cause] = {
    **dict.fromkeys((18456, 18452, 18470, 18486, 18487, 18488, 4060, 4064), REFUSED),
    **dict.fromkeys((229, 230, 262, 297, 300, 916), DENIED),
    **dict.fromkeys((1205, 1222, 3960, 41301, 41302, 41305, 41325, 41839), BUSY),
    **dict.fromkeys((40197, 40501, 40613, 49918, 49919, 49920, 10928, 10929), BUSY),
    **dict.fromkeys((233, 64, 121, 10053, 10054, 10060, 20004, 20006, 20017, 20047), LOST),
    20009: SILENT,
    20003: SLOW,
}
"""SQL Server's and Azure's numbers, and FreeTDS's own from 20000 on."""
BY_STATE: Mapping[str, Cause] = {
    "HYT00": SLOW,
    "28000": REFUSED,
    "40001": BUSY,
    "08S01": LOST,
    "08003": LOST,
    "08007": LOST,
    "08001": SILENT,
    "HYT01": SILENT,
    "IM002": NO_DRIVER,
    "IM003": NO_DRIVER,
    "FA005": REFUSED,
}
BY_WORDS: tuple[tuple[str, Cause], ...] = (
    (r"Can't open lib|Data source name not found", NO_DRIVER),
    (r"certificate|SSL Provider|TLS|SSL routines|[Ee]ncryption (?:is )?(?:not supported|required)", UNSAFE),
    (r"Login timeout expired|\[HYT00\].*\(SQLDriverConnect\)", SILENT),
    (r"Serialization failure", BUSY),
    (r"Communication link failure|Connection (?:is )?dead|unexpected EOF|TCP Provider", LOST),
    (r"Invalid authorization specification|Login failed", REFUSED),
)
"""What only the text tells: TLS, the driver manager, and drivers that give no number."""
NUMBER = re.compile(r"\((\d+)\) \(SQL")


def state_of(error: BaseException | None) -> str:
    """The SQLSTATE of a driver's error, or nothing."""
    args = getattr(error, "args", ())
    return str(args[0]) if args else ""


def cause_of(error: BaseException) -> Cause:
    """What an error of the driver or of SQLAlchemy around it means: by number, then text, then SQLSTATE."""
    original = error.orig if isinstance(error, DBAPIError) else error
    text = " ".join(str(part) for part in getattr(original, "args", ()))
    for number in NUMBER.findall(text):
        if int(number) in BY_NUMBER:
            return BY_NUMBER[int(number)]
    for words, cause in BY_WORDS:
        if re.search(words, text):
            return cause
    return BY_STATE.get(state_of(original), UNKNOWN)


def told(error: BaseException, shown: str) -> JobError:
    """The error of ours for an error of the driver; `shown` is the address without its password."""
    cause = cause_of(error)
    state = state_of(error.orig if isinstance(error, DBAPIError) else error)
    numbers = " ".join(NUMBER.findall(str(error)))
    detail = ", ".join(part for part in (f"SQLSTATE {state}" if len(state) == 5 else "", numbers) if part)
    return cause.error(f"the crisis database at {shown} {cause.says}" + (f" ({detail})" if detail else ""))
