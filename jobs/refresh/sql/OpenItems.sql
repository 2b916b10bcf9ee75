-- What is open at as-of, when it is due and how old it is; no person fields. Promises: the assessment window from
-- notified_at, the arrival target from call_create, due_at of follow-ups (else the follow-up window) and of requests.
WITH items AS (
    SELECT 'assessment' AS kind, incident_no AS number, incident_id AS id, severity, area_id, 'none' AS team_code,
        notified_at AS opened_at, notified_at + to_milliseconds(param.assessment_window_ms) AS due_at
    FROM fact.incident, param
    WHERE family = 'violent_critical' AND notified_at IS NOT NULL AND NOT is_assessed
        AND closed_at IS NULL AND NOT closed_unknown
    UNION ALL
    SELECT 'incident', incident_no, incident_id, severity, area_id, 'none', reported_at, NULL
    FROM fact.incident WHERE closed_at IS NULL AND NOT closed_unknown
    UNION ALL
    SELECT 'call', c.call_no, c.call_id, COALESCE(i.severity, 'unknown'), c.area_id, c.team_code,
        COALESCE(c.call_create, c.call_arrival),
        COALESCE(c.call_create, c.call_arrival) + to_milliseconds(param.arrival_target_ms)
    FROM fact.call c LEFT JOIN fact.incident i ON i.incident_id = c.incident_id, param
    WHERE c.is_expecting
    UNION ALL
    SELECT 'follow_up', CAST(u.follow_up_id AS VARCHAR), u.follow_up_id, COALESCE(i.severity, 'unknown'), c.area_id,
        c.team_code,
        COALESCE(c.ended_at, c.contact_at, LEAST(u.updated_at, param.as_of)),
        COALESCE(u.due_at, c.ended_at + to_milliseconds(param.follow_up_window_ms))
    FROM seen.follow_up u
    JOIN fact.follow_up_fate f ON f.follow_up_id = u.follow_up_id AND f.fate IS NULL
    JOIN fact.contact c ON c.contact_id = u.contact_id
    LEFT JOIN fact.incident i ON i.incident_id = c.incident_id
    CROSS JOIN param
    WHERE u.attempted_at IS NULL AND u.reached_at IS NULL
        AND (u.later_attempted_at OR u.later_reached_at OR COALESCE(u.result, 'pending') IN ('pending', 'unknown'))
        AND c.consent_state NOT IN ('refused', 'withdrawn')
    UNION ALL
    SELECT 'request', request_no, request_id, 'unknown', 'unknown', team_code, received_at, due_at
    FROM fact.request WHERE first_answer_at IS NULL AND closed_at IS NULL
)
SELECT
    kind AS "ItemKindCode",
    number AS "ItemNumber",
    severity AS "SeverityCode",
    area_id AS "AreaId",
    team_code AS "TeamCode",
    opened_at AS "OpenedAt",
    due_at AS "DueAt",
    local_text(due_at) AS "DueLocal",
    CASE
        WHEN due_at IS NULL THEN 'no_due'
        WHEN due_at <= param.as_of THEN 'late'
        WHEN due_at <= param.as_of + INTERVAL 24 HOUR THEN 'due_24h'
        ELSE 'later'
    END AS "DueStateCode",
    between_ms(opened_at, param.as_of) AS "AgeMs"
FROM items, param
-- without deduplication two records may bear one number: the one opened first stands for both
QUALIFY row_number() OVER (PARTITION BY kind, number ORDER BY opened_at, id) = 1
