"""Everything that a snapshot is a function of, as one value, and the version that follows from it.

The same recipe gives the same rows; a change of history, settings, definitions or engine gives another version.
Pure, except that it reads the SQL files and modules that make the numbers. Called by jobs.refresh.steps.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import msgspec

from jobs.refresh.parameters import Parameters
from models.catalogue import CATALOGUE
from models.catalogue.types import View
from models.clock import iso

HERE = Path(__file__).parent
SQL = HERE / "sql"
ROOT = HERE.parents[1]
METHOD = (
    "jobs/refresh/anchors.py",
    "jobs/refresh/clean/**/*.py",
    "jobs/refresh/compute.py",
    "jobs/refresh/parameters.py",
    "jobs/refresh/sql/**/*.sql",
    "models/catalogue/**/*.py",
    "models/clock.py",
    "models/snapshot/rowtext.py",
    "models/statistics.py",
)
"""Files that make the numbers; a changed word in one of them is another version."""


@dataclass(frozen=True)
class Recipe:
    """`history` is the hash of the last night's file, which covers all nights before it by their chain."""

    parameters: Parameters
    history: str
    definitions: Mapping[str, str]
    method: str

    @property
    def version(self) -> str:
        """As-of to the second, then 12 hex digits over the whole recipe: `20260131T090000Z-0123456789ab`."""
        values = asdict(self) | {"as_of": iso(self.parameters.as_of)}
        digest = hashlib.sha256(msgspec.json.encode(values, order="deterministic")).hexdigest()
        return f"{self.parameters.as_of:%Y%m%dT%H%M%SZ}-{digest[:12]}"


def recipe(parameters: Parameters, history: str) -> Recipe:
    """The recipe with the definitions and the method in force."""
    return Recipe(parameters, history, definitions(), method())


@cache
def definitions() -> dict[str, str]:
    """Each published view's SHA-256 over its SQL text and declared columns."""
    return {view.name: _definition(view) for view in CATALOGUE.views.values() if not view.live}


def _definition(view: View) -> str:
    file = SQL / f"{view.name}.sql"
    sql = file.read_bytes() if file.is_file() else b""
    columns = [(column.name, column.edm, column.nullable, column.precision, column.scale) for column in view.columns]
    return hashlib.sha256(sql + msgspec.json.encode((columns, view.order))).hexdigest()


@cache
def method() -> str:
    """SHA-256 over the modules and SQL files that make the numbers, by name and content."""
    digest = hashlib.sha256()
    for path in sorted({path for pattern in METHOD for path in ROOT.glob(pattern)}):
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
