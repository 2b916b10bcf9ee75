-- Community supports for incidents, record level, by local day held, or of the plan before it is held (which may lie ahead).
SELECT
    s.support_id AS "SupportId",
    i.incident_id AS "IncidentId",
    f.day AS "OperationalDate",
    i.area_id AS "AreaId",
    COALESCE(s.kind, 'unknown') AS "SupportKindCode",
    COALESCE(s.people_band, 'unknown') AS "PeopleBandCode",
    s.planned_at AS "PlannedAt",
    s.held_at AS "HeldAt",
    s.updated_at AS "UpdatedAt"
FROM seen.support s
JOIN fact.support_fate f ON f.support_id = s.support_id AND f.fate IS NULL
JOIN fact.incident i ON i.incident_id = f.incident_id
