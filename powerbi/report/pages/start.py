"""Start: where the numbers come from, how to read them, what the words mean, and the way to every page."""

from __future__ import annotations

from models.catalogue import CATALOGUE
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, column, measure, values
from powerbi.report.words import Box, IsTrue, Kind, Page, Paragraph, Visual

ORIGIN = (
    "Every night the Crisis Metrics service reads the crisis team's own operational database, checks the records and "
    "publishes all figures at one moment: the as-of moment. This report was loaded from that snapshot.",
    "Days are local days of the city. The last complete day is called yesterday.",
    "No figure is typed or corrected in this report. What each means is on the page Data quality and definitions; "
    "late records may still change the last days.",
)
READING = (
    "Situation opens first: how fresh the figures are, yesterday against the 28 days before, and what is late or due.",
    "Usual is the range in which most days fall. A status is a word: as usual, above usual, below usual, no baseline "
    "(too little history), no figure (nothing to count that day).",
    "An empty cell means that the figure does not exist at that cut. It is never 0, and 0 is never empty.",
    "Percentiles exist for the whole city, one team or one priority. Anywhere else they stay empty.",
)
COUNTED = (
    "n counts records with a valid interval, n missing those without a clock, n invalid those out of order.",
    "Families are never added up: "
    + ", ".join(
        name.lower()
        for word, name in CATALOGUE.codes["family"].labels().items()
        if word in ("violent_critical", "person_in_crisis")
    )
    + ".",
    "An open call past its target has failed it. A case whose window has not ended counts on neither side.",
    "Staff restricted to areas or teams see these alone; totals are then totals of what they may see.",
)


def _block(key: str, title: str, texts: tuple[str, ...], left: int) -> Visual:
    paragraphs = (Paragraph(title, 14, bold=True), *(Paragraph(text, 12) for text in texts))
    return Visual(key, Kind.TEXT, Box(left, 124, 410, 290), " ".join((title + ":", *texts)), paragraphs=paragraphs)


NOTICE = measure("Snapshots", "Demo data notice")
PAGE = Page(
    "start",
    "Start",
    (
        *frame.head("Crisis Metrics: start here"),
        Visual(
            "notice",
            Kind.CARD,
            Box(16, 64, 1248, 52),
            "Whether the data are real, or made up for demonstration.",
            wells=cards(NOTICE),
            captions=False,
            bold=True,
            size=14,
            blank="Real data: records of the crisis team's own database.",
        ),
        _block("origin", "Where the numbers come from", ORIGIN, 16),
        _block("reading", "How to read them", READING, 434),
        _block("counted", "What is counted", COUNTED, 852),
        Visual(
            "navigator",
            Kind.NAVIGATOR,
            Box(16, 422, 1248, 96),
            "Buttons that lead to the other pages of this report.",
        ),
        Visual(
            "snapshot",
            Kind.TABLE,
            Box(16, 526, 1248, 182),
            "The snapshot that this report shows: its as-of moment, the definitions and engine that made it, "
            "and the sources to name.",
            "The snapshot that this report shows",
            wells=values(
                column("Snapshots", "AsOfLocal", "As of (local time)"),
                column("Snapshots", "IsSynthetic", "Synthetic data"),
                column("Snapshots", "CatalogueVersion", "Definitions"),
                column("Snapshots", "EngineVersion", "Engine"),
                column("Snapshots", "CleaningProfile", "Cleaning rules"),
                column("Snapshots", "Attribution", "Sources and licences"),
            ),
            filters=(IsTrue(column("Snapshots", "IsCurrent")),),
        ),
    ),
)
