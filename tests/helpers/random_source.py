"""Hypothesis strategies: small random sources in which everything that goes wrong goes wrong often.

Clocks are drawn from a few days around both changes of summer time, on awkward moments (midnight, doubled hour, exact
windows), so that edges are met; ids collide with merges, duplicates and records that are not there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import strategies as st

from tests.helpers.source_tables import Row, instant

SPRING = instant("2025-03-08")
AUTUMN = instant("2025-11-01")
"""Local midnights of Toronto, the day before clocks change; naive UTC."""
STEPS_MS = (
    0, 1, 999, 1_000, 14_999, 15_000, 15_001, 60_000, 899_500, 1_800_000, 3_599_999, 3_600_000, 3_600_001, 5_400_000,
    43_199_999, 43_200_000, 43_200_001, 86_399_999, 86_400_000, 86_400_001, 90_000_000, 172_799_999, 172_800_000,
    172_800_001, 604_800_000, 604_800_001, 2_592_000_000, 2_592_000_001, -1, -60_000, -3_600_000,
)  # fmt: skip
"""Milliseconds between two clocks of a record: ordinary ones, and one beside each window and limit."""


def moments(begin: datetime) -> st.SearchStrategy[datetime]:
    """Instants within 40 days of `begin`: whole half hours and odd milliseconds."""
    half_hours = st.integers(0, 40 * 48).map(lambda n: begin + timedelta(minutes=30 * n))
    odd = st.integers(0, 40 * 86_400_000).map(lambda n: begin + timedelta(milliseconds=n))
    return half_hours | odd


def after(moment: datetime | None) -> st.SearchStrategy[datetime | None]:
    """A clock some step after another; sometimes not typed."""
    if moment is None:
        return st.none()
    return st.none() | st.sampled_from(STEPS_MS).map(lambda step: moment + timedelta(milliseconds=step))


HOUR = 3_600_000
PROMISES = (
    ("incident", "reported_at", 7 * 24 * HOUR),
    ("incident", "reported_at", 30 * 24 * HOUR),
    ("incident", "notified_at", 24 * HOUR),
    ("call", "call_create", HOUR),
    ("unit_response", "time_unit_clear", 48 * HOUR),
    ("referral", "made_at", 30 * 24 * HOUR),
    ("request", "due_at", 0),
)
"""Clocks at which a window begins, and its length."""


@st.composite
def exactly_due(draw: st.DrawFn, rows: dict[str, list[Row]]) -> datetime:
    """The moment at which some record's window elapses, or the millisecond beside it."""
    ends = [
        moment + timedelta(milliseconds=length)
        for table, clock, length in PROMISES
        for row in rows[table]
        if isinstance(moment := row[clock], datetime)
    ]
    return draw(st.sampled_from(ends or [SPRING])) + timedelta(milliseconds=draw(st.sampled_from((-1, 0, 0, 1))))


def within(moment: datetime | None, length: int) -> st.SearchStrategy[datetime | None]:
    """A clock at, or a millisecond beside, the end of a window that begins at `moment`."""
    steps = st.sampled_from((-1, 0, length - 1, length, length + 1))
    return st.none() if moment is None else steps.map(lambda step: moment + timedelta(milliseconds=step))


WORDS: dict[str, tuple[str | None, ...]] = {
    "family": ("violent_critical", "violent_critical", "person_in_crisis", "Violent_Critical ", "transit"),
    "type_code": ("shooting", "shooting", "shooting", "stabbing", "crisis", "GUN", "what?", None),
    "type_final_code": (None, None, None, None, None, "homicide", "what?"),
    "harm": ("fatal", "injured", "none", "bad", None, None, None),
    "severity": ("life_threatening", "no_injury", None, None, None),
    "status": ("open", "closed", "reopened", "merged", "duplicate", "void", "test", None),
    "source": ("911", "211", "phone", None),
    "priority": ("1", "2", "high", None),
    "stop_reason": (None, "abandoned", "resolved_by_phone", "ineligible_hours", "no_team", "cancelled", "declined", "unable_to_locate", "huh"),
    "contact_outcome": ("engaged", "declined", "unable_to_locate", "cancelled", "Engaged  ", "gone fishing", None),
    "disposition": ("remained_in_community", "emergency_department", "arrest", "none", "ED", "moon", None),
    "police_on_scene": ("no", "asked", "already_there", None),
    "mode": ("mobile", "mobile", None, "phone"),
    "role": ("service_user", "service_user", "service_user", "family", None),
    "service": ("housing", "food", "ask Jo", None),
    "team": ("t1", "T1 ", "t2", "gone", None),
    "request_kind": ("information", "media", "riddle", None),
}  # fmt: skip
DOUBTS = ("date_only", "ambiguous")


@st.composite
def sources(draw: st.DrawFn) -> tuple[dict[str, list[Row]], datetime]:
    """Rows of every table that figures read, and an as-of moment (naive UTC) among or after them."""
    begin = draw(st.sampled_from((SPRING, AUTUMN)))
    clock = moments(begin)
    rows: dict[str, list[Row]] = {
        "area": [{"area_id": "001"}, {"area_id": "002"}],
        "team": [{"team_code": "t1"}, {"team_code": "t2"}],
        "unit": [{"unit_id": "u1", "team_code": "t2"}],
        "code_value": [
            {"code_value_id": 1, "code_list": "disposition", "source_code": "ED", "code": "emergency_department"},
            {"code_value_id": 2, "code_list": "incident_type", "source_code": "gun", "code": "shooting"},
            {"code_value_id": 3, "code_list": "priority", "source_code": "high", "code": "no such word"},
        ],
        "location": [
            {"location_id": 1, "area_word": "001"},
            {"location_id": 2, "area_word": " nsa"},
            {"location_id": 3, "area_word": "Outside"},
            {"location_id": 4, "area_word": "Narnia"},
            {"location_id": 5},
        ],
        "person": [{"person_key": 1}, {"person_key": 2, "merged_into": 1}, {"person_key": 3}],
    }
    rows["incident"] = [draw(incident(number, clock)) for number in range(1, draw(st.integers(1, 20)))]
    rows["call"] = [draw(call(number, clock)) for number in range(1, draw(st.integers(1, 30)))]
    arrivals = [row["call_arrival"] for row in rows["call"]]
    units = draw(st.integers(0, 30))
    rows["dispatch"] = [draw(dispatch(number, len(arrivals), clock)) for number in range(1, draw(st.integers(1, 12)))]
    rows["unit_response"] = [draw(unit(number, arrivals)) for number in range(1, units + 1)]
    repeated = draw(st.lists(st.sampled_from(rows["unit_response"]), max_size=4)) if units else []
    rows["unit_response"] += [{**row, "response_id": units + place} for place, row in enumerate(repeated, start=1)]
    rows["person_contact"] = [draw(contact(number, units, clock)) for number in range(1, draw(st.integers(1, 25)))]
    rows["consent"] = [draw(consent(number, clock)) for number in range(1, draw(st.integers(1, 7)))]
    rows["referral"] = [draw(referral(number, clock)) for number in range(1, draw(st.integers(1, 12)))]
    rows["follow_up"] = [
        draw(follow_up(number, rows["unit_response"], clock)) for number in range(1, draw(st.integers(1, 16)))
    ]
    rows["support"] = [draw(support(number, clock)) for number in range(1, draw(st.integers(1, 4)))]
    rows["request"] = [draw(request(number, clock)) for number in range(1, draw(st.integers(1, 20)))]
    as_of = draw(moments(begin + timedelta(days=20)) | exactly_due(rows))
    nights = (as_of - timedelta(days=2), as_of)
    for table in ("incident", "call", "unit_response", "request"):
        for row in rows[table]:
            row["_first_recorded_at"] = draw(st.sampled_from(nights))
    return rows, as_of


def word(draw: st.DrawFn, name: str) -> str | None:
    return draw(st.sampled_from(WORDS[name]))


def flags(draw: st.DrawFn, *clocks: str) -> str | None:
    doubted = draw(st.lists(st.tuples(st.sampled_from(clocks), st.sampled_from(DOUBTS)), max_size=2))
    return "; ".join(f"{clock}:{doubt}" for clock, doubt in doubted) or None


@st.composite
def incident(draw: st.DrawFn, number: int, clock: st.SearchStrategy[datetime]) -> Row:
    occurred = draw(st.none() | clock)
    reported = draw(clock | st.none() | after(occurred))
    notified = draw(after(reported))
    closed = draw(after(reported) | after(notified))
    return {
        "incident_id": number,
        "incident_no": f"I{draw(st.integers(max(1, number - 1), number))}",
        **{name: word(draw, name) for name in ("family", "type_code", "type_final_code", "harm", "severity")},
        "status": word(draw, "status"),
        "fatal_count": draw(st.sampled_from((0, 0, 0, 0, 0, 1))),
        "injured_count": draw(st.sampled_from((0, 0, 0, 2, -1))),
        "occurred_from": occurred,
        "reported_at": reported,
        "notified_at": notified,
        "needs_assessment_at": draw(after(notified) | within(notified, 24 * HOUR)),
        "closed_at": closed,
        "reopened_at": draw(st.none() | after(closed)),
        "merged_into": draw(st.none() | st.none() | st.integers(1, 20)),
        "location_id": draw(st.sampled_from((1, 1, 1, 1, 2, 3, 4, 5, 6, None))),
        "clock_flags": flags(draw, "reported_at", "notified_at", "needs_assessment_at", "closed_at", "occurred_from"),
    }


@st.composite
def call(draw: st.DrawFn, number: int, clock: st.SearchStrategy[datetime]) -> Row:
    arrival = draw(clock | clock | clock | st.none())
    answering = draw(after(arrival))
    create = draw(after(arrival))
    ready = draw(after(create))
    return {
        "call_id": number,
        "call_no": f"C{draw(st.integers(max(1, number - 1), number))}",
        "incident_id": draw(st.none() | st.integers(1, 20)),
        "kind": draw(st.sampled_from(("service", "service", "service", "odd", "update_request"))),
        "source": word(draw, "source"),
        "priority": word(draw, "priority"),
        "call_arrival": arrival,
        "call_answering": answering,
        "call_create": create,
        "triaged_at": draw(after(create)),
        "ready_at": ready,
        "closed_at": draw(after(arrival)),
        "abandoned_at": draw(st.none() | st.none() | after(arrival)),
        "eligible": draw(st.sampled_from((None, True, False))),
        "stop_reason": word(draw, "stop_reason"),
        "resolved_by_phone": draw(st.booleans()),
        "transfer_911_accepted": draw(st.sampled_from((None, True, True, False))),
        "duplicate_of": draw(st.none() | st.none() | st.none() | st.integers(1, 30)),
        "location_id": draw(st.sampled_from((1, 1, 1, 1, 2, 3, 4, 5, 6, None))),
        "clock_flags": flags(draw, "call_arrival", "call_create", "call_answering", "closed_at"),
    }


@st.composite
def dispatch(draw: st.DrawFn, number: int, calls: int, clock: st.SearchStrategy[datetime]) -> Row:
    return {
        "dispatch_id": number,
        "call_id": draw(st.integers(1, calls + 1)),
        "team_code": word(draw, "team"),
        "offered_at": draw(st.none() | clock),
        "accepted_at": draw(st.none() | clock),
        "declined_reason": draw(st.sampled_from((None, "no_team", "team_declined"))),
    }


@st.composite
def unit(draw: st.DrawFn, number: int, arrivals: list[object]) -> Row:
    target = draw(st.integers(1, len(arrivals) + 1))
    arrival = arrivals[target - 1] if target <= len(arrivals) else None
    sent = draw(after(arrival if isinstance(arrival, datetime) else None))
    enroute = draw(after(sent))
    on_scene = draw(after(enroute) | after(sent))
    linked: Row = draw(
        st.sampled_from(({"call_id": target}, {"call_id": target, "dispatch_id": 2}, {"dispatch_id": target % 12}))
    )
    return {
        "response_id": number,
        **linked,
        "unit_id": draw(st.sampled_from((None, "u1", "u2"))),
        "team_code": word(draw, "team"),
        "time_dispatch": sent,
        "time_enroute_to_scene": enroute,
        "time_on_scene": on_scene,
        "time_engaged": draw(after(on_scene)),
        "time_canceled_enroute": draw(st.none() | after(sent)),
        "time_unit_clear": draw(after(on_scene) | after(sent)),
        **{name: word(draw, name) for name in ("mode", "contact_outcome", "disposition", "police_on_scene")},
        "police_requested": draw(st.booleans()),
        "ems_requested": draw(st.booleans()),
        "clock_flags": flags(draw, "time_dispatch", "time_on_scene", "time_unit_clear", "time_engaged"),
    }


@st.composite
def contact(draw: st.DrawFn, number: int, units: int, clock: st.SearchStrategy[datetime]) -> Row:
    return {
        "contact_id": number,
        "person_key": draw(st.sampled_from((1, 2, 3, 4, None))),
        "incident_id": draw(st.none() | st.integers(1, 20)),
        "response_id": draw(st.sampled_from((None, *range(1, units + 3)))),
        "role": word(draw, "role"),
        "engaged": draw(st.sampled_from((True, True, False))),
        "contact_outcome": word(draw, "contact_outcome"),
        "disposition": word(draw, "disposition"),
        "contact_at": draw(st.none() | clock),
    }


@st.composite
def consent(draw: st.DrawFn, number: int, clock: st.SearchStrategy[datetime]) -> Row:
    given = draw(st.none() | clock)
    return {
        "consent_id": number,
        "person_key": draw(st.integers(1, 4)),
        "purpose": draw(st.sampled_from(("follow_up", "follow_up", "care"))),
        "state": draw(st.sampled_from(("given", "given", "given", "refused", "withdrawn", "perhaps"))),
        "given_at": given,
        "withdrawn_at": draw(st.none() | after(given)),
    }


@st.composite
def referral(draw: st.DrawFn, number: int, clock: st.SearchStrategy[datetime]) -> Row:
    made = draw(st.none() | clock)
    return {
        "referral_id": number,
        "contact_id": draw(st.none() | st.integers(1, 26)),
        "service": word(draw, "service"),
        "made_at": made,
        "accepted_at": draw(after(made)),
        "declined_at": draw(st.none() | after(made)),
        "connected_at": draw(after(made) | within(made, 30 * 24 * HOUR)),
    }


@st.composite
def follow_up(draw: st.DrawFn, number: int, units: list[Row], clock: st.SearchStrategy[datetime]) -> Row:
    clears = [row["time_unit_clear"] for row in units if isinstance(row["time_unit_clear"], datetime)]
    base = draw(st.sampled_from(clears) if clears else clock)
    ended = base if isinstance(base, datetime) else None
    tried = draw(after(ended) | within(ended, 48 * HOUR))
    return {
        "follow_up_id": number,
        "contact_id": draw(st.integers(1, 6) | st.integers(1, 26)),
        "attempted_at": tried,
        "reached_at": draw(st.none() | after(tried)),
    }


@st.composite
def support(draw: st.DrawFn, number: int, clock: st.SearchStrategy[datetime]) -> Row:
    return {
        "support_id": number,
        "call_id": draw(st.none() | st.integers(1, 30)),
        "incident_id": draw(st.none() | st.integers(1, 20)),
        "planned_at": draw(st.none() | clock),
        "held_at": draw(st.none() | clock),
    }


@st.composite
def request(draw: st.DrawFn, number: int, clock: st.SearchStrategy[datetime]) -> Row:
    received = draw(clock | clock | st.none())
    return {
        "request_id": number,
        "request_no": f"R{draw(st.integers(max(1, number - 1), number))}",
        "kind": word(draw, "request_kind"),
        "team_code": word(draw, "team"),
        "received_at": received,
        "first_answer_at": draw(after(received)),
        "due_at": draw(after(received)),
        "closed_at": draw(st.none() | after(received)),
    }
