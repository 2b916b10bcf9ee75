"""Past days that changed, and how complete a day is by its age -> measures, and the note on days that may still change.

Counts of revisions follow the days and tables that the reader has chosen; shares by age need one age, because the
records of a day are counted again at each. Pure; called by __init__.
"""

from __future__ import annotations

from collections.abc import Iterator

from powerbi.measures.cuts import answerable
from powerbi.measures.dax import OTHER_DAYS, dax_column, dax_table, dax_text, total, when, with_variables
from powerbi.measures.values import COUNT, SHARE
from powerbi.model.words import Measure

REVISED, COMPLETE = "Revisions", "Completeness"
FOLDERS = {REVISED: "Past days that changed", COMPLETE: "Completeness by age", "Dates": "Freshness"}
COUNTED = {
    "Late records": ("AddedCount", "Records that came, or came back, after their day had been published."),
    "Changed records": ("ChangedCount", "Records changed after their day had been published."),
    "Deleted records": ("DeletedCount", "Records gone after their day had been published."),
}


def measures() -> Iterator[Measure]:
    """All of them."""
    for name, (column, said) in COUNTED.items():
        yield _revised(name, total(REVISED, column), said)
    every = " + ".join(total(REVISED, column) for column, _ in COUNTED.values())
    yield _revised("Revised records", every, "Late, changed and deleted records together.")
    shares = {
        "Share known at age": (
            "KnownCount",
            "Records first recorded by that age of their day, over all of these days.",
        ),
        "Share settled at age": ("SettledCount", "Records that never changed after that age, over all of these days."),
    }
    for name, (column, said) in shares.items():
        share = f"DIVIDE({total(COMPLETE, column)}, {total(COMPLETE, 'RecordCount')})"
        yield _at_age(name, share, SHARE, said)
    yield _at_age(
        "Records followed at age",
        total(COMPLETE, "RecordCount"),
        COUNT,
        "Records of the days that were followed so long.",
    )
    yield Measure(
        "Provisional note", "Dates", _note(), "Which days may still change, and how that is known.", "Freshness"
    )


def _revised(name: str, expression: str, said: str) -> Measure:
    return Measure(name, REVISED, when(answerable(REVISED), f"{expression} + 0"), said, FOLDERS[REVISED], COUNT)


def _at_age(name: str, expression: str, format_: str, said: str) -> Measure:
    one = f"{answerable(COMPLETE)} && HASONEVALUE({dax_column(COMPLETE, 'AgeDays')})"
    return Measure(
        name, COMPLETE, when(one, expression), f"{said} One age has to be chosen.", FOLDERS[COMPLETE], format_
    )


def _note() -> str:
    days = f"CALCULATE(MAX({dax_column('Dates', 'ProvisionalDays')}), {OTHER_DAYS})"
    learned = f"{dax_column('Dates', 'IsProvisionalLearned')} = TRUE()"
    count = f"CALCULATE(COUNTROWS({dax_table('Dates')}), {OTHER_DAYS}, {learned})"
    how = f"IF(LearnedDays > 0, {dax_text('learned')}, {dax_text('declared')})"
    words = f'"Provisional: days under " & ProvisionalAge & " days old (" & {how} & ")"'
    return with_variables({"ProvisionalAge": days, "LearnedDays": count}, when("NOT ISBLANK(ProvisionalAge)", words))
