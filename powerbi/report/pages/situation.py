"""Situation: normal or not in five seconds, without a click.

Freshness first, then yesterday against its baseline, then what is late or due by severity.
"""

from __future__ import annotations

from dataclasses import replace

from powerbi.report import theme
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, chart, column, figure, label, measure, metric_name, values
from powerbi.report.words import Among, Box, Emphasis, Field, Kind, Page, Phone, Series, Sort, Visual

TILES = (
    "incidents_reported",
    "open_incidents",
    "calls_for_service",
    "first_arrival",
    "dispatch_rate",
    "diversion_911",
    "contact_outcome",
    "requests_on_time",
)
URGENT = Among(frame.code("due_state"), ("late", "due_24h"))
MIXED = measure("Snapshots", "Mixed versions")
NOTICE = measure("Snapshots", "Demo data notice")
TITLE = measure("Snapshots", "Situation title")
STALE = measure("RefreshStatus", "Stale since")
OPEN, LATE = measure("OpenItems", "Open items"), measure("OpenItems", "Late items")
DUE = measure("OpenItems", "Due in 24 h")
SUMMARY = measure("OpenItems", "Open items summary")


def _tile(metric_id: str, place: int) -> Visual:
    """Yesterday and its status in words; beside it the 28 days before and the same weekday of the four weeks before."""
    row, position = divmod(place, 4)
    status = figure(metric_id, "yesterday status", "status")
    return Visual(
        f"tile {metric_id}",
        Kind.CARD,
        Box(16 + 314 * position, 108 + 140 * row, 306, 134),
        figure(metric_id, "yesterday summary"),
        metric_name(metric_id),
        wells=cards(
            figure(metric_id, "yesterday", "yesterday"),
            status,
            figure(metric_id, "yesterday 28-day baseline", "28-day baseline"),
            figure(metric_id, "yesterday same weekday", "same weekday"),
        ),
        emphases=tuple(Emphasis(status, colour, (word,)) for word, colour in theme.STATUS_COLOURS),
        size=13,
        across=2,
        bold=True,
        blank="none",
    )


def _text(visual: Visual, field: Field, blank: str, alarm: str = "") -> Visual:
    """A card of one sentence, in the colour of alarm where it holds that word; `blank` stands for an empty one."""
    return replace(
        visual,
        wells=cards(field),
        captions=False,
        blank=blank,
        emphases=(Emphasis(field, theme.ALARM, (alarm,)),) if alarm else (),
    )


# Measures that may be blank are no alternative texts.
VERSIONS = "Whether all tables come from one snapshot; if not, it says: mixed versions, refresh again."
REAL = "Whether the data are real, or made up for demonstration."
SCHEDULE = "Since when fresher figures are overdue; if nothing is overdue, it says that the refresh is on schedule."
STRIP = (
    _text(
        Visual("freshness", Kind.CARD, Box(16, 8, 552, 44), frame.FRESHNESS, size=14, bold=True),
        frame.FRESHNESS,
        "Age of the figures not known",
        "STALE",
    ),
    _text(
        Visual("versions", Kind.CARD, Box(576, 8, 240, 44), VERSIONS, size=11, bold=True),
        MIXED,
        "All tables from one snapshot",
        "mixed",
    ),
    _text(Visual("notice", Kind.CARD, Box(824, 8, 440, 44), REAL, size=10), NOTICE, "Real data"),
    _text(Visual("situation", Kind.CARD, Box(16, 58, 470, 44), TITLE, size=16, bold=True), TITLE, "As-of not known"),
    frame.provisional(Box(494, 58, 382, 44)),
    _text(Visual("stale", Kind.CARD, Box(884, 58, 380, 44), SCHEDULE, bold=True), STALE, "Refresh is on schedule"),
)
WORK = (
    Visual(
        "open items",
        Kind.CARD,
        Box(16, 388, 256, 84),
        SUMMARY,
        "Open items",
        wells=cards(OPEN.called("open"), LATE.called("late"), DUE.called("due in 24 h")),
        size=14,
        bold=True,
        blank="none",
    ),
    Visual(
        "late and due list",
        Kind.TABLE,
        Box(280, 388, 984, 288),
        SUMMARY,
        "Late, or due in the next 24 hours: gravest first",
        wells=values(
            label("severity"),
            label("due_state", "Lateness"),
            column("OpenItems", "DueLocal", "Due"),
            label("item_kind", "What"),
            column("OpenItems", "ItemNumber", "Number"),
            frame.AREA,
            frame.TEAM,
        ),
        filters=(URGENT, frame.some(OPEN)),
        reaches=("open items", "late and due by severity"),
        sort=(Sort(label("severity")), Sort(label("due_state")), Sort(column("OpenItems", "DueLocal"))),
    ),
    Visual(
        "late and due by severity",
        Kind.BAR,
        Box(16, 478, 256, 198),
        SUMMARY,
        "By severity",
        wells=chart(label("severity"), LATE, DUE),
        series=(Series(LATE, theme.VERMILION), Series(DUE, theme.BLUE)),
        sort=(Sort(label("severity")),),
        reaches=("open items", "late and due list"),
    ),
)
FOOT = frame.note(
    "foot",
    frame.FOOT,
    "Yesterday: the last complete local day. Baseline: mean of the 28 days before. Same weekday: mean of four weeks. "
    "Source: nightly snapshot of the crisis team's database.",
)

PAGE = Page(
    "situation",
    "Situation",
    (*STRIP, *(_tile(metric_id, place) for place, metric_id in enumerate(TILES)), *WORK, FOOT),
    phone=(
        Phone("freshness", 56),
        Phone("versions", 48),
        Phone("notice", 64),
        Phone("situation", 84),
        Phone("stale", 48),
        Phone("provisional", 64),
        Phone("open items", 84),
        *(Phone(f"tile {metric_id}", 134) for metric_id in TILES),
        Phone("late and due by severity", 240),
    ),
)
