"""What a night's figures depend on besides the rows: moment, zone, windows, cleaning profile; as a value and as SQL.

`load` writes the one-row table `param` and the macros that every SQL file of the refresh uses. Called by the refresh
before clean; touches nothing but the connection that it is given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import duckdb

from models.catalogue import VERSION
from models.clock import local_day
from models.errors import ConfigurationError
from models.snapshot.rowtext import literal

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
REFERRAL_WINDOW_MS = 30 * DAY_MS
ANSWER_TARGET_MS = 15_000
FIRST_CLOCK = datetime(2000, 1, 1, tzinfo=UTC)
"""Clocks before this are typing errors: they become unknown and are counted as `clock_too_early`."""


@dataclass(frozen=True)
class Profile:
    """A named set of cleaning rules.

    `deduplicate`: records that repeat a natural key (incident_no, call_no, request_no; unit responses equal but for
    their number) count once: the one first recorded, then the lowest number.
    `date_only_as_unknown`: a clock typed without a time is unknown in every interval and hour; it still attributes its
    record to that local day. False: midnight is taken as typed.
    `max_interval_ms`: intervals between the clocks of a call or unit that are longer count as invalid, finding
    `too_long`; None: nothing is cut. Windows measured in hours or days (assessment, follow-up, referral, request) are
    never cut. Negative intervals are invalid under every profile.
    """

    name: str
    deduplicate: bool
    date_only_as_unknown: bool
    max_interval_ms: int | None


PROFILES: dict[str, Profile] = {
    "product": Profile("product", deduplicate=True, date_only_as_unknown=True, max_interval_ms=None),
    "published": Profile("published", deduplicate=False, date_only_as_unknown=False, max_interval_ms=12 * HOUR_MS),
}
"""`product` is our own rules; `published` repeats the cleaning behind figures that others published."""


@dataclass(frozen=True)
class Parameters:
    """Everything that the figures are a function of, except the source rows. `as_of` is aware; windows are ms."""

    as_of: datetime
    zone: str = "America/Toronto"
    assessment_window_ms: int = DAY_MS
    arrival_target_ms: int = HOUR_MS
    follow_up_window_ms: int = 2 * DAY_MS
    profile: Profile = PROFILES["product"]
    synthetic: bool = False
    attribution: str = ""
    catalogue_version: str = VERSION
    engine_version: str = f"duckdb {duckdb.__version__}"
    referral_window_ms: int = REFERRAL_WINDOW_MS
    answer_target_ms: int = ANSWER_TARGET_MS


def profile(name: str) -> Profile:
    """The profile of that name. Raises ConfigurationError."""
    try:
        return PROFILES[name]
    except KeyError:
        raise ConfigurationError(
            f"there is no cleaning profile {name!r}", hint=f"Choose one of: {', '.join(PROFILES)}."
        ) from None


def load(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Write table `param` (one row, instants naive UTC) and the macros. Raises ConfigurationError for a bad zone."""
    try:
        ZoneInfo(parameters.zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ConfigurationError(f"{parameters.zone!r} is no time zone", hint="Write America/Toronto.") from error
    row = _row(parameters)
    con.execute("SET TimeZone = 'UTC'")
    con.execute(f"CREATE OR REPLACE TABLE param ({', '.join(f'{name} {kind}' for name, kind, _ in row)})")
    con.execute(f"INSERT INTO param VALUES ({', '.join('?' for _ in row)})", [value for _, _, value in row])
    for macro in _macros(parameters):
        con.execute(f"CREATE OR REPLACE MACRO {macro}")


def _row(p: Parameters) -> tuple[tuple[str, str, object], ...]:
    return (
        ("as_of", "TIMESTAMP", _naive(p.as_of)),
        ("as_of_day", "DATE", local_day(p.as_of, p.zone)),
        ("zone", "VARCHAR", p.zone),
        ("assessment_window_ms", "BIGINT", p.assessment_window_ms),
        ("arrival_target_ms", "BIGINT", p.arrival_target_ms),
        ("follow_up_window_ms", "BIGINT", p.follow_up_window_ms),
        ("referral_window_ms", "BIGINT", p.referral_window_ms),
        ("answer_target_ms", "BIGINT", p.answer_target_ms),
        ("cleaning_profile", "VARCHAR", p.profile.name),
        ("deduplicate", "BOOLEAN", p.profile.deduplicate),
        ("date_only_as_unknown", "BOOLEAN", p.profile.date_only_as_unknown),
        ("max_interval_ms", "BIGINT", p.profile.max_interval_ms),
        ("synthetic", "BOOLEAN", p.synthetic),
        ("attribution", "VARCHAR", p.attribution),
        ("catalogue_version", "VARCHAR", p.catalogue_version),
        ("engine_version", "VARCHAR", p.engine_version),
    )


def _macros(p: Parameters) -> tuple[str, ...]:
    """Zone and moment stand in the text, so that DuckDB folds them: a zone from a table costs a calendar a row."""
    zone, as_of = literal(p.zone), f"TIMESTAMP {literal(str(_naive(p.as_of)))}"
    first = f"TIMESTAMP {literal(str(FIRST_CLOCK.replace(tzinfo=None)))}"
    unknown = "true" if p.profile.date_only_as_unknown else "false"
    limit = "CAST(NULL AS BIGINT)" if p.profile.max_interval_ms is None else str(p.profile.max_interval_ms)
    return (
        # the wall clock of an instant, and its operational day
        f"local_time(ts) AS ((ts AT TIME ZONE 'UTC') AT TIME ZONE {zone})",
        f"local_day(ts) AS CAST((ts AT TIME ZONE 'UTC') AT TIME ZONE {zone} AS DATE)",
        "offset_text(minutes) AS ' (UTC' || CASE WHEN minutes < 0 THEN '-' ELSE '+' END || "
        "printf('%02d:%02d)', CAST(abs(minutes) // 60 AS INT), CAST(abs(minutes) % 60 AS INT))",
        # the wall clock to the minute with its distance from UTC, for people: 2026-11-25 05:00 (UTC-05:00)
        "local_text(ts) AS strftime(local_time(ts), '%Y-%m-%d %H:%M') || offset_text("
        "CAST(epoch_ms(local_time(ts)) - epoch_ms(ts) AS BIGINT) // 60000)",
        # the instant at which a local day begins
        f"day_start(d) AS ((CAST(d AS TIMESTAMP) AT TIME ZONE {zone}) AT TIME ZONE 'UTC')",
        # a clock as known at as-of: later ones are not recorded yet, absurd ones unknown
        f"known(ts) AS CASE WHEN ts BETWEEN {first} AND {as_of} THEN date_trunc('millisecond', ts) END",
        f"not_yet(ts) AS COALESCE(ts > {as_of}, false)",
        f"too_early(ts) AS COALESCE(ts < {first}, false)",
        # the day under which a record is looked at: of its own clock, or else of its last change
        f"record_day(ts, updated) AS COALESCE(local_day(ts), local_day(LEAST(GREATEST(updated, {first}), {as_of})))",
        # the same as it was known at an earlier moment
        "record_day_at(ts, updated, moment) AS "
        f"COALESCE(local_day(CASE WHEN ts BETWEEN {first} AND moment THEN ts END), "
        f"local_day(LEAST(GREATEST(updated, {first}), moment)))",
        # a doubt that the source's importer noted about a clock
        "doubted(flags, clock, doubt) AS COALESCE(contains(';' || replace(flags, ' ', '') || ';', "
        "';' || clock || ':' || doubt || ';'), false)",
        # a clock for intervals and hours: unknown where it was typed without a time and the profile says so
        f"timed(ts, flags, clock) AS CASE WHEN {unknown} AND doubted(flags, clock, 'date_only') THEN NULL "
        "ELSE known(ts) END",
        # milliseconds from one clock to another; negative stays negative
        "between_ms(a, b) AS (epoch_ms(b) - epoch_ms(a))",
        # the interval where it counts: not negative, not beyond the profile's limit
        f"valid_ms(ms) AS CASE WHEN ms >= 0 AND (ms <= {limit}) IS NOT FALSE THEN ms END",
        "any_ms(ms) AS CASE WHEN ms >= 0 THEN ms END",
        f"too_long(ms) AS COALESCE(ms > {limit}, false)",
        # words are compared without case, outer blanks and repeated blanks
        "plain(word) AS NULLIF(lower(trim(regexp_replace(word, '\\s+', ' ', 'g'))), '')",
    )


def _naive(moment: datetime) -> datetime:
    """An aware instant as naive UTC, whole milliseconds, rounded down. Raises ConfigurationError without an offset."""
    if moment.tzinfo is None:
        raise ConfigurationError("the as-of moment has no offset", hint="Write 2026-01-31T05:00:00Z.")
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc - timedelta(microseconds=utc.microsecond % 1000)
