"""Every check of a night, declared once: what must hold, whether it blocks, what it looks at, what to do when it does not.

One table. How each is worked out stands in jobs.source.plausible, jobs.source.band, jobs.source.sqlserver,
jobs.refresh.steps and jobs.refresh.checks; a test holds declared and used against each other.
"""

from __future__ import annotations

from models.catalogue.types import Check, Stage

BLOCKS, WARNS = True, False
DEFECT = "The figures contradict each other, which is a defect of ours: report it; `crisis refresh` after the mend."
SOURCE_CALLS = "table call of the delivery"


def _delivery(id: str, title: str, holds: str, looks_at: str, next_step: str, *, blocking: bool = WARNS) -> Check:
    return Check(id, title, holds, blocking, Stage.DELIVERY, looks_at, next_step)


def _views(
    id: str, title: str, holds: str, looks_at: str, next_step: str = DEFECT, *, blocking: bool = BLOCKS
) -> Check:
    return Check(id, title, holds, blocking, Stage.VIEWS, looks_at, next_step)


DELIVERY = (
    _delivery(
        "source_moment",
        "The source was read at one moment",
        "the tables were read at one moment, and no read had to be repeated",
        "every read of SQL Server",
        "Nothing, unless it is so every night: then ask the DBA for a readable copy or snapshot isolation.",
    ),
    _delivery(
        "clock_zones",
        "Local clocks have one instant",
        "every local clock of the source has one instant, or its row says that it is doubtful",
        "clocks without an offset in SQL Server",
        "See docs/sqlserver.md: give the column an offset, or the row a clock_flags column.",
    ),
    _delivery(
        "source_reach",
        "How much of the source was read",
        "everything was read, or what changed since the marks of the night before",
        "every read of SQL Server",
        "Nothing: `crisis refresh --full` reads everything.",
    ),
    _delivery(
        "clocks_in_future",
        "Clocks lie in the future",
        "no clock of something that happened lies more than five minutes after the run began",
        "every clock but plans",
        "Compare the clocks of the source's server and of this machine; DataQuality counts the records by day.",
    ),
    _delivery(
        "unknown_codes",
        "A new word that no code list knows",
        "no coded column has a word of no code list and no map that was first seen in the last seven days",
        "every coded column, against the words that the history already holds",
        "Ask the source what the word means and map it in code_value; until then it counts as unknown.",
    ),
    _delivery(
        "required_missing",
        "Required values are missing",
        "no column that the contract requires is null",
        "every required column",
        "Look at the column in the source; the records count as far as they can.",
    ),
    _delivery(
        "clock_runs_on",
        "This machine's clock runs on",
        "the run begins after the latest night, and not 35 days further from it than the source's newest change",
        "the clock of the machine on which the job runs, updated_at of every table",
        "Set the clock. Mended: `crisis refresh`. If it is right (it was wrong in the latest night, or the source slept): "
        "`crisis refresh --accept clock_runs_on`.",
        blocking=BLOCKS,
    ),
    _delivery(
        "half_day_missing",
        "Half a day of calls is missing",
        "no half of the last whole local day is without a call where that is no chance and did not happen in 28 days",
        SOURCE_CALLS,
        "Ask the source what happened to that half day. Mended: `crisis refresh`. Truly no call came in: "
        "`crisis refresh --accept half_day_missing`.",
        blocking=BLOCKS,
    ),
    _delivery(
        "calls_by_source",
        "A call source has fallen silent",
        "the last 1, 3 and 7 whole local days of each call source are above the bound learned from its own nights, "
        "or at least half of what is usual, or were as low before",
        SOURCE_CALLS + ", by call source and weekday, as each night knew it",
        "Ask the owner of that call source. Mended: `crisis refresh`. Truly so few: "
        "`crisis refresh --accept calls_by_source`; what was accepted does not block again for 28 nights.",
        blocking=BLOCKS,
    ),
    _delivery(
        "calls_unusual",
        "A call source is outside its band",
        "the last whole local day of each call source lies inside the band learned from its own nights",
        SOURCE_CALLS + ", by call source and weekday, as each night knew it",
        "Look at the day: an event in the city explains it, or the source brought rows twice or too few.",
    ),
    _delivery(
        "rows_lost",
        "A table lost most of its rows",
        "no table of 100 rows or more lost more than half of them in one night",
        "every contract table, against the rows in force",
        "Most often the source was not delivered whole. Mended: `crisis refresh`. Deleted on purpose: "
        "`crisis refresh --accept rows_lost`.",
        blocking=BLOCKS,
    ),
)

SUMS = (
    _views(
        "funnel_adds_up",
        "The funnel adds up",
        "DailyFunnel adds up to DailyCalls for each day, area, priority and stage, and to Calls for each reason as well",
        "DailyFunnel, DailyCalls, Calls",
    ),
    _views(
        "stages_descend",
        "Stages descend",
        "no stage of DailyCalls counts more calls than the stage before it",
        "DailyCalls",
    ),
    _views(
        "incidents_agree",
        "Incidents agree",
        "incidents and people harmed of Incidents are those of DailyIncidents for each day, area, kind and harm",
        "Incidents, DailyIncidents",
    ),
    _views(
        "open_incidents_agree",
        "Open incidents agree",
        "open Incidents are the closing stock of DailyIncidents on the as-of day",
        "Incidents, DailyIncidents",
    ),
    _views(
        "assessments_agree",
        "Assessments agree",
        "assessments due are on time, late, missing or invalid, and each state is that of Incidents",
        "Incidents, DailyIncidents",
    ),
    _views(
        "calls_agree",
        "Calls agree",
        "calls, stages, diversions and answers of Calls are those of DailyCalls for each day, area, source and priority",
        "Calls, DailyCalls",
    ),
    _views(
        "responses_agree",
        "Responses agree",
        "dispatched calls, units, targets and the n and sum of each interval of Calls are those of DailyResponses",
        "Calls, Responses, DailyResponses",
    ),
    _views(
        "intervals_complete",
        "Intervals are complete",
        "n, n missing and n invalid of every interval add up to the records that it is asked of",
        "DailyCalls, DailyResponses",
    ),
    _views(
        "outcomes_agree",
        "Outcomes agree",
        "DailyOutcomes, DailyResponses and Calls count the same dispatched calls and outcomes, none more than arrived",
        "DailyOutcomes, DailyResponses, Calls",
    ),
    _views(
        "cohorts_complete",
        "Cohorts are complete",
        "consent classes, due and not due follow-ups, referrals and requests add up",
        "DailyFollowUps, DailyReferrals, DailyRequests",
    ),
    _views(
        "referrals_agree",
        "Referrals agree",
        "referrals, answers and connections of Referrals are those of DailyReferrals for each day, area and service",
        "Referrals, DailyReferrals",
    ),
    _views(
        "requests_agree",
        "Requests agree",
        "requests received, answered on time and waiting of Requests are those of DailyRequests by kind and team",
        "Requests, DailyRequests",
    ),
    _views(
        "follow_ups_within",
        "Follow-ups lie within contacts",
        "DailyFollowUps counts no more engaged people than Contacts has, by area and team",
        "DailyFollowUps, Contacts",
    ),
    _views(
        "hours_within",
        "Hours lie within records",
        "HourlyActivity counts no more calls and violent incidents than there are",
        "HourlyActivity, Calls, Incidents",
    ),
    _views(
        "open_items_within",
        "Open items lie within records",
        "OpenItems lists no more incidents and requests than are open, by area and team",
        "OpenItems, Incidents, Requests",
    ),
    _views(
        "percentiles_ordered",
        "Percentiles are ordered",
        "percentiles lie in order, inside their intervals, and exist exactly where there are values",
        "ResponsePercentiles",
    ),
    _views(
        "percentiles_agree",
        "Percentiles agree",
        "the n, n missing and n invalid of daily percentiles are those of the daily views, for each interval they share",
        "ResponsePercentiles, DailyResponses, DailyIncidents, DailyFollowUps, DailyReferrals",
    ),
    _views(
        "hours_complete",
        "The week has all its hours",
        "HourlyActivity has all 168 cells of each period and activity",
        "HourlyActivity",
    ),
    _views(
        "dates_complete",
        "The calendar is complete",
        "Dates has no gap and ends with the as-of day",
        "Dates",
    ),
    _views(
        "findings_within_records",
        "Findings lie within records",
        "no finding affects more records than were looked at, nor excludes more than it affects",
        "DataQuality",
    ),
)

USUAL = (
    _views(
        "unknown_areas",
        "Many records have no area",
        "less than a fifth of the calls and incidents have an unknown area",
        "calls and incidents",
        "Compare the area words of the source with the table area; crisis doctor and docs/import.md say how.",
        blocking=WARNS,
    ),
    _views(
        "area_match_rate",
        "More records without an area",
        "the share of calls and incidents without a known area in the last 7 whole days is at most 10 points above the "
        "28 days before",
        "calls and incidents",
        "Compare the area words of the source with the table area: a boundary or a spelling changed; figures by area "
        "lack those records until then.",
        blocking=WARNS,
    ),
    _views(
        "clock_order",
        "More clocks out of order",
        "the share of records with clocks out of order in the last 7 whole days is at most 3 points above the 28 days "
        "before, for each interval",
        "every interval; DataQuality has the counts by day",
        "Ask the source which clock of those records is wrong; the intervals are left out and counted as invalid.",
        blocking=WARNS,
    ),
    _views(
        "unmapped_codes",
        "More words that no code list knows",
        "the share of records with a word of no code list in the last 7 whole days is at most 3 points above the 28 "
        "days before, for each column",
        "every coded column; DataQuality has the counts by day",
        "Map the word in code_value; until then the records count as unknown.",
        blocking=WARNS,
    ),
    _views(
        "days_without_calls",
        "Days without calls",
        "no day of the last 28 whole days is without a call, where there were 5 a day on average",
        "calls",
        "Ask the source what happened to that day; late calls count as soon as they come.",
        blocking=WARNS,
    ),
    _views(
        "fewer_new_rows",
        "Fewer new rows than usual",
        "the night brought at least a quarter of the new rows of the nights before it",
        "the nights of the history",
        "Ask whether the source was delivered whole.",
        blocking=WARNS,
    ),
)

GENERATED = (
    _views("keys_unique", "Keys are unique", "every key and every place in the order stands once", "every view"),
    _views("no_future_days", "No day lies ahead", "no day lies after the as-of day", "every view but Supports"),
    _views(
        "references_known",
        "Dimensions are whole",
        "every area, team, kind and day is a member of its dimension",
        "every view",
    ),
    _views(
        "records_linked",
        "Records are linked",
        "every record that a record points to is published",
        "every record view",
        "Nothing at once: the source deleted or never had the record that others point to.",
        blocking=WARNS,
    ),
    _views("codes_known", "Codes are known", "every code is a word of its code list", "every view"),
    _views(
        "nothing_negative",
        "Nothing is negative",
        "no count and no duration is less than its declared minimum",
        "every view",
    ),
    _views(
        "texts_fit",
        "Texts fit",
        "no text is longer than declared",
        "every view",
        "Nothing at once: shorten the text at the source; some clients will cut it.",
        blocking=WARNS,
    ),
    _views(
        "metrics_have_n",
        "No figure without n",
        "no share, sum of durations or percentile has a value where its n is 0 or unknown",
        "every metric with a denominator, every mean and percentile",
    ),
)

CHECKS = (*DELIVERY, *SUMS, *USUAL, *GENERATED)
