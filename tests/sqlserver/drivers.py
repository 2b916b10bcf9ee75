"""Which ODBC drivers are at hand, and the address that leads through one of them to a server.

FreeTDS is asked of unixODBC; Microsoft's driver too, or as a file: CRISIS_TEST_ODBC_DRIVER names one that is not
registered. Used by the fixtures of this folder.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.engine import make_url

from tests.helpers.tds_server import PASSWORD

MICROSOFT = "ODBC Driver 18 for SQL Server"


def own_file() -> str | None:
    """A driver that unixODBC does not know."""
    return os.environ.get("CRISIS_TEST_ODBC_DRIVER")


def real_server() -> str | None:
    """The address of a real SQL Server with an empty database, where one is given: all that needs no fault runs there."""
    given = os.environ.get("CRISIS_TEST_MSSQL")
    own = own_file()
    if given and own and "driver" not in given:
        return make_url(given).update_query_dict({"driver": own}).render_as_string(hide_password=False)
    return given


REAL = real_server()


@dataclass(frozen=True)
class Driver:
    """One ODBC driver as a test names it, and the words that it needs for the test server."""

    name: str
    odbc_name: str
    words: tuple[tuple[str, str], ...]
    port_apart: bool = False

    def address(self, port: int, **words: str) -> str:
        """The address of a server on the loopback address."""
        query = {"driver": self.odbc_name, **dict(self.words), **words}
        url = URL.create("mssql+pyodbc", "reader", PASSWORD, "127.0.0.1", port, "crisis", query)
        return url.render_as_string(hide_password=False)


def registered() -> tuple[str, ...]:
    """The drivers that unixODBC knows; none where pyodbc cannot be loaded."""
    try:
        return tuple(import_module("pyodbc").drivers())
    except ImportError:
        return ()


def found() -> dict[str, Driver | None]:
    """Every driver that these tests are for; None for one that is not here."""
    known = registered()
    own = own_file()
    microsoft = MICROSOFT if MICROSOFT in known else own if own and Path(own).is_file() else None
    return {
        "FreeTDS": Driver("FreeTDS", "FreeTDS", (("TDS_Version", "7.4"),)) if "FreeTDS" in known else None,
        "Microsoft": Driver("Microsoft", microsoft, (("Encrypt", "no"),)) if microsoft and known else None,
    }
