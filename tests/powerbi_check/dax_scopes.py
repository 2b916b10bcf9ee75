"""Who looks: without a role, at areas, at teams, at both, at everything, a stranger; their rows by the rule, in SQL.

The rule is the service's own row scope: area rows restrict areas, team rows restrict teams, `all` restricts nothing; a
view without the column is either open or closed to whoever is restricted so, and a stranger sees no figure at all.
Called by dax and dax_truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from models.catalogue import CATALOGUE
from models.catalogue.types import Scope, View
from tests.conformance.bench import Truth


@dataclass(frozen=True)
class Person:
    """A reader. `user` is the sign-in name as typed at the desk; None is a model read without any role."""

    name: str
    user: str | None
    areas: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    everything: bool = False
    earlier: int = 0
    """So many days earlier: the calendar tells of another yesterday, so that what is said of it is seen of several."""

    @property
    def stranger(self) -> bool:
        """Not among the members."""
        return not (self.areas or self.teams or self.everything or self.user is None)

    def members(self) -> list[dict[str, Any]]:
        """The rows of ScopeMembers that make the scope; the case of the name differs on purpose."""
        pairs = [("area", area) for area in self.areas] + [("team", team) for team in self.teams]
        pairs += [("all", "*")] * self.everything
        name = (self.user or "").lower()
        return [{"UserPrincipalName": name, "ScopeKindCode": kind, "ScopeValue": value} for kind, value in pairs]


def people(truth: Truth) -> tuple[Person, ...]:
    """One for each kind of scope, wide enough to see something: a third of the areas, two teams."""
    areas = tuple(
        area
        for (area,) in truth.tuples('SELECT "AreaId" FROM "DailyCalls" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 50')
    )
    teams = tuple(
        team
        for (team,) in truth.tuples(
            'SELECT "TeamCode" FROM "DailyResponses" GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 2'
        )
    )
    return (
        Person("no role", None),
        Person("no role, days earlier", None, earlier=_busy_yesterday(truth) - 1),
        Person("area and team", "Both@Example.org", areas, teams),
        Person("area", "Area@Example.org", areas),
        Person("team", "Team@Example.org", (), teams),
        Person("all", "All@Example.org", everything=True),
        Person("stranger", "Stranger@Example.org"),
    )


def _busy_yesterday(truth: Truth) -> int:
    """How long ago the last day was on which every metric has a figure, a month before as-of or more."""
    counted = {
        "DailyCalls": "From911Count", "DailyFollowUps": "DueCount", "DailyIncidents": "AssessmentDueCount",
        "DailyRequests": "DueCount", "DailyOutcomes": "ArrivedCount", "DataQuality": "CheckedCount",
    }  # fmt: skip
    days = " INTERSECT ".join(
        f'SELECT "OperationalDate" FROM "{view}" WHERE "{column}" > 0' for view, column in counted.items()
    )
    sql = f'SELECT min("DaysBeforeAsOf") FROM "Dates" WHERE "DaysBeforeAsOf" > 30 AND "OperationalDate" IN ({days})'
    return int(truth.one(sql))


def rows_of(view: View, person: Person) -> str:
    """The condition under which a person sees a row of a view."""
    if person.user is None or person.everything:
        return "true"
    if view.group in ("dimensions", "trust"):
        return _dimension(view, person)
    if person.stranger:
        return "false"
    conditions = []
    for allowed, column in ((person.areas, view.area), (person.teams, view.team)):
        if allowed and column:
            conditions.append(_among(column, allowed))
        elif allowed and view.scope is Scope.CLOSED:
            return "false"
    return " AND ".join(conditions) or "true"


def _dimension(view: View, person: Person) -> str:
    """Areas and teams are cut to what a person may see; everything else is reference or trust."""
    allowed, column = {"Areas": (person.areas, "AreaId"), "Teams": (person.teams, "TeamCode")}.get(view.name, ((), ""))
    if not column or (not allowed and not person.stranger):
        return "true"
    return _among(column, allowed) if allowed else "false"


def _among(column: str, allowed: tuple[str, ...]) -> str:
    values = ", ".join(f"'{value}'" for value in allowed)
    return f'"{column}" IN ({values})'


def schema(person: Person) -> str:
    """Where a person's rows lie."""
    return f'"{person.name}"'


def spread(con: duckdb.DuckDBPyConnection, truth: Truth, readers: tuple[Person, ...]) -> None:
    """Each person's rows of each view, as tables of their own schema."""
    con.execute("SET threads = 1")
    con.execute(f"ATTACH '{truth.database}' AS snapshot (READ_ONLY)")
    for person in readers:
        con.execute(f"CREATE SCHEMA {schema(person)}")
        for view in CATALOGUE.views.values():
            if view.live or view.name == "ScopeMembers":
                continue
            con.execute(
                f'CREATE TABLE {schema(person)}."{view.name}" AS '
                f'SELECT * FROM snapshot."{view.name}" WHERE {rows_of(view, person)}'
            )
        con.execute(f'UPDATE {schema(person)}."Dates" SET "DaysBeforeAsOf" = "DaysBeforeAsOf" - {person.earlier}')
