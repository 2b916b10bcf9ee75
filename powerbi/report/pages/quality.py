"""Data quality and definitions: the state of the refresh, defects found in source data, and what each figure means."""

from __future__ import annotations

from powerbi.report.pages import frame
from powerbi.report.pages.frame import cards, column, figure, label, measure, metric_name, values
from powerbi.report.words import Among, Between, Box, Field, Kind, Page, Sort, Visual

MONTH = frame.last_days(28)
HEALTH = figure("data_health")
REVISED = measure("Revisions", "Revised records")
AGE = column("Completeness", "AgeDays", "Age in days")
STALE = measure("RefreshStatus", "Stale since")


def _definition(name: str, caption: str) -> Field:
    return column("MetricDefinitions", name, caption)


PAGE = Page(
    "quality",
    "Data quality and definitions",
    (
        *frame.head("Data quality and definitions"),
        Visual(
            "refresh",
            Kind.CARD,
            Box(16, 64, 820, 92),
            frame.FRESHNESS,
            "Refresh",
            wells=cards(
                measure("RefreshStatus", "Last run outcome", "last run"),
                STALE.called("stale since"),
                measure("Snapshots", "Data age (hours)", "age of figures, hours"),
                measure("Snapshots", "Mixed versions", "versions"),
            ),
            blank="none",
            bold=True,
        ),
        Visual(
            "health",
            Kind.CARD,
            Box(844, 64, 420, 92),
            figure("data_health", "yesterday summary"),
            f"{metric_name('data_health')}: records with a finding, 28 days",
            wells=cards(HEALTH.called("share"), figure("data_health", "n", "checked")),
            filters=(MONTH,),
            size=14,
            bold=True,
            blank="none",
        ),
        Visual(
            "findings",
            Kind.TABLE,
            Box(16, 164, 662, 124),
            "Defects found in source data of the last 28 days by table, field and finding, "
            "largest share of the records first.",
            "Findings, 28 days",
            wells=values(
                label("contract_table", "Table"),
                column("DataQuality", "FieldName", "Field"),
                label("finding"),
                HEALTH.called("share"),
                figure("data_health", "n", "checked"),
                measure("DataQuality", "Excluded count (DataQuality)", "left out"),
            ),
            filters=(MONTH, frame.some(HEALTH)),
            sort=(Sort(HEALTH, descending=True),),
            reaches=("health",),
        ),
        Visual(
            "nights",
            Kind.TABLE,
            Box(686, 164, 578, 124),
            "Each night by its as-of moment, newest first: source rows that were new, changed or deleted.",
            "Nights: rows new, changed and deleted at the source",
            wells=values(
                column("Snapshots", "AsOfLocal", "As of (local time)"),
                column("Snapshots", "AddedCount", "New"),
                column("Snapshots", "ChangedCount", "Changed"),
                column("Snapshots", "DeletedCount", "Deleted"),
            ),
            sort=(Sort(column("Snapshots", "AsOfLocal", "As of (local time)"), descending=True),),
        ),
        Visual(
            "completeness",
            Kind.TABLE,
            Box(16, 296, 400, 124),
            "Calls and incidents by the age of their day, up to a week: share known, and share never changed again.",
            "How complete a day is: calls and incidents",
            wells=values(
                AGE,
                measure("Completeness", "Share known at age", "known"),
                measure("Completeness", "Share settled at age", "settled"),
                measure("Completeness", "Records followed at age", "records"),
            ),
            filters=(Between(AGE, 0, 7), Among(frame.code("contract_table"), ("call", "incident"))),
            sort=(Sort(AGE),),
        ),
        Visual(
            "revisions",
            Kind.TABLE,
            Box(424, 296, 840, 124),
            "Past days of the last 28 that a night has changed since they were published, latest change first: records "
            "that came late, changed or were deleted.",
            "Days that changed after they were published, 28 days",
            wells=values(
                column("Revisions", "RevisedOn", "Changed on"),
                frame.DAY,
                label("contract_table", "Table"),
                *(measure("Revisions", f"{word.title()} records", word) for word in ("late", "changed", "deleted")),
            ),
            filters=(MONTH, frame.some(REVISED)),
            sort=(Sort(column("Revisions", "RevisedOn", "Changed on"), descending=True),),
            reaches=("findings",),
        ),
        Visual(
            "definitions",
            Kind.TABLE,
            Box(16, 428, 1248, 248),
            "Every figure with its number in the daily list, definition, target and days until it is mature.",
            "What each figure means",
            wells=values(
                _definition("MetricNumber", "No."),
                _definition("MetricName", "Figure"),
                _definition("Definition", "Definition"),
                _definition("Target", "Target"),
                _definition("MaturityDays", "Days to mature"),
                _definition("Owner", "Owner"),
            ),
            sort=(Sort(_definition("MetricName", "Figure")),),
        ),
        frame.note(
            "foot",
            frame.FOOT,
            "Missing and invalid values are counted, never filled in; records left out of figures are counted, too.",
        ),
    ),
)
