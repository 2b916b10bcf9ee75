"""Rows: what refreshes make of changes at the source, with a real server and real publishes between the requests.

`m old rows`: rows 400 days old that were changed, moved, added late or deleted are right after the next refresh, and
would not be if only the last 14 days were read anew. `m mixed versions`: whoever publishes between two tables, or between
two pages of one, makes the measure warn, and the next refresh clears it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from models.clock import iso
from powerbi.model import bim, build
from tests.conformance.bench import Service
from tests.conftest import ROOT
from tests.powerbi_check import m_truth
from tests.powerbi_check.bench import Bench
from tests.powerbi_check.city import NOW, City
from tests.powerbi_check.installing import ask
from tests.powerbi_check.m_dataset import Dataset
from tests.powerbi_check.m_parts import Policy
from tests.powerbi_check.m_reading import Interruption, queries
from tests.powerbi_check.rows import AUDIENCES, Outcome, Row

OLD_CITY = (900, 1.13)
"""Calls, years: 413 days."""

DAYS_OLD = 400
MEASURES = ("Mixed versions", "Snapshot versions")
FORTNIGHT = Policy(kept=20, kept_unit="year", anew=14, anew_unit="day")


@contextmanager
def town(bench: Bench, name: str, calls: int, years: float) -> Iterator[tuple[City, Service]]:
    """A city of the row's own and its server, which lives through the publishes of the row."""
    city = City(bench.folder / name.replace(" ", "-")).make(calls, years)
    with city.served(hours=24) as service:
        yield city, service


def age(city: City) -> list[str]:
    """Changes at the source that concern rows about 400 days old; what was done, one line each."""
    old = (city.now - timedelta(days=DAYS_OLD)).date()
    truth = city.truth()
    one, other = truth.tuples(f"""
        SELECT min("CallId"), "CallSourceCode" FROM "Calls" WHERE "OperationalDate" <= DATE '{old}'
        AND "CallSourceCode" <> 'unknown' GROUP BY ALL ORDER BY 1 LIMIT 2""")
    gone, copied = truth.tuples(f"""
        SELECT "FollowUpId" FROM "FollowUps" WHERE "OperationalDate" <= DATE '{old}' ORDER BY 1 LIMIT 2""")
    (moved,) = truth.tuples("""
        SELECT "RequestId" FROM "Requests" WHERE "OperationalDate" >= DATE '2026-01-02'
        ORDER BY "OperationalDate", "RequestId" LIMIT 1""")
    now = written(city)
    done = {
        f"call {one[0]} now came from {other[1]}": city.change(
            "UPDATE call SET source = ?, updated_at = ? WHERE call_id = ?", other[1], now, one[0]
        ),
        f"follow-up {gone[0]} is deleted": city.change("DELETE FROM follow_up WHERE follow_up_id = ?", gone[0]),
        f"a follow-up like {copied[0]} comes late": city.change(
            "INSERT INTO follow_up SELECT follow_up_id + 500000000, contact_id, due_at, attempted_at, reached_at, "
            "attempt_no + 1, method, result, ? FROM follow_up WHERE follow_up_id = ?",
            now,
            copied[0],
        ),
        f"request {moved[0]} moves to the year before": city.change(
            "UPDATE request SET received_at = datetime(received_at, '-20 days'), updated_at = ? WHERE request_id = ?",
            now,
            moved[0],
        ),
    }
    assert set(done.values()) == {1}, done
    return list(done)


def written(city: City) -> str:
    """The city's present as the source writes it."""
    return city.now.strftime("%Y-%m-%d %H:%M:%S.000000")


def old_rows(audience: str) -> Row:
    """Old rows that change."""

    def run(bench: Bench) -> Outcome:
        with town(bench, f"old rows {audience}", *OLD_CITY) as (city, service):
            dataset = Dataset.of(audience)
            dataset.refresh(service, city.now.date())
            short = Dataset(audience, dict.fromkeys(dataset.policies, FORTNIGHT), dict(dataset.rows))
            first = wrong(city, dataset)
            what = age(city)
            city.refresh(hours=12)
            dataset.refresh(service, city.now.date())
            if short.policies:
                short.refresh(service, city.now.date())
            else:
                short.rows = recent(city, short.rows, dataset.rows)
            after, control = wrong(city, dataset), wrong(city, short)
        good = not first and not after and len(control) >= len(what)
        figure = f"{len(what)} old changes: {len(after)} rows wrong; {len(control)} if only 14 days were read anew"
        return Outcome(figure, good, (*what, *first, *after, *([] if good else control)))

    proves = f"rows {DAYS_OLD} days old: changed, moved, late, deleted; right again"
    return Row(f"m old rows {audience}", proves, run, short=False)


def recent(city: City, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What a model of whole tables would hold if it kept all but the last 14 days of its facts as they were."""
    cut = (city.now - timedelta(days=13)).date().isoformat()
    mixed = dict(after)
    for name, rows in after.items():
        if name != "Dates" and rows and "OperationalDate" in rows[0]:
            kept = [row for row in before[name] if row["OperationalDate"] < cut]
            mixed[name] = kept + [row for row in rows if row["OperationalDate"] >= cut]
    return mixed


def wrong(city: City, dataset: Dataset) -> list[str]:
    """Rows that a data set has and the database has not, or the other way round; versions apart."""
    wanted = m_truth.expected(city.truth(), city.version)
    found = []
    for name in queries(dataset.audience).tables:
        if name != m_truth.LIVE:
            more, lacking = m_truth.differences(dataset.rows[name], wanted[name], without=("SnapshotId",))
            found += [f"{name} still has {json.dumps(row)}" for row in more]
            found += [f"{name} lacks {json.dumps(row)}" for row in lacking]
    return found


def publishing(city: City, name: str, request: int, hours: float = 1) -> Interruption:
    """A publish before a request for an entity set, with a change at the source: without one nothing would be published."""
    city.now += timedelta(hours=hours)
    touched = "UPDATE call SET updated_at = ? WHERE call_id = (SELECT max(call_id) FROM call)"
    assert city.change(touched, written(city)) == 1
    kept = {key: value for key, value in os.environ.items() if not key.upper().startswith("CRISIS_")}
    own = {"CRISIS_HOME": str(city.home), "CRISIS_DEMO": "1", "CRISIS_NOW": iso(city.now), "PYTHONPATH": str(ROOT)}
    return Interruption(name, request, [sys.executable, "-m", "jobs.cli", "refresh"], kept | own)


MOMENTS = {"between two tables": ("DailyOutcomes", 1), "between two pages": ("ResponsePercentiles", 3)}


def mixed_versions(audience: str) -> Row:
    """Publishes while a refresh reads."""

    def run(bench: Bench) -> Outcome:
        told = unwatched(audience)
        with town(bench, f"mixed versions {audience}", 300, 0.1) as (city, service):
            dataset = Dataset.of(audience)
            dataset.refresh(service, city.now.date())
            told += spoken("at rest", dataset, bench.folder, warns=False)
            for moment, (name, request) in MOMENTS.items():
                before = city.version
                dataset.refresh(service, city.now.date(), publishing(city, name, request))
                if city.version == before:
                    told.append(f"{moment}: nothing was published")
                told += spoken(moment, dataset, bench.folder, warns=True)
                told += torn(moment, dataset)
                dataset.refresh(service, city.now.date())
                told += spoken(f"{moment}, refreshed again", dataset, bench.folder, warns=False)
                told += [f"{moment}, refreshed again: {line}" for line in wrong(city, dataset)]
        figure = f"{len(MOMENTS)} publishes amid a refresh: each warned of, each cleared by the next"
        return Outcome(figure if not told else f"{len(told)} faults", not told, tuple(told))

    proves = "publishing amid a refresh makes the measure warn, the next clears it"
    return Row(f"m mixed versions {audience}", proves, run, short=False)


def unwatched(audience: str) -> list[str]:
    """Tables whose version the measure would never see."""
    (versions,) = (each for each in build.model(audience).measures() if each.name == MEASURES[1])
    return [
        f"the measure does not look at {name}"
        for name in queries(audience).tables
        if f"'{name}'[SnapshotId]" not in versions.expression
    ]


def torn(moment: str, dataset: Dataset) -> list[str]:
    """Tables that hold two versions, though each was read by one feed."""
    return [
        f"{moment}: {name} holds {len(versions)} versions"
        for name, rows in dataset.rows.items()
        if name not in dataset.policies and len(versions := {row["SnapshotId"] for row in rows}) > 1
    ]


def spoken(moment: str, dataset: Dataset, folder: Path, *, warns: bool) -> list[str]:
    """What is wrong with what the model's own measure says over these rows."""
    file = folder / "dataset.json"
    file.write_text(json.dumps(dataset.rows), "utf-8")
    question = {
        "document": bim.document(build.model(dataset.audience)),
        "rows": str(file),
        "people": {"everybody": (None, 0)},
        "members": [],
        "cases": [{"person": "everybody", "now": iso(NOW), "filters": {}, "measures": MEASURES}],
    }
    text, versions = ask("dax_run.py", question)["values"][0]
    held = {row["SnapshotId"] for rows in dataset.rows.values() for row in rows}
    found = [] if versions == len(held) else [f"{moment}: {versions} versions counted, {len(held)} are there"]
    wanted = "mixed versions, refresh again" if warns else None
    return [*found, *([] if text == wanted else [f"{moment}: the measure says {text!r}, not {wanted!r}"])]


ROWS = tuple(make(audience) for audience in AUDIENCES for make in (old_rows, mixed_versions))
