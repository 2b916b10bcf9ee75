-- Contacts with the area and team that answered.
CREATE OR REPLACE TABLE fact.contact AS
SELECT m.*, COALESCE(c.area_id, i.area_id, 'unknown') AS area_id
FROM fact.met m
LEFT JOIN fact.call c ON c.call_id = m.call_id
LEFT JOIN fact.incident i ON i.incident_id = m.incident_id;

-- Engaged service users whose contact has ended: the cohort of D13, with the first attempt and the first success.
CREATE OR REPLACE TABLE fact.follow_up_cohort AS
WITH attempts AS (
    SELECT u.contact_id, min(u.attempted_at) AS first_attempt, min(u.reached_at) AS first_reached
    FROM seen.follow_up u JOIN fact.follow_up_fate f ON f.follow_up_id = u.follow_up_id AND f.fate IS NULL
    GROUP BY u.contact_id
)
SELECT
    c.contact_id, c.ended_day AS day, c.area_id, c.team_code, c.consent_state,
    c.consent_state = 'given' AS consents,
    between_ms(c.ended_at, param.as_of) >= param.follow_up_window_ms AS has_elapsed,
    between_ms(c.ended_at, a.first_attempt) AS attempt_ms,
    between_ms(c.ended_at, a.first_reached) AS reached_ms
FROM fact.contact c
LEFT JOIN attempts a ON a.contact_id = c.contact_id
CROSS JOIN param
WHERE c.role = 'service_user' AND c.is_engaged AND c.ended_at IS NOT NULL;

CREATE OR REPLACE TABLE fact.referral AS
SELECT
    r.referral_id, r.contact_id, f.day, COALESCE(c.area_id, 'unknown') AS area_id,
    COALESCE(r.service, 'unknown') AS service,
    r.made_at, r.accepted_at, r.declined_at, r.connected_at, r.closed_at,
    CASE
        WHEN r.connected_at IS NOT NULL THEN 'connected'
        WHEN r.declined_at IS NOT NULL THEN 'declined'
        WHEN r.closed_at IS NOT NULL THEN 'closed'
        WHEN r.accepted_at IS NOT NULL THEN 'accepted'
        ELSE 'made'
    END AS state,
    between_ms(r.made_at, param.as_of) >= param.referral_window_ms AS is_mature,
    between_ms(r.made_at, r.accepted_at) AS acceptance_ms,
    between_ms(r.made_at, r.connected_at) AS connection_ms,
    r.updated_at
FROM seen.referral r
JOIN fact.referral_fate f ON f.referral_id = r.referral_id AND f.fate IS NULL
LEFT JOIN fact.contact c ON c.contact_id = r.contact_id
CROSS JOIN param;

CREATE OR REPLACE TABLE fact.request_fate AS
WITH judged AS (
    SELECT
        request_id, NULLIF(trim(request_no), '') AS number, _first_recorded_at,
        record_day(received_at, updated_at) AS day,
        CASE WHEN later_received_at THEN 'not_yet' WHEN received_at IS NULL THEN 'no_clock' END AS out
    FROM seen.request
)
SELECT
    request_id, day,
    CASE
        WHEN out IS NULL AND param.deduplicate AND row_number() OVER (
            PARTITION BY out IS NULL, COALESCE(number, CAST(request_id AS VARCHAR)) ORDER BY _first_recorded_at, request_id
        ) > 1 THEN 'duplicate'
        ELSE out
    END AS fate
FROM judged, param;

CREATE OR REPLACE TABLE fact.request AS
SELECT
    r.request_id, r.request_no, f.day, COALESCE(t.team_code, 'none') AS team_code,
    COALESCE(r.kind, 'unknown') AS kind,
    CASE
        WHEN r.first_answer_at IS NOT NULL OR r.closed_at IS NOT NULL THEN COALESCE(r.outcome, 'unknown')
        WHEN r.later_first_answer_at OR r.later_closed_at THEN 'pending'
        ELSE COALESCE(r.outcome, 'pending')
    END AS outcome,
    r.received_at, r.assigned_at, r.first_answer_at, r.due_at, r.closed_at,
    local_day(r.due_at) AS due_day,
    -- waits from the day received until the day on which it is answered or closed
    local_day(LEAST(r.first_answer_at, r.closed_at)) AS done_day,
    r.due_at <= param.as_of AS is_due,
    between_ms(r.received_at, r.first_answer_at) AS answer_ms,
    CASE
        WHEN r.due_at IS NULL OR r.due_at > param.as_of THEN NULL
        WHEN r.first_answer_at IS NULL THEN 'missing'
        WHEN r.first_answer_at < r.received_at THEN 'invalid'
        WHEN r.first_answer_at <= r.due_at THEN 'on_time'
        ELSE 'late'
    END AS due_result,
    r.updated_at
FROM seen.request r
JOIN fact.request_fate f ON f.request_id = r.request_id AND f.fate IS NULL
LEFT JOIN fact.team_word t ON t.raw = r.team_code
CROSS JOIN param;
