"""What the measures beside the metrics must be, in SQL on the snapshot: percentiles, funnel, open items, hours, freshness.

Each function gives the measures of one view in one context, by name. From the definitions, never from the DAX.
Called by dax.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from models.catalogue import CATALOGUE
from tests.powerbi_check.dax_contexts import Choice
from tests.powerbi_check.dax_scopes import schema
from tests.powerbi_check.dax_truth import COMPLETE, Asked, Values, chosen, literal, written

INTERVALS = {
    "Open incidents and age": "open_incident_age",
    "Assessment within window": "assessment",
    "Response time, first arrival": "first_arrival",
    "Referrals connected": "referral_connection",
    "Follow-up within 48 hours": "follow_up",
    "Requests answered on time": "request_answer",
}
TIMES = {
    "p50": "P50Ms", "p50 low": "P50LowMs", "p50 high": "P50HighMs",
    "p90": "P90Ms", "p90 low": "P90LowMs", "p90 high": "P90HighMs",
}  # fmt: skip
NUMBERS = {"n": "ValueCount", "n missing": "MissingCount", "n invalid": "InvalidCount"}


def percentiles(asked: Asked) -> Values:
    """Looked up, never computed: one interval, one period, one day, one cut."""
    found: Values = {}
    for metric, code in INTERVALS.items():
        row = _row(asked, code)
        found |= {f"{metric}, {suffix}": row[suffix] for suffix in TIMES}
        found[f"{metric}, percentile note"] = row["note"]
    (several,) = [_selected(asked, "Interval", "interval")]
    row = _row(asked, several[0] if len(several) == 1 else None)
    found |= {f"Interval {suffix}": row[suffix] for suffix in (*TIMES, *NUMBERS, "note")}
    cut, value = _cut(asked)
    period = _period(asked, several[0] if len(several) == 1 else None)
    found |= {
        "Percentile cut": cut,
        "Percentile cut value": value,
        "Percentile period": period,
        "Percentile day": _last_end(asked, period),
    }
    return found


def _selected(asked: Asked, table: str, code_list: str) -> list[str]:
    """The codes of a code table that are left by the context."""
    wanted = [f"\"CodeList\" = '{code_list}'"]
    for each in asked.context.of(table):
        wanted.append(chosen(Choice(table, "Code" if each.column == "Code" else "Label", each.values)))
    where = " AND ".join(wanted)
    return [code for (code,) in asked.database.rows(f'SELECT "Code" FROM snapshot."Codes" WHERE {where}')]


def _period(asked: Asked, interval: str | None) -> str:
    periods = _selected(asked, "Period", "period")
    return periods[0] if len(periods) == 1 else "day" if interval == "open_incident_age" else "28d"


def _cut(asked: Asked) -> tuple[str | None, str | None]:
    """Whole city when neither team nor priority is chosen; exactly one team, or exactly one priority; else none."""
    team, priority = asked.context.of("Teams"), asked.context.of("Priority")
    if not asked.answerable() or (team and priority):
        return None, None
    if team:
        left = asked.database.rows(f'SELECT "TeamCode" FROM {schema(asked.person)}."Teams" WHERE {chosen(team[0])}')
        return ("team", left[0][0]) if len(left) == 1 else (None, None)
    if priority:
        codes = _selected(asked, "Priority", "priority")
        return ("priority", codes[0]) if len(codes) == 1 else (None, None)
    return "city", "city"


def _last_end(asked: Asked, period: str) -> Any:
    """The last day of the context with which such a period ended."""
    allowed = f'"PeriodCode" IN ({", ".join(map(literal, _selected(asked, "Period", "period")))})'
    where = f'"PeriodCode" = \'{period}\' AND {allowed} AND "OperationalDate" IN ({asked.days()})'
    return asked.database.one(f'SELECT max("OperationalDate") FROM {asked.place} WHERE {where}')


def _row(asked: Asked, interval: str | None) -> Values:
    nothing: Values = dict.fromkeys((*TIMES, *NUMBERS))
    cut, value = _cut(asked)
    left = _selected(asked, "Interval", "interval")
    if cut is None:
        return {**nothing, "note": "not available at this cut"}
    if interval not in left:
        return {**nothing, "note": "choose one interval"}
    period = _period(asked, interval)
    cuts = _selected(asked, "Cut", "cut")
    day = _last_end(asked, period)
    columns = ", ".join(f'"{column}"' for column in (*TIMES.values(), *NUMBERS.values()))
    key = f"\"PeriodCode\" = '{period}' AND \"IntervalCode\" = '{interval}' AND \"CutCode\" = '{cut}' AND \"CutValue\" = '{value}'"
    rows = asked.database.rows(
        f"SELECT {columns} FROM {asked.place} WHERE {key} AND \"OperationalDate\" = '{day}'"
    ) if day and cut in cuts else []  # fmt: skip
    if not rows:
        return {**nothing, "note": "nothing recorded in this period"}
    times, numbers = rows[0][: len(TIMES)], rows[0][len(TIMES) :]
    minutes = {suffix: None if ms is None else ms / 60_000 for suffix, ms in zip(TIMES, times, strict=True)}
    return {**minutes, **dict(zip(NUMBERS, numbers, strict=True)), "note": _note(asked, period, day, cut, value)}


def _note(asked: Asked, period: str, day: Any, cut: str, value: str | None) -> str:
    spoken = CATALOGUE.codes["period"].labels()[period]
    if cut == "team":
        name = asked.database.one(f'SELECT "TeamName" FROM snapshot."Teams" WHERE "TeamCode" = \'{value}\'')
        return f"{spoken} to {day}, team {name}"
    if cut == "priority":
        return f"{spoken} to {day}, priority {CATALOGUE.codes['priority'].labels()[value or '']}"
    return f"{spoken} to {day}, whole city"


def funnel(asked: Asked) -> Values:
    """Reaching a stage: stopped there or further on. Lost: stopped for a reason that is a loss."""
    names = ("Calls reaching stage", "Calls lost at stage", "Share of calls reaching stage")
    if not asked.answerable():
        return dict.fromkeys(names)
    stages = [CATALOGUE.codes["stage"].codes.index(code) + 1 for code in CATALOGUE.codes["stage"].codes]
    left = _selected(asked, "Stage", "stage")
    orders = [order for order, code in zip(stages, CATALOGUE.codes["stage"].labels(), strict=True) if code in left]
    where = f'{asked.rows("Stage")} AND "OperationalDate" IN ({asked.days()})'
    total = f'SELECT sum("StoppedCount") FROM {asked.place} WHERE {where}'
    reached = asked.database.one(f'{total} AND "StageOrder" >= {min(orders)}') or 0 if orders else None
    lost = asked.filtered(
        "COALESCE(sum(\"StoppedCount\") FILTER (\"StopReasonCode\" NOT IN ('none', 'in_progress')), 0)"
    )
    every = asked.database.one(total)
    share = reached / every if reached is not None and every else None
    return dict(zip(names, (reached, lost, share), strict=True))


def open_items(asked: Asked) -> Values:
    """As they stand at as-of."""
    names = (
        "Open items",
        "Late items",
        "Due in 24 h",
        "Oldest open item (hours)",
        "Hours to due",
        "Open items summary",
    )
    if not asked.answerable():
        return dict.fromkeys(names)
    every = asked.filtered("count(*)")
    late = asked.filtered("count(*) FILTER (\"DueStateCode\" = 'late')")
    due = asked.filtered("count(*) FILTER (\"DueStateCode\" = 'due_24h')")
    oldest = asked.filtered('max("AgeMs") / 3600000')
    as_of = 'SELECT "AsOf" FROM snapshot."Snapshots" WHERE "IsCurrent"'
    left = asked.filtered(f"date_diff('second', ({as_of}), min(\"DueAt\")) / 3600")
    said = f"{late} late, {due} due in the next 24 hours, {every} open in all"
    return dict(zip(names, (every, late, due, oldest, left, said), strict=True))


def hours(asked: Asked) -> Values:
    """One activity, one period (12 weeks unless chosen), the cells of the context."""
    names = ("Events per hour", "Events per hour low", "Events per hour high", "Weeks observed")
    activities = _selected(asked, "Activity", "activity")
    if not asked.answerable() or len(activities) != 1:
        return dict.fromkeys(names)
    periods = _selected(asked, "Period", "period")
    period = periods[0] if len(periods) == 1 else "12w"
    sql = f"""
        SELECT sum("EventCount") / nullif(sum("HoursObserved"), 0),
            CASE WHEN count(*) = 1 THEN CAST(sum("LowPerHour") AS DOUBLE) END,
            CASE WHEN count(*) = 1 THEN CAST(sum("HighPerHour") AS DOUBLE) END,
            sum("HoursObserved") / nullif(count(*), 0)
        FROM {asked.place} WHERE {asked.rows()} AND "PeriodCode" = '{period}'"""
    return dict(zip(names, asked.database.rows(sql)[0], strict=True))


def revisions(asked: Asked) -> Values:
    """Records that changed a day after it had been published."""
    columns = {"Late records": "AddedCount", "Changed records": "ChangedCount", "Deleted records": "DeletedCount"}
    names = (*columns, "Revised records")
    if not asked.answerable():
        return dict.fromkeys(names)
    sums = asked.filtered_all(*(f'CAST(COALESCE(sum("{column}"), 0) AS BIGINT)' for column in columns.values()))
    return dict(zip(names, (*sums, sum(sums)), strict=True))


def completeness(asked: Asked) -> Values:
    """At one age: shares over the records that were followed so long."""
    names = ("Share known at age", "Share settled at age", "Records followed at age")
    if not asked.answerable() or asked.filtered('count(DISTINCT "AgeDays")') != 1:
        return dict.fromkeys(names)
    records = 'nullif(sum("RecordCount"), 0)'
    shares = (f'CAST(sum("{column}") / {records} AS DOUBLE)' for column in ("KnownCount", "SettledCount"))
    return dict(zip(names, asked.filtered_all(*shares, 'CAST(sum("RecordCount") AS BIGINT)'), strict=True))


def freshness(asked: Asked, now: datetime, status: dict[str, Any]) -> Values:
    """The same in every context. `status` is the row of RefreshStatus as it was read."""
    as_of, local = asked.database.rows('SELECT "AsOf", "AsOfLocal" FROM snapshot."Snapshots" WHERE "IsCurrent"')[0]
    synthetic = asked.database.one('SELECT bool_or("IsSynthetic") FROM snapshot."Snapshots"')
    age = int((now - as_of).total_seconds()) / 3600
    return {
        "As of": as_of,
        "As of text": local,
        "Data age (hours)": age,
        "Freshness": f"{'STALE' if age > 26 else 'Fresh'}: figures are {written(age, 'mean')} h old",
        "Snapshot versions": 1,
        "Mixed versions": None,
        "Demo data notice": "Demonstration data: every incident, call and person is made up." if synthetic else None,
        "Situation title": f"Situation at {local}",
        "Stale since": _stale_since(status),
        "Last run outcome": CATALOGUE.codes["run_outcome"].labels()[status["LastRunOutcomeCode"]],
    }


def _stale_since(status: dict[str, Any]) -> str | None:
    if status["StaleSince"] is None:
        return None
    why = f"; kept back by {status['BlockedBy']}" if status["BlockedBy"] else ""
    return f"{status['StaleSince'][:16].replace('T', ' ')} UTC{why}"


RECORDS = {
    "Calls": {
        "First arrival": "FirstArrivalMs", "Processing": "ProcessingMs", "Queue": "QueueMs", "On scene": "OnSceneMs",
    },
    "Incidents": {"Assessment": "AssessmentMs"},
}  # fmt: skip


def records(asked: Asked) -> Values:
    """Counts and exact percentiles of the records themselves."""
    good = asked.answerable()
    found: Values = {}
    for name, column in RECORDS[asked.view].items():
        for word, rank in (("p50", 0.5), ("p90", 0.9)):
            exact = f'quantile_cont("{column}", {rank}) / 60000'
            found[f"{name} {word} (records)"] = asked.filtered(exact) if good else None
    if asked.view == "Calls":
        return {**found, "Call records": asked.filtered("count(*)") if good else None}
    families = " AND ".join(["true", *(chosen(each) for each in asked.context.of("IncidentTypes"))])
    one = asked.database.one(f'SELECT count(DISTINCT "FamilyCode") FROM snapshot."IncidentTypes" WHERE {families}') == 1
    return {**found, "Incident records": asked.filtered("count(*)") if good and one else None}


def building_blocks(asked: Asked) -> Values:
    """What the others rest on."""
    first = asked.database.one(f'SELECT min("OperationalDate") FROM {asked.place}') if _dated(asked.view) else None
    found: Values = {f"Answerable ({asked.view})": asked.answerable()}
    if _dated(asked.view) and asked.view not in RECORDS:
        found[f"First day ({asked.view})"] = first
    found["Provisional note"] = _provisional(asked)
    found["Last complete day"] = asked.database.one(f"SELECT max(day) FROM ({asked.days(COMPLETE)})")
    return found


def _provisional(asked: Asked) -> str | None:
    """One sentence for every day: none where a reader sees no calendar."""
    days, learned = asked.database.rows(
        'SELECT max("ProvisionalDays"), bool_or("IsProvisionalLearned") FROM snapshot."Dates"'
    )[0]
    how = "learned" if learned else "declared"
    return f"Provisional: days under {days} days old ({how})"


def _dated(view: str) -> bool:
    return CATALOGUE.views[view].has("OperationalDate")
