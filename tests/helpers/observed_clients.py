"""What foreign clients were seen to send, in our words: a table, judged by tests/contract/test_observed_clients.py.

The requests were recorded against a throw-away service whose only view was Incidents(ID, Day, Name, Score, At). Ours has
a view of that name; `WORDS` says which of its columns stand for theirs, `Observed.words` which values. Addresses are kept
as they were encoded, header fields word for word; a key of ours is added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

Row = dict[str, Any]
Rows = list[Row]

WORDS = (
    ("Score", "AssessmentMs"),
    ("Name", "IncidentNumber"),
    ("Day", "OperationalDate"),
    ("ID", "IncidentId"),
    ("At%20", "ReportedAt%20"),
)
"""Their column -> ours: a nullable number, a searchable text, a day, the key, an instant."""


@dataclass(frozen=True)
class Observed:
    """One request, the `place`-th of the file. `rows` makes the expected rows of the whole feed, in order.

    `total` expects @odata.count; `status` and `says` are for what is refused; `answers` is the kind of answer; `view` whose feed it is about.
    """

    place: int
    url: str
    words: tuple[tuple[str, str], ...] = ()
    rows: Callable[[Rows], Rows] = lambda rows: rows
    total: Callable[[Rows], int] | None = None
    status: int = 200
    says: str = ""
    answers: str = "rows"
    view: str = "Incidents"

    @property
    def ours(self) -> str:
        """The address in our words."""
        address = self.url
        for theirs, ours in (*self.words, *WORDS):
            address = address.replace(theirs, ours)
        return address


def grouped(rows: Rows, by: tuple[str, ...], **sums: tuple[str, str]) -> Rows:
    """Groups in ascending order, nulls first; `sums` are alias -> (method, column)."""
    groups: dict[tuple[Any, ...], Rows] = defaultdict(list)
    for row in rows:
        groups[tuple(row[name] for name in by)].append(row)
    ordered = sorted(groups, key=lambda group: [(value is not None, value) for value in group])
    return [
        dict(zip(by, group, strict=True))
        | {alias: method(how, groups[group], column) for alias, (how, column) in sums.items()}
        for group in ordered
    ]


def method(how: str, rows: Rows, column: str) -> Any:
    """An aggregation method; nulls take no part."""
    values = [row[column] for row in rows if row[column] is not None]
    if how == "countdistinct":
        return len(set(values))
    if how == "average":
        exact = Context(prec=60, rounding=ROUND_HALF_UP)
        mean = exact.divide(Decimal(sum(values)), Decimal(len(values) or 1))
        return exact.quantize(mean, Decimal(10) ** -12) if values else None
    made = {"sum": sum, "min": min, "max": max}[how]
    return made(values) if values else None


SUM = ("sum", "AssessmentMs")


def by_day(rows: Rows) -> Rows:
    """The sum of each day."""
    return grouped(rows, ("OperationalDate",), AssessmentMs=SUM)


def first(rows: Iterable[Row], number: int) -> Rows:
    """The first few."""
    return list(rows)[:number]


def newest(keeps: Callable[[Row], bool]) -> Callable[[Rows], Rows]:
    """Three rows that are kept, newest first, key and number alone."""

    def made(rows: Rows) -> Rows:
        kept = sorted((row for row in rows if keeps(row)), key=lambda row: row["IncidentId"])
        kept.sort(key=lambda row: row["ReportedAt"], reverse=True)
        return [{name: row[name] for name in ("IncidentId", "IncidentNumber")} for row in kept[:3]]

    return made


def listed(place: int, condition: str, keeps: Callable[[Row], bool], *words: tuple[str, str]) -> Observed:
    """OpenUI5's lists: the same but for the condition."""
    url = f"/Incidents?$select=ID,Name&$orderby=At%20desc,ID&$filter={condition}&$skip=0&$top=3"
    return Observed(place, url, words, newest(keeps))


def paged(place: int, skip: int) -> Observed:
    """sqlalchemy-odata's pages, of six rows here."""
    ours = skip // 500 * 6
    words = ((f"skip={skip}", f"skip={ours}"), ("top=500", "top=6"))
    return Observed(place, f"/Incidents?%24top=500&%24skip={skip}", words, lambda rows: rows[ours : ours + 6])


def with_null_low(value: Any) -> tuple[bool, Any]:
    """Sort key: null before everything."""
    return (value is not None, value)


def text(row: Row) -> str:
    """The searchable text; no row of the test has null there that a condition would keep."""
    return str(row["IncidentNumber"] or "")


GROUPS = "/Incidents?$count=true&$apply="
DAILY = "groupby((Day),aggregate(Score%20with%20sum%20as%20Score))"


def statistics(rows: Rows) -> Rows:
    """Mean, greatest and least by number."""
    return grouped(
        rows,
        ("IncidentNumber",),
        AvgAssessmentMs=("average", "AssessmentMs"),
        MaxAssessmentMs=("max", "AssessmentMs"),
        MinAssessmentMs=("min", "AssessmentMs"),
    )


def distinct(rows: Rows) -> Rows:
    """Different numbers by day."""
    return grouped(rows, ("OperationalDate",), IncidentNumbers=("countdistinct", "IncidentNumber"))


def in_span(rows: Rows) -> Rows:
    """By day, of what was reported late or early."""
    return by_day([row for row in rows if row["ReportedAt"] >= "2026-01-10" or row["ReportedAt"] < "2025-12-20"])


def above(rows: Rows) -> Rows:
    """Days whose sum is large."""
    return [row for row in by_day(rows) if row["AssessmentMs"] is not None and row["AssessmentMs"] > 100_000]


def found(rows: Rows) -> Rows:
    """By day, of what the word finds."""
    return by_day([row for row in rows if "plain" in text(row).lower()])


def totals(rows: Rows) -> Rows:
    """The grand total, how many days, four of them."""
    days = by_day(rows)
    return [{"AssessmentMs": method(*SUM[:1], rows, SUM[1])}, {"UI5__count": len(days)}, *days[:4]]


def levels(rows: Rows) -> Rows:
    """How many leaves, how many days, five of them."""
    days = by_day(rows)
    return [
        {"UI5__leaves": len(grouped(rows, ("OperationalDate", "IncidentNumber")))},
        {"UI5__count": len(days)},
        *days[:5],
    ]


OBSERVED = (
    Observed(0, "/$metadata", answers="metadata"),
    Observed(  # their model declared Score as a custom aggregate; here the additive columns of daily facts are
        1,
        f"{GROUPS}groupby((Day),aggregate(Score))&$skip=0&$top=5",
        (("/Incidents", "/DailyIncidents"), ("Score", "IncidentCount")),
        rows=lambda rows: grouped(rows, ("OperationalDate",), IncidentCount=("sum", "IncidentCount"))[:5],
        total=lambda rows: len(grouped(rows, ("OperationalDate",))),
        view="DailyIncidents",
    ),
    Observed(
        2,
        f"{GROUPS}groupby((Name),aggregate(Score%20with%20average%20as%20AvgScore,Score%20with%20max%20as%20MaxScore,"
        "Score%20with%20min%20as%20MinScore))&$orderby=Name&$skip=0&$top=5",
        rows=lambda rows: statistics(rows)[:5],
        total=lambda rows: len(statistics(rows)),
    ),
    Observed(
        3,
        f"{GROUPS}groupby((Day),aggregate(Name%20with%20countdistinct%20as%20Names))&$skip=0&$top=5",
        rows=lambda rows: distinct(rows)[:5],
        total=lambda rows: len(distinct(rows)),
    ),
    Observed(
        4,
        f"/Incidents?$apply=concat(aggregate(Score%20with%20sum%20as%20Score),{DAILY}"
        "/concat(aggregate($count%20as%20UI5__count),top(4)))",
        rows=totals,
    ),
    Observed(
        5,
        "/Incidents?$apply=concat(groupby((Day,Name))/aggregate($count%20as%20UI5__leaves),"
        f"{DAILY}/concat(aggregate($count%20as%20UI5__count),top(5)))",
        rows=levels,
    ),
    Observed(
        6,
        f"{GROUPS}filter(At%20ge%202025-02-01T00:00:00Z%20or%20At%20lt%202025-03-01T00:00:00Z)/{DAILY}&$skip=0&$top=5",
        (("2025-02-01", "2026-01-10"), ("2025-03-01", "2025-12-20")),
        lambda rows: in_span(rows)[:5],
        lambda rows: len(in_span(rows)),
    ),
    Observed(
        7,
        f"{GROUPS}{DAILY}&$filter=Score%20gt%2010&$skip=0&$top=5",
        (("gt%2010", "gt%20100000"),),
        lambda rows: above(rows)[:5],
        lambda rows: len(above(rows)),
    ),
    Observed(
        8,
        f"{GROUPS}search(n1)/{DAILY}&$skip=0&$top=5",
        (("n1", "plain"),),
        lambda rows: found(rows)[:5],
        lambda rows: len(found(rows)),
    ),
    listed(9, "contains(Name,%27n1%27)", lambda row: "ai" in text(row), ("n1", "ai")),
    listed(10, "startswith(Name,%27n1%27)", lambda row: text(row).startswith("pl"), ("n1", "pl")),
    listed(11, "endswith(Name,%279%27)", lambda row: text(row).endswith("n"), ("%279", "%27n")),
    listed(12, "not%20contains(Name,%27x%27)", lambda row: "a" not in text(row), ("%27x", "%27a")),
    listed(
        13,
        "Day%20ge%202025-01-01%20and%20Day%20le%202025-01-31",
        lambda row: "2025-12-05" <= row["OperationalDate"] <= "2025-12-31",
        ("2025-01-01", "2025-12-05"),
        ("2025-01-31", "2025-12-31"),
    ),
    listed(14, "Score%20eq%20null", lambda row: row["AssessmentMs"] is None),
    listed(15, "ID%20eq%201%20or%20ID%20eq%202", lambda row: row["IncidentId"] in (1, 2)),
    listed(
        16,
        "contains(tolower(Name),tolower(%27N1%27))",
        lambda row: "plain" in text(row).lower(),
        ("N1", "PLAIN"),
    ),
    Observed(
        17,
        "/Incidents(7)?$select=Day,ID,Name",
        rows=lambda rows: [
            {name: row[name] for name in ("IncidentId", "IncidentNumber", "OperationalDate")}
            for row in rows
            if row["IncidentId"] == 7
        ],
        answers="entity",
    ),
    Observed(18, "/Incidents/$count", answers="count"),
    Observed(19, "/$batch", answers="batch"),
    Observed(20, "/$metadata", answers="metadata"),
    *(paged(21 + number, 500 * number) for number in range(7)),
    Observed(28, "/$metadata", answers="metadata"),
    Observed(
        29,
        "/Incidents?%24top=5&%24filter=%28ID%20lt%203%29&%24orderby=Name%20desc",
        rows=lambda rows: sorted(
            (row for row in rows if row["IncidentId"] < 3),
            key=lambda row: with_null_low(row["IncidentNumber"]),
            reverse=True,
        ),
    ),
    Observed(
        30,
        "/Incidents?%24top=2&%24filter=%28At%20ge%202025-02-01T00%3A00%3A00%29",
        status=400,
        says="Say which offset is meant",
    ),
    Observed(
        31,
        "/Incidents?$filter=ID%20lt%204&$orderby=Name%20desc&$select=ID,Name&$top=2",
        rows=lambda rows: [
            {name: row[name] for name in ("IncidentId", "IncidentNumber")}
            for row in sorted(
                (row for row in rows if row["IncidentId"] < 4),
                key=lambda row: with_null_low(row["IncidentNumber"]),
                reverse=True,
            )
        ][:2],
    ),
    Observed(32, "/Incidents?$top=1&$count=true", rows=lambda rows: rows[:1], total=len),
)
