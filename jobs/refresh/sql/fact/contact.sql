-- Person keys that were replaced, followed to the one in force; a circle keeps its keys.
CREATE OR REPLACE TABLE fact.person AS
WITH RECURSIVE walk (person_key, reached) AS (
    SELECT person_key, merged_into FROM src.person WHERE merged_into IS NOT NULL AND merged_into <> person_key
    UNION
    SELECT walk.person_key, p.merged_into
    FROM walk JOIN src.person p ON p.person_key = walk.reached
    WHERE p.merged_into IS NOT NULL AND p.merged_into <> p.person_key
)
SELECT walk.person_key, walk.reached AS survivor_key
FROM walk
LEFT JOIN src.person p ON p.person_key = walk.reached AND p.merged_into IS NOT NULL AND p.merged_into <> p.person_key
WHERE p.person_key IS NULL;

-- Consent to follow-up as it stands at as-of: the last state of each person.
CREATE OR REPLACE TABLE fact.follow_up_consent AS
SELECT
    COALESCE(p.survivor_key, c.person_key) AS person_key,
    CASE
        WHEN c.withdrawn_at IS NOT NULL THEN 'withdrawn'
        WHEN c.later_withdrawn_at AND c.state = 'withdrawn' THEN 'given'
        ELSE COALESCE(c.state, 'not_asked')
    END AS state
FROM seen.consent c
LEFT JOIN fact.person p ON p.person_key = c.person_key
WHERE c.purpose = 'follow_up' AND c.person_key IS NOT NULL AND NOT c.later_given_at
QUALIFY row_number() OVER (
    PARTITION BY COALESCE(p.survivor_key, c.person_key) ORDER BY c.given_at DESC NULLS LAST, c.consent_id DESC
) = 1;

-- What becomes of each contact row; contacts of a repeated response or merged incident move to the one that counts.
CREATE OR REPLACE TABLE fact.contact_fate AS
SELECT
    c.contact_id,
    i.survivor_id AS incident_id,
    u.response_id,
    u.call_id,
    CASE
        WHEN c.later_contact_at THEN 'not_yet'
        WHEN c.contact_at IS NULL AND f.fate = 'not_yet' THEN 'not_yet'
        WHEN c.contact_at IS NULL AND NOT u.has_arrived AND u.arrives_later THEN 'not_yet'
        WHEN c.contact_at IS NULL AND f.response_id IS NULL AND i.fate = 'not_yet' THEN 'not_yet'
        WHEN f.response_id IS NULL AND i.incident_id IS NULL THEN 'orphan'
        WHEN u.response_id IS NULL AND i.survivor_id IS NULL THEN 'parent_out'
    END AS fate,
    COALESCE(local_day(c.contact_at), u.on_scene_day, u.day, i.day, record_day(NULL, c.updated_at)) AS day
FROM seen.person_contact c
LEFT JOIN fact.response_fate f ON f.response_id = c.response_id
LEFT JOIN fact.unit u ON u.response_id = f.survivor_id
LEFT JOIN fact.incident_fate i ON i.incident_id = c.incident_id;

-- Contacts as known at as-of, without any key of the person.
CREATE OR REPLACE TABLE fact.met AS
SELECT
    f.contact_id, f.incident_id, f.response_id, f.call_id, f.day,
    COALESCE(u.team_code, 'none') AS team_code,
    COALESCE(c.role, 'unknown') AS role,
    COALESCE(c.harm, 'unknown') AS harm,
    COALESCE(c.engaged, false) OR COALESCE(c.contact_outcome = 'engaged', false) AS is_engaged,
    CASE
        WHEN c.contact_outcome <> 'unknown' THEN c.contact_outcome
        WHEN c.engaged THEN 'engaged'
        ELSE 'unknown'
    END AS contact_outcome,
    c.disposition,
    COALESCE(s.state, 'not_asked') AS consent_state,
    COALESCE(u.mobile, false) AS mobile,
    u.time_unit_clear AS ended_at,
    COALESCE(local_day(u.time_unit_clear), f.day) AS ended_day,
    c.contact_at,
    c.updated_at
FROM seen.person_contact c
JOIN fact.contact_fate f ON f.contact_id = c.contact_id AND f.fate IS NULL
LEFT JOIN fact.unit u ON u.response_id = f.response_id
LEFT JOIN fact.person p ON p.person_key = c.person_key
LEFT JOIN fact.follow_up_consent s ON s.person_key = COALESCE(p.survivor_key, c.person_key);

-- What becomes of each referral, follow-up and support row.
CREATE OR REPLACE TABLE fact.referral_fate AS
SELECT
    r.referral_id,
    CASE
        WHEN r.later_made_at THEN 'not_yet'
        WHEN r.made_at IS NULL THEN 'no_clock'
        WHEN r.contact_id IS NULL THEN 'orphan'
    END AS fate,
    record_day(r.made_at, r.updated_at) AS day
FROM seen.referral r;

CREATE OR REPLACE TABLE fact.follow_up_fate AS
SELECT
    u.follow_up_id,
    CASE
        WHEN c.fate = 'not_yet' THEN 'not_yet'
        WHEN c.contact_id IS NULL THEN 'orphan'
        WHEN c.fate IS NOT NULL THEN 'parent_out'
    END AS fate,
    COALESCE(m.ended_day, c.day, record_day(COALESCE(u.attempted_at, u.reached_at), u.updated_at)) AS day
FROM seen.follow_up u
LEFT JOIN fact.contact_fate c ON c.contact_id = u.contact_id
LEFT JOIN fact.met m ON m.contact_id = u.contact_id;

CREATE OR REPLACE TABLE fact.support_fate AS
SELECT
    s.support_id,
    COALESCE(i.survivor_id, ci.survivor_id) AS incident_id,
    f.survivor_id AS call_id,
    CASE
        WHEN s.held_at IS NULL AND (s.planned_at > param.as_of) IS NOT FALSE AND s.updated_at > param.as_of THEN 'not_yet'
        WHEN COALESCE(s.held_at, s.planned_at) IS NULL THEN 'no_clock'
        WHEN i.incident_id IS NULL AND f.call_id IS NULL THEN 'orphan'
        WHEN i.survivor_id IS NULL AND f.survivor_id IS NULL THEN 'parent_out'
    END AS fate,
    -- the view's day may lie ahead for a support that is only planned; the record's day never does
    local_day(COALESCE(s.held_at, s.planned_at)) AS day,
    LEAST(record_day(COALESCE(s.held_at, s.planned_at), s.updated_at), param.as_of_day) AS looked_at_day
FROM seen.support s
LEFT JOIN fact.incident_fate i ON i.incident_id = s.incident_id
LEFT JOIN fact.call_fate f ON f.call_id = s.call_id
LEFT JOIN src.call c ON c.call_id = f.survivor_id
LEFT JOIN fact.incident_fate ci ON ci.incident_id = c.incident_id
CROSS JOIN param;
