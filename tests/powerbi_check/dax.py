"""Rows of `make powerbi-check` about DAX: it parses and binds, and says the same as SQL on the snapshot.

Statically first, because the engine answers BLANK for much that it cannot read. Then every measure in its view's contexts,
as each kind of person sees the rows that the model's M has read, against `dax_truth` and `dax_figures`. BLANK is not
zero, and a measure that is BLANK in every context has to be named here with a reason.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import duckdb

from models.catalogue import CATALOGUE
from powerbi.measures import companions
from powerbi.model import bim, build
from powerbi.model.words import Measure, Model
from tests.powerbi_check import dax_figures, dax_truth
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.city import NOW
from tests.powerbi_check.dax_contexts import Context, Offer, contexts
from tests.powerbi_check.dax_scopes import Person, people, spread
from tests.powerbi_check.dax_truth import Asked, Database, Values
from tests.powerbi_check.installing import ask
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

LEAST = 20
"""Contexts a measure and person, in the long form."""
SAMPLE, SAMPLED_PEOPLE = 8, 3
"""Contexts a measure, and people, in the short form."""
MANY = 24
"""Contexts a measure of those who are under a role: enough, and the first ones say most. Without a role all are asked."""
AT_ONCE = 600
"""Cases a question: the patience with a judge is for each."""
SHOWN = 12
MOMENTS = (timedelta(hours=3), timedelta(hours=27))
"""How long after as-of somebody looks: fresh, and stale."""
BLANK_BY_RIGHT = {
    "Mixed versions": "one refresh of a city that nobody publishes meanwhile; the row about publishing shows it",
    "Stale since": "the served figures are fresh",
    **dict.fromkeys(
        ("Open incidents and age, p90 low", "Open incidents and age, p90 high"),
        "too few incidents are open in a small city for an interval of the 90th percentile",
    ),
}
"""Measures that have no value in any context here, and why."""
PERCENTILE_SUFFIXES = (*dax_figures.TIMES, "percentile note")


@dataclass(frozen=True)
class Case:
    """Measures asked of one person's rows in one context, and what they must be."""

    person: Person
    context: Context
    now: datetime
    expected: Values


@dataclass
class Tally:
    """What came of it."""

    probes: int = 0
    wrong: list[str] = field(default_factory=list)
    asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    valued: Counter[str] = field(default_factory=Counter)
    zeros: int = 0
    blanks: int = 0

    def add(self, case: Case, name: str, found: Any) -> None:
        """One measure in one case."""
        expected = said(case.expected[name])
        self.probes += 1
        self.asked[case.person.name, name] += 1
        self.blanks += expected is None
        self.zeros += expected == 0 and expected is not None
        self.valued[name] += expected is not None
        if not same(found, expected):
            self.wrong.append(f"[{name}] for {case.person.name}, {case.context}: {found!r}, SQL says {expected!r}")


def said(value: Any) -> Any:
    """A value of SQL as the judge writes it."""
    if isinstance(value, (datetime, date)):
        return (value if isinstance(value, datetime) else datetime.combine(value, datetime.min.time())).isoformat()
    return value


def same(found: Any, expected: Any) -> bool:
    """Equal: BLANK only to BLANK, numbers up to the last digits of a double, texts exactly."""
    if found is None or expected is None:
        return found is expected
    if isinstance(expected, bool) or isinstance(found, bool):
        return found is expected
    if isinstance(expected, (int, float)) and isinstance(found, (int, float)):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-12)
    return bool(found == expected)


def _source(measure: Measure) -> str:
    """The view whose contexts a measure is asked in: percentiles live elsewhere than their metric."""
    if measure.metric and measure.name.endswith(tuple(f", {suffix}" for suffix in PERCENTILE_SUFFIXES)):
        return "ResponsePercentiles"
    return {"Dates": "DailyCalls", "RefreshStatus": "Snapshots"}.get(measure.table, measure.table)


def expectations(asked: Asked, now: datetime, status: dict[str, Any]) -> Values:
    """What every measure of a view must be in a context, by name."""
    view = asked.view
    if view == "Snapshots":
        return dax_figures.freshness(asked, now, status)
    found = dax_figures.building_blocks(asked)
    if view == "ResponsePercentiles":
        return found | dax_figures.percentiles(asked)
    if view in dax_figures.RECORDS:
        return found | dax_figures.records(asked)
    special = {
        "OpenItems": dax_figures.open_items,
        "HourlyActivity": dax_figures.hours,
        "Revisions": dax_figures.revisions,
        "Completeness": dax_figures.completeness,
    }
    if view in special:
        return found | special[view](asked)
    for metric in CATALOGUE.metrics.values():
        if metric.view == view:
            found |= dax_truth.metric_values(asked, metric)
    if view == "DailyFunnel":
        return found | dax_figures.funnel(asked)
    declared = CATALOGUE.views[view]
    titles = {column.name: companions.title(declared, column) for column in declared.columns}
    return found | {titles[name]: value for name, value in dax_truth.companion_values(asked).items()}


def cases(bench: Bench, audience: str, only: frozenset[str] = frozenset()) -> Iterator[Case]:
    """Every person in every context, or a sample of both in the short form. `only`: these measures alone, always in every one."""
    truth = bench.city.truth()
    readers = people(truth)
    if bench.short and not only:
        readers = readers[:SAMPLED_PEOPLE]
    measured = defaultdict(set)
    model = build.model(audience)
    dimensions = frozenset(each.to_table for each in model.relationships)
    for measure in model.measures():
        if not only or measure.name in only:
            measured[_source(measure)].add(measure.name)
    (status,) = bench.rows(audience)["RefreshStatus"]
    as_of = NOW.replace(tzinfo=None)
    offer = Offer(truth)
    with duckdb.connect() as con:
        spread(con, truth, readers)
        database = Database(con)
        for view, names in measured.items():
            offered = contexts(offer, view, dimensions)
            for at, context in enumerate(offered[:SAMPLE] if bench.short and not only else offered):
                now = as_of + MOMENTS[at % 2]
                for person in (each for each in readers if at < MANY or each.user is None):
                    expected = expectations(Asked(database, person, context, view), now, status)
                    yield Case(person, context, now, {name: expected[name] for name in sorted(names & expected.keys())})


def evaluate(bench: Bench, model: Model, every: list[Case]) -> list[list[Any]]:
    """What the engine makes of the cases with a model, over the rows that the M of its audience has read."""
    truth = bench.city.truth()
    readers = people(truth)
    snapshot = {"SnapshotId": bench.city.version}
    question = {
        "document": bim.document(model),
        "rows": str(bench.rows_file(model.audience)),
        "people": {person.name: (person.user, person.earlier) for person in readers},
        "members": [{**row, **snapshot} for person in readers for row in person.members()],
    }
    asked = [
        {
            "person": case.person.name,
            "now": case.now.isoformat(),
            "filters": case.context.filters(),
            "measures": list(case.expected),
        }
        for case in every
    ]
    parts = (asked[at : at + AT_ONCE] for at in range(0, len(asked), AT_ONCE))
    return [values for part in parts for values in ask("dax_run.py", question | {"cases": part})["values"]]


def judged(every: Iterable[Case], values: Iterable[list[Any]]) -> Tally:
    """Case by case."""
    tally = Tally()
    for case, found in zip(every, values, strict=True):
        for name, value in zip(case.expected, found, strict=True):
            tally.add(case, name, value)
    return tally


def unproved(tally: Tally, measures: Iterable[Measure], least: int) -> Iterator[str]:
    """Measures that were not asked often enough, or never had a value."""
    people_asked = {person for person, _ in tally.asked}
    for measure in measures:
        fewest = min((tally.asked[person, measure.name] for person in people_asked), default=0)
        if fewest < least:
            yield f"[{measure.name}] was asked in {fewest} contexts only"
        elif least == LEAST and not tally.valued[measure.name] and measure.name not in BLANK_BY_RIGHT:
            yield f"[{measure.name}] is BLANK in every context"


def equals_sql(bench: Bench, audience: str) -> Outcome:
    """DAX = SQL."""
    bench.say(f"measures of {audience}: expected values by SQL, then the engine")
    measures = build.model(audience).measures()
    every = list(cases(bench, audience))
    tally = judged(every, evaluate(bench, build.model(audience), every))
    faults = [*tally.wrong, *unproved(tally, measures, SAMPLE if bench.short else LEAST)]
    valued = sum(tally.valued[each.name] > 0 for each in measures)
    figure = (
        f"{tally.probes - len(tally.wrong):,} of {tally.probes:,} probes equal, {len(measures)} measures, "
        f"{min(tally.asked.values())} or more contexts for each of {len({case.person for case in every})} people; "
        f"{tally.zeros:,} zeros, {tally.blanks:,} BLANKs, {valued} measures with values"
    )
    more = [f"and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
    return Outcome(figure, not faults, (*faults[:SHOWN], *more))


def static(model: Model) -> dict[str, Any]:
    """What can be said against the DAX of a model without rows."""
    found: dict[str, Any] = ask("dax_static.py", {"document": bim.document(model)})
    return found


def reads_well(bench: Bench, audience: str) -> Outcome:
    """Every expression parses, and everything that it names exists."""
    del bench
    found = static(build.model(audience))
    wrong = found["findings"]
    figure = f"{found['expressions']} expressions, {found['references']:,} references, {len(wrong)} findings"
    return Outcome(figure, not wrong and found["expressions"] > 0, tuple(wrong[:SHOWN]))


def _row(name: str, proves: str, run: Any, audience: str) -> Row:
    return Row(f"{name} {audience}", proves, lambda bench: run(bench, audience))


STATIC = tuple(
    _row("dax", "every DAX expression parses; functions, tables, columns, measures exist", reads_well, audience)
    for audience in AUDIENCES
)
ROWS = STATIC + tuple(
    _row("dax = sql", "each measure equals SQL on the snapshot, for each kind of reader", equals_sql, audience)
    for audience in AUDIENCES
)
