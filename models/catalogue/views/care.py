"""Daily facts about what follows a contact: referrals, follow-ups, requests (D12 to D14)."""

from __future__ import annotations

from models.catalogue.columns import code, count, stock, total_millis
from models.catalogue.roles import STAFF
from models.catalogue.types import Scope, View
from models.catalogue.views.shared import AREA_ID, OPERATIONAL_DATE, TEAM_CODE, TO_AREA, TO_DATE, TO_TEAM, table

VIEWS = (
    View(
        name="DailyReferrals",
        entity="DailyReferral",
        title="Referrals by day made",
        grain="One row for each local day of made_at, area and service with a referral made.",
        key=("OperationalDate", "AreaId", "ServiceCode"),
        area="AreaId",
        roles=STAFF,
        navigations=(TO_DATE, TO_AREA),
        columns=table(
            OPERATIONAL_DATE,
            AREA_ID,
            code("ServiceCode", "service", "Service referred to."),
            count("ReferralCount", "referrals", "Referrals made in the day (D12 denominator)."),
            count("AcceptedCount", "referrals", "Of those, accepted by as-of."),
            count("DeclinedCount", "referrals", "Of those, declined by as-of."),
            count("ConnectedCount", "referrals", "Of those, first attendance proven by as-of."),
            count("MatureReferralCount", "referrals", "Referrals at least 30 days old at as-of."),
            count("MatureAcceptedCount", "referrals", "Of the mature, accepted within 30 days."),
            count("MatureConnectedCount", "referrals", "Of the mature, connected within 30 days (D12 numerator)."),
            count("ConnectionInvalidCount", "referrals", "n invalid: connected before made."),
            total_millis("ConnectionMsSum", "Sum of made_at to connected_at over valid connections."),
        ),
    ),
    View(
        name="DailyFollowUps",
        entity="DailyFollowUp",
        title="Follow-ups by day of contact",
        grain="One row for each local day on which a contact ended (time_unit_clear), area and team.",
        key=("OperationalDate", "AreaId", "TeamCode"),
        area="AreaId",
        team="TeamCode",
        roles=STAFF,
        navigations=(TO_DATE, TO_AREA, TO_TEAM),
        columns=table(
            OPERATIONAL_DATE,
            AREA_ID,
            TEAM_CODE,
            count("EngagedCount", "contacts", "Engaged service users."),
            count("ConsentGivenCount", "contacts", "Of those, follow-up consent given."),
            count("ConsentRefusedCount", "contacts", "Of those, refused or withdrawn."),
            count("ConsentNotAskedCount", "contacts", "Of those, not asked: a class of its own."),
            count("DueCount", "contacts", "Consenting, and 48 h have elapsed at as-of (D13 denominator)."),
            count("AttemptedOnTimeCount", "contacts", "Of the due, first attempt with 0 <= interval <= 48 h (D13)."),
            count("ReachedOnTimeCount", "contacts", "Of the due, reached with 0 <= interval <= 48 h."),
            count("MissingCount", "contacts", "n missing: of the due, no attempt recorded."),
            count("InvalidCount", "contacts", "n invalid: of the due, attempted before the contact ended."),
            count("NotDueCount", "contacts", "Consenting, 48 h have not elapsed: out of both sides."),
        ),
    ),
    View(
        name="DailyRequests",
        entity="DailyRequest",
        title="Requests by day",
        grain="One row for each local day, kind and team for which any of the counts is not zero.",
        key=("OperationalDate", "RequestKindCode", "TeamCode"),
        team="TeamCode",
        scope=Scope.OPEN,
        roles=STAFF,
        navigations=(TO_DATE, TO_TEAM),
        columns=table(
            OPERATIONAL_DATE,
            code("RequestKindCode", "request_kind", "Kind of request."),
            TEAM_CODE,
            count("ReceivedCount", "requests", "Requests whose received_at falls in the day."),
            count(
                "DueCount",
                "requests",
                "Requests whose due_at falls in the day and has passed at as-of (D14 denominator).",
            ),
            count("AnsweredOnTimeCount", "requests", "Of the due, first answered no later than due (D14 numerator)."),
            count("UnansweredCount", "requests", "n missing: of the due, no answer recorded at as-of."),
            count("InvalidCount", "requests", "n invalid: of the due, answered before received."),
            stock(
                "BacklogCount", "requests", "Received and neither answered nor closed when the day ended, or at as-of."
            ),
            stock("BacklogLateCount", "requests", "Of the backlog, past due."),
        ),
    ),
)
