"""Response performance: percentiles with their interval, calls still waiting, and where calls are lost and why."""

from __future__ import annotations

from models.catalogue import CATALOGUE
from powerbi.report import theme
from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, chart, figure, label, measure, metric_name, values
from powerbi.report.words import Among, Box, Field, Kind, Page, Series, Sort, Stroke, Visual

TABLE = "ResponsePercentiles"
MONTH = frame.last_days(28)
PERIODS = Among(frame.code("period"), ("day", "7d", "28d", "month", "year", "all"))
NOTE = figure("first_arrival", "percentile note")
LOST = measure("DailyFunnel", "Calls lost at stage", "Calls")
REACHED = measure("DailyFunnel", "Calls reaching stage")
P50, P90 = figure("first_arrival", "p50", "median (p50)"), figure("first_arrival", "p90", "p90")
BY_PERIOD = ("percentiles", "first arrival", "first arrival by team", "note", "by day")


def _percentile(name: str, caption: str) -> Field:
    return measure(TABLE, f"Interval {name}", caption)


PAGE = Page(
    "response",
    "Response performance",
    (
        *frame.head("Response performance"),
        Visual(
            "period",
            Kind.SLICER,
            Box(16, 64, 200, 92),
            "Choice of the period of the percentiles; without a choice it is the last 28 days.",
            "Period of percentiles",
            wells=values(label("period")),
            filters=(PERIODS,),
            reaches=BY_PERIOD,
        ),
        Visual(
            "first arrival",
            Kind.CARD,
            Box(224, 64, 520, 92),
            f"{metric_name('first_arrival')} in minutes: median and 90th percentile, each with the ends of its "
            "95 % interval.",
            f"{metric_name('first_arrival')}, minutes",
            wells=cards(
                P50.called("p50"),
                figure("first_arrival", "p50 low", "p50 from"),
                figure("first_arrival", "p50 high", "p50 to"),
                P90.called("p90"),
                figure("first_arrival", "p90 low", "p90 from"),
                figure("first_arrival", "p90 high", "p90 to"),
            ),
            filters=(MONTH,),
            blank="none",
            bold=True,
        ),
        Visual(
            "waiting",
            Kind.CARD,
            Box(752, 64, 512, 92),
            "Calls of the last 28 days that no unit has reached, still waiting or cancelled; and the share within the "
            "target of those that met or missed it.",
            f"Not reached, and target ({CATALOGUE.metrics['first_arrival'].target}), 28 days",
            wells=cards(
                measure("DailyResponses", "Waiting count (DailyResponses)", "waiting"),
                measure("DailyResponses", "Cancelled count (DailyResponses)", "cancelled"),
                figure("first_arrival", "within target", "in target"),
                measure("DailyResponses", "Target due count (DailyResponses)", "of calls"),
            ),
            filters=(MONTH,),
            blank="none",
            bold=True,
        ),
        Visual(
            "percentiles",
            Kind.TABLE,
            Box(16, 164, 820, 240),
            "Each interval with its median and 90th percentile in minutes, the ends of their 95 % intervals, "
            "and n, n missing and n invalid beside.",
            "Every interval, minutes, with 95 % intervals",
            wells=values(
                label("interval"),
                _percentile("p50", "p50"),
                _percentile("p50 low", "p50 from"),
                _percentile("p50 high", "p50 to"),
                _percentile("p90", "p90"),
                _percentile("p90 low", "p90 from"),
                _percentile("p90 high", "p90 to"),
                _percentile("n", "n"),
                _percentile("n missing", "n missing"),
                _percentile("n invalid", "n invalid"),
            ),
            filters=(MONTH,),
            sort=(Sort(label("interval")),),
            reaches=(),
        ),
        Visual(
            "by day",
            Kind.LINE,
            Box(844, 164, 420, 240),
            NOTE,
            "First arrival up to each day, minutes",
            wells=chart(
                frame.DAY,
                P50,
                P90,
                beside=tuple(
                    figure("first_arrival", f"{which} {end}", f"{which} {said}")
                    for which in ("p50", "p90")
                    for end, said in (("low", "from"), ("high", "to"))
                ),
            ),
            filters=(MONTH,),
            sort=(Sort(frame.DAY),),
            series=(Series(P50, theme.BLUE), Series(P90, theme.VERMILION, Stroke.DASHED)),
        ),
        Visual(
            "funnel",
            Kind.BAR,
            Box(16, 412, 400, 264),
            "Calls for service of the last 28 days by the stage that they reached, from received to supported.",
            "Calls that reached each stage, 28 days",
            wells=chart(label("stage"), REACHED, beside=(measure("DailyFunnel", "Share of calls reaching stage"),)),
            filters=(MONTH,),
            sort=(Sort(label("stage")),),
            reaches=("losses",),
            series=(Series(REACHED, theme.BLUE),),
        ),
        Visual(
            "losses",
            Kind.TABLE,
            Box(424, 412, 412, 264),
            "Calls lost at a stage, each with its one reason, by stage and most frequent first; "
            "calls still in progress are not lost.",
            "Where calls are lost, and the one reason",
            wells=values(label("stage"), label("stop_reason", "Reason"), LOST),
            filters=(MONTH, frame.some(LOST)),
            sort=(Sort(label("stage")), Sort(LOST, descending=True)),
            reaches=("funnel",),
        ),
        Visual(
            "first arrival by team",
            Kind.TABLE,
            Box(844, 412, 420, 208),
            f"{metric_name('first_arrival')} by team in minutes: median with its 95 % interval, and 90th percentile.",
            f"{metric_name('first_arrival')} by team, minutes",
            wells=values(
                frame.TEAM,
                P50.called("p50"),
                figure("first_arrival", "p50 low", "p50 from"),
                figure("first_arrival", "p50 high", "p50 to"),
                P90.called("p90"),
            ),
            filters=(MONTH,),
            sort=(Sort(P90, descending=True),),
            reaches=("percentiles", "first arrival", "note", "by day", "waiting"),
        ),
        Visual("note", Kind.CARD, Box(844, 628, 420, 48), NOTE, wells=cards(NOTE), captions=False, size=10),
        frame.note(
            "foot",
            frame.FOOT,
            "p50: half of the calls were faster. p90: nine of ten were. From and to: 95 % interval. "
            "Percentiles are computed from the records, never averaged from days.",
        ),
    ),
)
