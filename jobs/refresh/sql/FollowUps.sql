-- Follow-up attempts planned or made, record level, by the local day on which the contact ended.
SELECT
    u.follow_up_id AS "FollowUpId",
    u.contact_id AS "ContactId",
    f.day AS "OperationalDate",
    c.area_id AS "AreaId",
    c.team_code AS "TeamCode",
    CAST(u.attempt_no AS INTEGER) AS "AttemptNumber",
    COALESCE(u.method, 'unknown') AS "FollowUpMethodCode",
    CASE
        WHEN u.later_attempted_at OR u.later_reached_at THEN 'pending'
        WHEN u.result IS NOT NULL THEN u.result
        WHEN COALESCE(u.attempted_at, u.reached_at) IS NULL THEN 'pending'
        ELSE 'unknown'
    END AS "FollowUpResultCode",
    u.due_at AS "DueAt",
    u.attempted_at AS "AttemptedAt",
    u.reached_at AS "ReachedAt",
    any_ms(between_ms(c.ended_at, u.attempted_at)) AS "AttemptMs",
    u.updated_at AS "UpdatedAt"
FROM seen.follow_up u
JOIN fact.follow_up_fate f ON f.follow_up_id = u.follow_up_id AND f.fate IS NULL
JOIN fact.contact c ON c.contact_id = u.contact_id
