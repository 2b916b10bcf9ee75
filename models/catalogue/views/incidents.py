"""Daily facts about violent and other critical incidents (D1 to D4)."""

from __future__ import annotations

from models.catalogue.columns import count, stock
from models.catalogue.roles import STAFF
from models.catalogue.types import View
from models.catalogue.views.shared import (
    AREA_ID,
    FAMILY,
    HARM,
    INCIDENT_TYPE,
    OPERATIONAL_DATE,
    TO_AREA,
    TO_DATE,
    TO_TYPE,
    table,
)

VIEWS = (
    View(
        name="DailyIncidents",
        entity="DailyIncident",
        title="Incidents by day",
        grain="One row for each local day, area, kind and worst harm for which any of the counts is not zero.",
        key=("OperationalDate", "AreaId", "IncidentTypeCode", "HarmCode"),
        area="AreaId",
        roles=STAFF,
        navigations=(TO_DATE, TO_AREA, TO_TYPE),
        columns=table(
            OPERATIONAL_DATE,
            AREA_ID,
            INCIDENT_TYPE,
            HARM,
            FAMILY,
            count("IncidentCount", "incidents", "Distinct incidents whose reported_at falls in the day (D1, D2)."),
            count("IncidentOccurredCount", "incidents", "Distinct incidents whose occurred_from falls in the day."),
            count("IncidentClosedCount", "incidents", "Incidents whose closed_at falls in the day."),
            stock(
                "OpenIncidentCount", "incidents", "Incidents open when the day ended, or at as-of on the last day (D3)."
            ),
            stock("OpenOver7DaysCount", "incidents", "Of the open incidents, those reported over 7 days before."),
            stock("OpenOver30DaysCount", "incidents", "Of the open incidents, those reported over 30 days before."),
            count(
                "AssessmentDueCount",
                "incidents",
                "Violent incidents notified in the day whose assessment window has elapsed at as-of (D4).",
            ),
            count("AssessmentOnTimeCount", "incidents", "Of those due, assessed with 0 <= interval <= window."),
            count("AssessmentLateCount", "incidents", "Of those due, assessed after the window."),
            count(
                "AssessmentMissingCount",
                "incidents",
                "n missing: of those due, no assessment with a known time at as-of.",
            ),
            count("AssessmentInvalidCount", "incidents", "n invalid: of those due, assessed before notified."),
            count(
                "AssessmentNotDueCount",
                "incidents",
                "Violent incidents notified in the day whose window has not elapsed: out of both sides.",
            ),
            count("FatalPersonCount", "people", "People killed, over incidents reported in the day."),
            count("InjuredPersonCount", "people", "People injured, over incidents reported in the day."),
        ),
    ),
)
