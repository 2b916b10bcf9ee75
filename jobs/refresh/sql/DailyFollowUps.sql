-- Engaged service users by the local day on which their contact ended (time_unit_clear of its unit), and the first
-- follow-up attempt within the window (D13). Consent is the last state known at as-of.
SELECT
    day AS "OperationalDate",
    area_id AS "AreaId",
    team_code AS "TeamCode",
    count(*) AS "EngagedCount",
    count(*) FILTER (WHERE consents) AS "ConsentGivenCount",
    count(*) FILTER (WHERE consent_state IN ('refused', 'withdrawn')) AS "ConsentRefusedCount",
    count(*) FILTER (WHERE consent_state = 'not_asked') AS "ConsentNotAskedCount",
    count(*) FILTER (WHERE consents AND has_elapsed) AS "DueCount",
    count(*) FILTER (WHERE consents AND has_elapsed AND attempt_ms BETWEEN 0 AND param.follow_up_window_ms)
        AS "AttemptedOnTimeCount",
    count(*) FILTER (WHERE consents AND has_elapsed AND reached_ms BETWEEN 0 AND param.follow_up_window_ms)
        AS "ReachedOnTimeCount",
    count(*) FILTER (WHERE consents AND has_elapsed AND attempt_ms IS NULL) AS "MissingCount",
    count(*) FILTER (WHERE consents AND has_elapsed AND attempt_ms < 0) AS "InvalidCount",
    count(*) FILTER (WHERE consents AND NOT has_elapsed) AS "NotDueCount"
FROM fact.follow_up_cohort, param
GROUP BY day, area_id, team_code
