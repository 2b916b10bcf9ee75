"""What reading costs the client: the product's extract beside a bare `fetchmany(10000)`, CPU seconds and peak memory.

The small server runs as a process of its own, so that its work is not counted. Nothing here is a test: figures for the
table of `make sqlserver-check`. Run by itself with words, this module is one of those processes.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, Table

from jobs.source.contract import TABLES, ContractTable
from jobs.source.sqlserver.convert import Converter
from jobs.source.sqlserver.extract import extract
from jobs.source.sqlserver.offers import Offer, tables
from jobs.source.sqlserver.session import session
from models.sqlserver import Dialling
from tests.conftest import ROOT
from tests.helpers.tds_server import serving
from tests.sqlserver.drivers import found
from tests.sqlserver.places import compiling

MOST_CPU = 1.5
MOST_MEMORY = 300
WIDEST = max(TABLES, key=lambda table: len(table.columns))


def fill(file: Path, rows: int) -> None:
    """The widest contract table with so many rows."""
    dialect = compiling()
    columns = [(column.name, str(column.type.compile(dialect=dialect))) for column in WIDEST.source.columns]
    values = {
        "BIGINT": "i",
        "INTEGER": "i % 7",
        "FLOAT": "i / 8.0",
        "BIT": "i % 2",
        "DATETIME": "datetime('2024-01-01', '+' || i || ' minutes')",
    }
    chosen = ["i" if name == WIDEST.key else values.get(kind, "'word ' || (i % 97)") for name, kind in columns]
    with closing(sqlite3.connect(file)) as connection:
        connection.execute(f"CREATE TABLE big ({', '.join(f'{name} {kind}' for name, kind in columns)})")
        connection.execute(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            f"INSERT INTO big SELECT {', '.join(chosen)} FROM n",
            [rows],
        )
        connection.execute(f"CREATE UNIQUE INDEX big_key ON big ({WIDEST.key})")
        connection.commit()


def serve(file: str) -> None:
    """The server's process: says its port, ends with its standard input."""
    with serving(Path(file)) as server:
        print(server.port, flush=True)
        sys.stdin.read()


def bare(address: str) -> None:
    """What nobody can do with less: fetch and forget."""
    with session(address, Dialling()) as reader, closing(reader.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute(f"SELECT * FROM big ORDER BY {WIDEST.key}")
        while cursor.fetchmany(10_000):
            pass


def product(address: str) -> None:
    """The extract of one table into a Parquet file."""
    table = ContractTable("big", WIDEST.key, WIDEST.columns, "", Table("big", MetaData()))
    with session(address, Dialling()) as reader, tempfile.TemporaryDirectory() as folder:
        offer = Offer(table, "[big]", tables(reader)["big"], "UTC")
        extract(reader, offer, Converter(offer), Path(folder) / "big.parquet")


WAYS = {"nothing": lambda _address: None, "bare": bare, "product": product}


TIMES = 3
"""Each way is measured so often in turn, and the least CPU counts: what else the machine does only adds to it."""


def costs(address: str, environment: dict[str, str]) -> dict[str, dict[str, float]]:
    """The least CPU seconds and the greatest peak memory in MB of each way."""
    found = [{way: measured(way, address, environment) for way in WAYS} for _ in range(TIMES)]
    return {
        way: {"cpu": min(each[way]["cpu"] for each in found), "memory": max(each[way]["memory"] for each in found)}
        for way in WAYS
    }


def measured(way: str, address: str, environment: dict[str, str]) -> dict[str, float]:
    """CPU seconds and peak memory in MB of a process that reads in one way."""
    command = [sys.executable, "-m", "tests.sqlserver.bench", way, address]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def table(rows: int, environment: dict[str, str]) -> bool:
    """Print a line a driver; whether all keep both limits."""
    os.environ.update(environment)
    good = True
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "big.db"
        fill(file, rows)
        command = [sys.executable, "-m", "tests.sqlserver.bench", "serve", str(file)]
        with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            port = int(server.stdout.readline())  # type: ignore[union-attr]
            for name, driver in found().items():
                if driver is not None:
                    good = _line(name, driver.address(port), rows, environment) and good
            server.stdin.close()  # type: ignore[union-attr]
    return good


def _line(name: str, address: str, rows: int, environment: dict[str, str]) -> bool:
    cost = costs(address, environment)
    idle = cost["nothing"]["cpu"]
    ratio = (cost["product"]["cpu"] - idle) / (cost["bare"]["cpu"] - idle)
    memory = cost["product"]["memory"]
    print(
        f"{name}: {rows:,} rows x {len(WIDEST.columns)} columns; client CPU {cost['product']['cpu'] - idle:.1f} s, bare "
        f"fetchmany {cost['bare']['cpu'] - idle:.1f} s, ratio {ratio:.2f} (limit {MOST_CPU}); "
        f"peak memory {memory:.0f} MB (limit {MOST_MEMORY})"
    )
    return ratio <= MOST_CPU and memory < MOST_MEMORY


def main(words: list[str]) -> None:
    """One process of a measurement."""
    if words[0] == "serve":
        serve(words[1])
        return
    import_module("pyodbc")
    WAYS[words[0]](words[1])
    used: Any = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}))


if __name__ == "__main__":
    main(sys.argv[1:])
