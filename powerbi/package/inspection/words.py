"""The words of an inspection: frozen values between the readers of a project, the rules and whoever shows findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What is wrong, in one word for scripts."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    REFERENCE = "reference"
    AUDIENCE = "audience"
    SOURCE = "source"
    ADDRESS = "address"
    DATES = "dates"
    ACCESSIBILITY = "accessibility"
    TEMPLATE = "template"
    STALE = "stale"


NEXT_STEPS = {
    Kind.UNREADABLE: "Take the file from `crisis powerbi build` again.",
    Kind.MISSING: "Take the file from `crisis powerbi build` again.",
    Kind.REFERENCE: "Correct the name, or take out what uses it.",
    Kind.AUDIENCE: "Take the table out: the role that refreshes this model must not read it.",
    Kind.SOURCE: "Correct the M of the table, in Transform data > Advanced editor.",
    Kind.ADDRESS: "Run `crisis powerbi build --api-base-url https://...` with the address of your service.",
    Kind.DATES: "Mark the table Dates as date table with the column OperationalDate.",
    Kind.ACCESSIBILITY: "Change the format of the visual or the theme until everyone can read it.",
    Kind.TEMPLATE: "Run `crisis powerbi build` again; Desktop makes a new .pbit with File > Export.",
    Kind.STALE: "Run `crisis powerbi build` again, or pass --edited when the change is meant.",
}


@dataclass(frozen=True)
class Finding:
    """One fault. `place` names the table, measure, page or visual that would break."""

    kind: Kind
    file: str
    place: str
    message: str

    @property
    def next_step(self) -> str:
        """What to do about it."""
        return NEXT_STEPS[self.kind]


@dataclass(frozen=True)
class Examination:
    """All findings, and how much was looked at to find them."""

    findings: tuple[Finding, ...]
    figures: Mapping[str, int]
    address: str | None = None
    """Of the service that the model asks, where it is one."""


@dataclass
class Node:
    """One object of a TMDL file, as read: properties are texts, a bare word is the text `true`."""

    kind: str
    name: str
    line: int
    expression: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    children: list[Node] = field(default_factory=list)

    def of(self, kind: str) -> list[Node]:
        """The children of one kind."""
        return [child for child in self.children if child.kind == kind]


@dataclass(frozen=True)
class Field:
    """A column, measure or level that a file of the report asks for, and where."""

    file: str
    place: str
    kind: str
    table: str
    name: str
    level: str = ""

    @property
    def spelled(self) -> str:
        """As a reader would write it."""
        return f"{self.table}[{self.name}]" + (f" level {self.level}" if self.level else "")
