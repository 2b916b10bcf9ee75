"""Records -> exact percentiles at any cut, for analysts, from the values themselves. Pure; called by __init__."""

from __future__ import annotations

from collections.abc import Iterator

from powerbi.measures.cuts import answerable
from powerbi.measures.dax import dax_column, dax_table, when, with_variables
from powerbi.measures.values import COUNT, MINUTES, MS_A_MINUTE
from powerbi.model.words import Measure

FOLDER = "Records"
VIEWS = ("Incidents", "Calls")
INTERVALS = (
    ("First arrival", "Calls", "FirstArrivalMs"),
    ("Processing", "Calls", "ProcessingMs"),
    ("Queue", "Calls", "QueueMs"),
    ("On scene", "Calls", "OnSceneMs"),
    ("Assessment", "Incidents", "AssessmentMs"),
)
ONE_FAMILY = f"HASONEVALUE({dax_column('IncidentTypes', 'FamilyCode')})"


def measures() -> Iterator[Measure]:
    """Counts of records, then percentiles."""
    for name, view, condition, said in (
        (
            "Incident records",
            "Incidents",
            f"{answerable('Incidents')} && {ONE_FAMILY}",
            "of one family, which has to be chosen",
        ),
        ("Call records", "Calls", answerable("Calls"), "of calls for service"),
    ):
        expression = when(condition, f"COUNTROWS({dax_table(view)}) + 0")
        yield Measure(name, view, expression, f"Number of records {said}.", FOLDER, COUNT)
    for label, view, column in INTERVALS:
        for word, rank in (("p50", "0.5"), ("p90", "0.9")):
            yield Measure(
                f"{label} {word} (records)",
                view,
                _percentile(view, column, rank),
                f"Exact {word} of {column} in minutes, over the records chosen; linear between order statistics.",
                FOLDER,
                MINUTES,
            )


def _percentile(view: str, column: str, rank: str) -> str:
    known = {"Timed": f"FILTER({dax_table(view)}, NOT ISBLANK({dax_column(view, column)}))"}
    exact = f"PERCENTILEX.INC(Timed, {dax_column(view, column)}, {rank}) / {MS_A_MINUTE}"
    return with_variables(known, when(f"{answerable(view)} && NOT ISEMPTY(Timed)", exact))
