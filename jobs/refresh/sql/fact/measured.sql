-- Every interval of which percentiles are published: asked of which records, on which day, with signed milliseconds
-- (null: a clock is missing). `response` intervals obey the profile's limit, the others never are too long.
CREATE OR REPLACE VIEW fact.measure AS
SELECT 'first_arrival' AS interval_code, create_day AS day, team_code, priority, first_arrival_ms AS ms, true AS response
FROM fact.call WHERE unit_count > 0
UNION ALL
SELECT 'processing', create_day, team_code, priority, processing_ms, true FROM fact.call WHERE unit_count > 0
UNION ALL
SELECT 'queue', create_day, team_code, priority, queue_ms, true FROM fact.call WHERE unit_count > 0
UNION ALL  -- asked of the calls that a unit reached
SELECT 'on_scene', create_day, team_code, priority, on_scene_ms, true
FROM fact.call WHERE unit_count > 0 AND first_on_scene IS NOT NULL
UNION ALL
SELECT 'turnout', day, team_code, NULL, turnout_ms, true FROM fact.unit WHERE mobile
UNION ALL  -- asked of the units that arrived
SELECT 'travel', day, team_code, NULL, travel_ms, true FROM fact.unit WHERE mobile AND time_on_scene IS NOT NULL
UNION ALL
SELECT 'notification_delay', notified_day, NULL, NULL, notification_ms, false
FROM fact.incident WHERE family = 'violent_critical' AND notified_at IS NOT NULL
UNION ALL  -- asked of those due (D4)
SELECT 'assessment', notified_day, NULL, NULL, assessment_ms, false
FROM fact.incident WHERE assessment_state IN ('on_time', 'late', 'missing', 'invalid')
UNION ALL  -- asked of those due (D13)
SELECT 'follow_up', day, NULL, NULL, attempt_ms, false FROM fact.follow_up_cohort WHERE consents AND has_elapsed
UNION ALL
SELECT 'referral_connection', day, NULL, NULL, connection_ms, false FROM fact.referral
UNION ALL
SELECT 'request_answer', day, NULL, NULL, answer_ms, false FROM fact.request
UNION ALL  -- a stock: only as it stands at as-of (D3)
SELECT 'open_incident_age', param.as_of_day, NULL, NULL, between_ms(timed_reported_at, param.as_of), false
FROM fact.incident, param
WHERE family = 'violent_critical' AND closed_at IS NULL AND NOT closed_unknown;

-- The same by day and cut, the valid values in ascending order.
CREATE OR REPLACE TABLE fact.measured AS
SELECT
    interval_code, day,
    CASE WHEN grouping(team_code) = 0 THEN 'team' WHEN grouping(priority) = 0 THEN 'priority' ELSE 'city' END AS cut,
    COALESCE(team_code, priority, 'city') AS cut_value,
    list_sort(COALESCE(list(value) FILTER (WHERE value IS NOT NULL), CAST([] AS BIGINT[]))) AS sorted_values,
    count(*) FILTER (WHERE ms IS NULL) AS missing,
    count(*) FILTER (WHERE ms IS NOT NULL AND value IS NULL) AS invalid
FROM (SELECT *, CASE WHEN response THEN valid_ms(ms) ELSE any_ms(ms) END AS value FROM fact.measure)
GROUP BY GROUPING SETS ((interval_code, day), (interval_code, day, team_code), (interval_code, day, priority))
HAVING (grouping(team_code) = 1 OR team_code IS NOT NULL) AND (grouping(priority) = 1 OR priority IS NOT NULL);
