"""Follow-up, referrals, requests: what comes after a contact, with what is missing beside each share."""

from __future__ import annotations

from powerbi.report import theme
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, chart, figure, label, measure, metric_name, values
from powerbi.report.words import Between, Box, Field, Kind, Page, Series, Sort, Visual

QUARTER = frame.last_days(90)
YEAR = Between(frame.column("Dates", "DaysBeforeAsOf"), 0, 400)
COLUMNS = ((16, 410), (434, 410), (852, 412))


def _follow(name: str, caption: str) -> Field:
    return measure("DailyFollowUps", f"{name} (DailyFollowUps)", caption)


def _referral(name: str, caption: str) -> Field:
    return measure("DailyReferrals", f"{name} (DailyReferrals)", caption)


def _request(name: str, caption: str) -> Field:
    return measure("DailyRequests", f"{name} (DailyRequests)", caption)


GIVEN, REFUSED = _follow("Consent given count", "given"), _follow("Consent refused count", "refused")
NOT_ASKED = _follow("Consent not asked count", "not asked")
MADE, ACCEPTED = _referral("Referral count", "made"), _referral("Accepted count", "accepted")
CONNECTED = _referral("Connected count", "connected")


def _tile(metric_id: str, place: int, *beside: Field) -> Visual:
    left, width = COLUMNS[place]
    return Visual(
        f"tile {metric_id}",
        Kind.CARD,
        Box(left, 64, width, 92),
        f"{metric_name(metric_id)} over the last 90 days, with what it is a share of and what is missing or invalid.",
        f"{metric_name(metric_id)}, 90 days",
        wells=cards(figure(metric_id, caption="share"), *beside),
        filters=(QUARTER,),
        size=14,
        bold=True,
        blank="none",
    )


def _by_month(metric_id: str, place: int) -> Visual:
    left, width = COLUMNS[place]
    value = figure(metric_id)
    return Visual(
        f"months {metric_id}",
        Kind.LINE,
        Box(left, 416, width, 260),
        f"{metric_name(metric_id)} by month over the last year; each point carries its value.",
        f"{metric_name(metric_id)} by month",
        wells=chart(frame.MONTH, value),
        filters=(YEAR,),
        sort=(Sort(frame.MONTH),),
        series=(Series(value, theme.BLUE),),
    )


def _about(metric_id: str) -> tuple[str, str]:
    """The visuals of one metric."""
    return f"tile {metric_id}", f"months {metric_id}"


PAGE = Page(
    "care",
    "Follow-up, referrals, requests",
    (
        *frame.head("Follow-up, referrals, requests"),
        _tile(
            "follow_up_48h",
            0,
            figure("follow_up_48h", "n", "due"),
            figure("follow_up_48h", "n missing", "n missing"),
            figure("follow_up_48h", "n invalid", "n invalid"),
        ),
        _tile(
            "referrals_connected",
            1,
            figure("referrals_connected", "n", "mature"),
            figure("referrals_connected", "n invalid", "n invalid"),
        ),
        _tile(
            "requests_on_time",
            2,
            figure("requests_on_time", "n", "due"),
            figure("requests_on_time", "n missing", "n missing"),
            _request("Backlog count", "backlog"),
            _request("Backlog late count", "late"),
        ),
        Visual(
            "consent",
            Kind.BAR,
            Box(16, 164, 410, 244),
            "Engaged service users of the last 90 days by team: consent to follow-up given, refused, or not asked.",
            "Consent to follow-up by team, 90 days",
            wells=chart(frame.TEAM, GIVEN, REFUSED, NOT_ASKED),
            filters=(QUARTER, frame.some(_follow("Engaged count", "engaged"))),
            sort=(Sort(GIVEN, descending=True),),
            reaches=(*_about("follow_up_48h"), *_about("requests_on_time"), "requests"),
            series=(
                Series(GIVEN, theme.BLUE),
                Series(REFUSED, theme.VERMILION),
                Series(NOT_ASKED, theme.RULE),
            ),
        ),
        Visual(
            "services",
            Kind.TABLE,
            Box(434, 164, 410, 244),
            "Referrals of the last 90 days by service: made, accepted and connected, most made first.",
            "Referrals by service, 90 days",
            wells=values(label("service"), MADE, ACCEPTED, CONNECTED),
            filters=(QUARTER, frame.some(MADE)),
            sort=(Sort(MADE, descending=True),),
            reaches=_about("referrals_connected"),
        ),
        Visual(
            "requests",
            Kind.TABLE,
            Box(852, 164, 412, 244),
            "Requests of the last 90 days by kind: received, answered on time, unanswered, most received first.",
            "Requests by kind, 90 days",
            wells=values(
                label("request_kind", "Kind"),
                _request("Received count", "received"),
                figure("requests_on_time", caption="on time"),
                figure("requests_on_time", "n", "due"),
                figure("requests_on_time", "n missing", "unanswered"),
            ),
            filters=(QUARTER,),
            sort=(Sort(_request("Received count", "received"), descending=True),),
            reaches=_about("requests_on_time"),
        ),
        *(
            _by_month(name, place)
            for place, name in enumerate(("follow_up_48h", "referrals_connected", "requests_on_time"))
        ),
        frame.note(
            "foot",
            frame.FOOT,
            "Follow-ups count when 48 h have passed, referrals when 30 days have, requests when they are due: "
            "the newest days are empty, not bad.",
        ),
    ),
)
