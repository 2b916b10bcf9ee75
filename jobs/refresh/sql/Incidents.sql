-- Incidents that count, record level, by local day of reported_at.
SELECT
    i.incident_id AS "IncidentId",
    i.incident_no AS "IncidentNumber",
    i.reported_day AS "OperationalDate",
    i.area_id AS "AreaId",
    i.family AS "FamilyCode",
    i.type AS "IncidentTypeCode",
    i.harm AS "HarmCode",
    i.severity AS "SeverityCode",
    i.status AS "StatusCode",
    i.source AS "SourceCode",
    i.geocode_method AS "GeocodeMethodCode",
    i.occurred_from AS "OccurredAt",
    i.reported_at AS "ReportedAt",
    i.notified_at AS "NotifiedAt",
    i.needs_assessment_at AS "NeedsAssessmentAt",
    i.closed_at AS "ClosedAt",
    CAST(i.fatal_count AS INTEGER) AS "FatalPersonCount",
    CAST(i.injured_count AS INTEGER) AS "InjuredPersonCount",
    CAST(COALESCE(c.calls, 0) AS INTEGER) AS "CallCount",
    i.closed_at IS NULL AND NOT i.closed_unknown AS "IsOpen",
    i.assessment_state AS "AssessmentStateCode",
    any_ms(i.assessment_ms) AS "AssessmentMs",
    any_ms(i.notification_ms) AS "NotificationDelayMs",
    i.updated_at AS "UpdatedAt"
FROM fact.incident i
LEFT JOIN (SELECT incident_id, count(*) AS calls FROM fact.call GROUP BY incident_id) c ON c.incident_id = i.incident_id
