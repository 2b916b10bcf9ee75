"""The ways in which SQL Server fails a refresh, each with an exit code of its own: part of the tree of models.errors.

SourceUnreachable
├── SourceLoginRefused   exit 30 SQL Server refuses the login
├── SourceTlsRefused     exit 31 the certificate of SQL Server is not trusted, or there is no TLS
├── SourceTooSlow        exit 32 one statement took longer than its limit
├── SourceDriverMissing  exit 33 no ODBC driver, or none that Python can load
├── SourceConnectionLost exit 34 the connection broke, again and again
├── SourceBusy           exit 35 deadlocks or lock time-outs, again and again
└── SourceDenied         exit 36 the login may not read a table

Raised by models.sqlserver; `SourceUnreachable` itself is a server that does not answer, or an unknown error.
"""

from __future__ import annotations

from models.errors import SourceUnreachable


class SourceLoginRefused(SourceUnreachable):
    code = "SourceLoginRefused"
    exit_code = 30
    default_hint = (
        "Check user, password and database in CRISIS_SOURCE_URL, or the token; docs/sqlserver.md makes a login."
    )


class SourceTlsRefused(SourceUnreachable):
    code = "SourceTlsRefused"
    exit_code = 31
    default_hint = (
        "Install the certificate's authority on this machine, or name it by ServerCertificate or HostNameInCertificate "
        "in CRISIS_SOURCE_URL; docs/sqlserver.md says how."
    )


class SourceTooSlow(SourceUnreachable):
    code = "SourceTooSlow"
    exit_code = 32
    default_hint = (
        "Ask the DBA for an index on the key that docs/sqlserver.md names, or raise CRISIS_SOURCE_STATEMENT_SECONDS."
    )


class SourceDriverMissing(SourceUnreachable):
    code = "SourceDriverMissing"
    exit_code = 33
    default_hint = (
        "Install crisis-metrics[sqlserver], unixODBC and Microsoft's ODBC Driver 18 as docs/sqlserver.md says; "
        "`odbcinst -q -d` lists the drivers, driver= in CRISIS_SOURCE_URL names one."
    )


class SourceConnectionLost(SourceUnreachable):
    code = "SourceConnectionLost"
    exit_code = 34
    default_hint = "It was asked again several times. Look at the network and at the server's log, then run it again."


class SourceBusy(SourceUnreachable):
    code = "SourceBusy"
    exit_code = 35
    default_hint = (
        "It was asked again several times. Run it at another hour, or ask the DBA to allow SNAPSHOT isolation or "
        "for a readable secondary (docs/sqlserver.md)."
    )


class SourceDenied(SourceUnreachable):
    code = "SourceDenied"
    exit_code = 36
    default_hint = (
        "Ask the DBA to run the script in docs/sqlserver.md: SELECT on the contract's tables is all it needs."
    )
