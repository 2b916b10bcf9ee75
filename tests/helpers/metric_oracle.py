"""The slow proof of every daily figure: facts -> views in plain Python, day by day and record by record.

Written from the column descriptions of the catalogue, not from the SQL: stocks are asked of every incident on every
day, percentiles come from sorted lists and fractions, ranks from exact binomial sums. Used by the generative tests.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from types import SimpleNamespace as Fact

from jobs.refresh.parameters import Parameters
from models.catalogue import CATALOGUE
from models.catalogue.codes import STAGES
from tests.helpers.oracle_facts import facts
from tests.helpers.oracle_reader import Facts, Reader, ms
from tests.helpers.source_tables import Row

Figures = dict[tuple[object, ...], dict[str, int]]
Measure = tuple[str, date | None, str | None, str | None, int | None, bool]
"""Interval, day, team, priority, signed ms, whether the profile's limit applies."""
DAY = timedelta(days=1)
Z = 1.959963984540054


class Oracle:
    """The figures of one source. Each method named as a view returns its rows: key -> column -> value."""

    def __init__(self, rows: Mapping[str, Iterable[Row]], given: Parameters) -> None:
        self.given, self.reader = given, Reader(rows, given)
        self.facts: Facts = facts(rows, given)
        self.as_of, self.day = self.reader.as_of, self.reader.day
        self.today = self.reader.day(self.as_of)
        assert self.today is not None

    def valid(self, value: int | None) -> bool:
        """Whether an interval of a call or unit counts."""
        limit = self.given.profile.max_interval_ms
        return value is not None and value >= 0 and (limit is None or value <= limit)

    def end(self, day: date) -> datetime:
        """When a day ends, or as-of on the last one, naive UTC."""
        midnight = datetime.combine(day + DAY, time.min, tzinfo=self.reader.zone).astimezone(UTC)
        return min(midnight.replace(tzinfo=None), self.as_of)

    def days(self, first: date | None) -> list[date]:
        """All days from one to today."""
        assert self.today is not None
        return [] if first is None else [first + DAY * n for n in range((self.today - first).days + 1)]

    def elapsed(self, since: datetime | None, window_ms: int) -> bool:
        """Whether the window since then has elapsed at as-of."""
        return since is not None and (ms(since, self.as_of) or 0) >= window_ms

    def interval(self, row: Counter[str], prefix: str, value: int | None, asked: bool = True) -> None:
        """Count an interval under the four columns of `prefix`."""
        if not asked:
            return
        if value is None:
            row[f"{prefix}MissingCount"] += 1
        elif not self.valid(value):
            row[f"{prefix}InvalidCount"] += 1
        else:
            row[f"{prefix}Count"] += 1
            row[f"{prefix}MsSum"] += value

    def rows(self, view: str) -> Figures:
        """The view's rows, every column that counts filled with 0 where nothing was counted."""
        found: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
        getattr(self, "_" + view)(found)
        counted = [
            column.name
            for column in CATALOGUE.views[view].columns
            if column.name not in CATALOGUE.views[view].key and column.edm.value in ("Edm.Int64", "Edm.Int32")
        ]
        return {key: {name: row[name] for name in counted} for key, row in found.items() if any(row.values())}

    def _DailyIncidents(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802 named as the view
        for incident in self.facts.incidents:

            def at(day: date | None, incident: Fact = incident) -> Counter[str]:
                return found[day, incident.area, incident.type, incident.harm]

            reported = self.day(incident.reported)
            at(reported)["IncidentCount"] += 1
            at(reported)["FatalPersonCount"] += incident.fatal
            at(reported)["InjuredPersonCount"] += incident.injured
            if incident.occurred_day:
                at(incident.occurred_day)["IncidentOccurredCount"] += 1
            if incident.closed:
                at(self.day(incident.closed))["IncidentClosedCount"] += 1
            for day in self.days(reported):
                end = self.end(day)
                still = incident.closed is None or (incident.closed >= end and day != self.today)
                if incident.undated or not still:
                    continue
                at(day)["OpenIncidentCount"] += 1
                at(day)["OpenOver7DaysCount"] += end - incident.reported > 7 * DAY
                at(day)["OpenOver30DaysCount"] += end - incident.reported > 30 * DAY
            state = self.assessment(incident)
            if state == "NotDue":
                at(self.day(incident.notified))["AssessmentNotDueCount"] += 1
            elif state:
                at(self.day(incident.notified))["AssessmentDueCount"] += 1
                at(self.day(incident.notified))[f"Assessment{state}Count"] += 1

    def assessment(self, incident: Fact) -> str | None:
        """OnTime, Late, Missing, Invalid, NotDue; None where no assessment is asked for."""
        if incident.family != "violent_critical" or incident.notified is None:
            return None
        taken = ms(incident.notified, incident.assessed)
        if not self.elapsed(incident.notified, self.given.assessment_window_ms):
            return "NotDue"
        if taken is None:
            return "Missing"
        if taken < 0:
            return "Invalid"
        return "OnTime" if taken <= self.given.assessment_window_ms else "Late"

    def _DailyCalls(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        names = ("Call", "Triaged", "Eligible", "Offered", "Dispatched", "Arrived", "Engaged", "Supported")
        for call in self.facts.calls:
            row = found[self.day(call.arrival), call.area, call.source, call.priority]
            for order, name in enumerate(names, start=1):
                row[f"{name}Count"] += call.stage >= order
            row["ResolvedByPhoneCount"] += call.phone
            row["AbandonedCount"] += call.abandoned
            row["From911Count"] += call.source == "911"
            row["Transfer911AcceptedCount"] += call.accepted_911
            row["Diverted911Count"] += call.diverted_911
            self.interval(row, "Answer", call.answer)
            row["AnsweredIn15sCount"] += self.valid(call.answer) and call.answer <= 15_000

    def _DailyFunnel(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        for call in self.facts.calls:
            row = found[self.day(call.arrival), call.area, call.priority, STAGES[call.stage - 1], call.reason]
            row["StoppedCount"] += 1
            row["StageOrder"] = call.stage

    def _DailyResponses(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        target = self.given.arrival_target_ms
        for call in self.dispatched():
            row = found[call.create_day, call.area, call.priority, call.team]
            row["DispatchedCallCount"] += 1
            row["UnitResponseCount"] += call.units
            self.interval(row, "FirstArrival", call.first_arrival)
            self.interval(row, "Processing", call.processing)
            self.interval(row, "Queue", call.queue)
            self.interval(row, "OnScene", call.on_scene, asked=call.reached)
            row["WaitingCount"] += call.waiting
            row["CancelledCount"] += call.cancelled
            arrived = self.valid(call.first_arrival)
            gave_up = call.cancelled and (ms(call.created, call.gave_up) or 0) > target
            overdue = call.waiting and (ms(call.created, self.as_of) or 0) > target
            row["TargetDueCount"] += arrived or gave_up or overdue
            row["WithinTargetCount"] += arrived and call.first_arrival <= target

    def dispatched(self) -> list[Fact]:
        """Calls with at least one unit sent."""
        return [call for call in self.facts.calls if call.units]

    def _DailyOutcomes(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        for call in self.dispatched():
            row = found[call.create_day, call.area, call.team, call.outcome, call.disposition]
            arrived = call.stage >= STAGES.index("arrived") + 1
            row["DispatchedCallCount"] += 1
            row["ArrivedCount"] += arrived
            row["EngagedCount"] += call.stage >= STAGES.index("engaged") + 1
            row["PoliceRequestedCount"] += arrived and call.police_requested
            row["EmsRequestedCount"] += arrived and call.ems_requested
            row["PoliceOnSceneCount"] += arrived and call.police in ("asked", "already_there", "not_asked")

    def _DailyReferrals(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        month = 30 * 86_400_000
        for referral in self.facts.referrals:
            row = found[self.day(referral.made), self.contact_area(referral.contact), referral.service]
            accepted, connected = ms(referral.made, referral.accepted), ms(referral.made, referral.connected)
            mature = self.elapsed(referral.made, month)
            row["ReferralCount"] += 1
            row["AcceptedCount"] += referral.accepted is not None
            row["DeclinedCount"] += referral.declined is not None
            row["MatureReferralCount"] += mature
            row["MatureAcceptedCount"] += mature and accepted is not None and 0 <= accepted <= month
            row["MatureConnectedCount"] += mature and connected is not None and 0 <= connected <= month
            if connected is not None:
                row["ConnectedCount" if connected >= 0 else "ConnectionInvalidCount"] += 1
                row["ConnectionMsSum"] += max(connected, 0)

    def contact_area(self, contact: Fact | None) -> str:
        """Area of the call, else of the incident, that a contact belongs to."""
        if contact is None:
            return "unknown"
        if contact.unit is not None:
            return str(next(call.area for call in self.facts.calls if call.id == contact.unit.call))
        return str(next(incident.area for incident in self.facts.incidents if incident.id == contact.incident))

    def _DailyFollowUps(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        window = self.given.follow_up_window_ms
        for person in self.facts.cohort:
            row = found[self.day(person.ended), self.contact_area(person.contact), person.contact.unit.team]
            tried, reached = ms(person.ended, person.tried), ms(person.ended, person.reached)
            row["EngagedCount"] += 1
            state = person.contact.consent
            row[
                {"given": "ConsentGivenCount", "not_asked": "ConsentNotAskedCount"}.get(state, "ConsentRefusedCount")
            ] += 1
            if state != "given":
                continue
            if not self.elapsed(person.ended, window):
                row["NotDueCount"] += 1
                continue
            row["DueCount"] += 1
            row["AttemptedOnTimeCount"] += tried is not None and 0 <= tried <= window
            row["ReachedOnTimeCount"] += reached is not None and 0 <= reached <= window
            row["MissingCount"] += tried is None
            row["InvalidCount"] += tried is not None and tried < 0

    def _DailyRequests(self, found: dict[tuple[object, ...], Counter[str]]) -> None:  # noqa: N802
        for request in self.facts.requests:
            received = self.day(request.received)
            found[received, request.kind, request.team]["ReceivedCount"] += 1
            ends = [moment for moment in (request.answered, request.closed) if moment is not None]
            done = self.day(min(ends)) if ends else None
            for day in self.days(received):
                if done is None or day < done:
                    row = found[day, request.kind, request.team]
                    row["BacklogCount"] += 1
                    due = self.day(request.due)
                    row["BacklogLateCount"] += due is not None and due <= day and request.due <= self.as_of
            if request.due is None or request.due > self.as_of:
                continue
            row = found[self.day(request.due), request.kind, request.team]
            row["DueCount"] += 1
            row["UnansweredCount"] += request.answered is None
            if request.answered is not None:
                row["InvalidCount"] += request.answered < request.received
                row["AnsweredOnTimeCount"] += request.received <= request.answered <= request.due

    def measures(self) -> Iterator[Measure]:
        """Every interval of which percentiles are published, of every record that it is asked of."""
        yield from self.response_measures()
        yield from self.incident_measures()
        for person in self.facts.cohort:
            if person.contact.consent == "given" and self.elapsed(person.ended, self.given.follow_up_window_ms):
                yield "follow_up", self.day(person.ended), None, None, ms(person.ended, person.tried), False
        for made in self.facts.referrals:
            yield "referral_connection", self.day(made.made), None, None, ms(made.made, made.connected), False
        for asked in self.facts.requests:
            yield "request_answer", self.day(asked.received), None, None, ms(asked.received, asked.answered), False

    def response_measures(self) -> Iterator[Measure]:
        """Of calls with a unit sent, and of those units."""
        for call in self.dispatched():
            for name in ("first_arrival", "processing", "queue"):
                yield name, call.create_day, call.team, call.priority, getattr(call, name), True
            if call.reached:
                yield "on_scene", call.create_day, call.team, call.priority, call.on_scene, True
        for unit in self.facts.units:
            if unit.mobile:
                yield "turnout", unit.day, unit.team, None, ms(unit.dispatch, unit.enroute), True
            if unit.mobile and unit.on_scene:
                yield "travel", unit.day, unit.team, None, ms(unit.enroute, unit.on_scene), True

    def incident_measures(self) -> Iterator[Measure]:
        """Of violent incidents."""
        for incident in self.facts.incidents:
            if incident.family != "violent_critical":
                continue
            notified = self.day(incident.notified)
            if notified:
                yield "notification_delay", notified, None, None, ms(incident.occurred, incident.notified), False
            if self.assessment(incident) not in (None, "NotDue"):
                yield "assessment", notified, None, None, ms(incident.notified, incident.assessed), False
            if incident.closed is None and not incident.undated:
                age = ms(incident.reported_timed, self.as_of)
                yield "open_incident_age", self.today, None, None, age, False

    def percentiles(self) -> dict[tuple[object, ...], tuple[int | None, ...]]:
        """ResponsePercentiles: key -> the ten values."""
        samples: dict[tuple[object, ...], list[tuple[int | None, bool]]] = defaultdict(list)
        for name, day, team, priority, value, limited in self.measures():
            assert day is not None
            for end, period in self.periods(day):
                if name == "open_incident_age" and period != "day":
                    continue
                for cut, cut_value in (("city", "city"), ("team", team), ("priority", priority)):
                    if cut_value is not None:
                        samples[end, period, name, cut, cut_value].append((value, limited))
        return {key: self.summary(sample) for key, sample in samples.items()}

    def periods(self, day: date) -> Iterable[tuple[date, str]]:
        """Every published period that holds the day: (its last day, its name)."""
        assert self.today is not None
        yield day, "day"
        yield from ((day + DAY * n, "7d") for n in range(7) if day + DAY * n <= self.today)
        yield from ((day + DAY * n, "28d") for n in range(28) if day + DAY * n <= self.today)
        next_month = (day.replace(day=1) + 32 * DAY).replace(day=1)
        yield min(next_month - DAY, self.today), "month"
        yield min(date(day.year, 12, 31), self.today), "year"
        yield self.today, "all"

    def summary(self, sample: list[tuple[int | None, bool]]) -> tuple[int | None, ...]:
        """n, missing, invalid, p50 with its interval, p90 with its interval, max."""
        values = sorted(
            value for value, limited in sample if value is not None and (self.valid(value) if limited else value >= 0)
        )
        missing = sum(value is None for value, _ in sample)
        n = len(values)
        counts = (n, missing, len(sample) - missing - n)
        if not values:
            return (*counts, *[None] * 7)
        return (*counts, *_percentile(values, 5), *_percentile(values, 9), values[-1])

    def hours(self) -> dict[tuple[object, ...], tuple[object, ...]]:
        """HourlyActivity: key -> events, hours observed, mean, low, high."""
        assert self.today is not None
        happened: dict[str, list[datetime | None]] = {
            "calls": [call.arrival_timed for call in self.facts.calls],
            "violent_incidents": [
                incident.reported_timed for incident in self.facts.incidents if incident.family == "violent_critical"
            ],
        }
        found: dict[tuple[object, ...], tuple[object, ...]] = {}
        end = self.today - DAY * self.today.weekday()
        for activity, clocks in happened.items():
            walls = [self.reader.local(clock) for clock in clocks if clock is not None]
            begins = [wall.date() + DAY * (-wall.weekday() % 7) for wall in walls]
            for period, weeks in (("12w", 12), ("52w", 52), ("all", None)):
                first = min(begins, default=end)
                if weeks is not None:
                    first = max(first, end - DAY * 7 * weeks)
                events = Counter((w.isoweekday(), w.hour) for w in walls if first <= w.date() < end)
                observed = self.observed(first, end)
                for cell in ((weekday, hour) for weekday in range(1, 8) for hour in range(24)):
                    found[period, activity, *cell] = (
                        events[cell],
                        observed[cell],
                        *_rates(events[cell], observed[cell]),
                    )
        return found

    def observed(self, first: date, end: date) -> Counter[tuple[int, int]]:
        """How often each hour of the week really happened."""
        counted: Counter[tuple[int, int]] = Counter()
        moment = datetime.combine(first, time.min, tzinfo=self.reader.zone).astimezone(UTC)
        while (wall := moment.astimezone(self.reader.zone)).date() < end:
            counted[wall.isoweekday(), wall.hour] += 1
            moment += timedelta(hours=1)
        return counted


def _percentile(values: list[int], tenths: int) -> tuple[int | None, int | None, int | None]:
    place = Fraction((len(values) - 1) * tenths, 10)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    exact = values[low] + (place - low) * (values[high] - values[low])
    ranks = exact_ranks(len(values), tenths)
    middle = math.floor(exact + Fraction(1, 2))
    return (middle, values[ranks[0] - 1], values[ranks[1] - 1]) if ranks else (middle, None, None)


@cache
def exact_ranks(n: int, tenths: int) -> tuple[int, int] | None:
    """Ranks of the 95 % order-statistic interval by exact sums of the binomial distribution."""
    p = Fraction(tenths, 10)
    below = [Fraction(0)]  # below[r] = P(B < r)
    for k in range(n + 1):
        below.append(below[-1] + math.comb(n, k) * p**k * (1 - p) ** (n - k))
    limit = Fraction(25, 1000)
    lows = [rank for rank in range(1, n + 1) if below[rank] <= limit]
    highs = [rank for rank in range(1, n + 1) if 1 - below[rank] <= limit]
    return (max(lows), min(highs)) if lows and highs else None


def _rates(events: int, hours: int) -> tuple[Decimal, Decimal, Decimal]:
    if not hours:
        return Decimal("0.0000"), Decimal("0.0000"), Decimal("0.0000")
    low = events * (1 - 1 / (9 * events) - Z / (3 * math.sqrt(events))) ** 3 if events else 0.0
    high = (events + 1) * (1 - 1 / (9 * (events + 1)) + Z / (3 * math.sqrt(events + 1))) ** 3
    mean = Decimal(events) / Decimal(hours)
    return _four(mean), _four(Decimal(low / hours)), _four(Decimal(high / hours))


def _four(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.0001"), ROUND_HALF_UP)
