-- What becomes of each incident row: `fate` says why it does not count (null: it counts), `survivor_id` under which
-- incident it and all that belongs to it count, `day` the local day of the record.
CREATE OR REPLACE TABLE fact.incident_fate AS
WITH RECURSIVE judged AS (
    SELECT
        incident_id,
        NULLIF(trim(incident_no), '') AS number,
        NULLIF(merged_into, incident_id) AS target,
        status,
        record_day(typed_reported_at, updated_at) AS day,
        _first_recorded_at,
        CASE
            WHEN later_reported_at THEN 'not_yet'
            WHEN typed_reported_at IS NULL THEN 'no_clock'
            WHEN status IN ('void', 'test') THEN 'excluded_status'
        END AS out
    FROM seen.incident
),
merged AS (  -- a merge counts only where and when the surviving incident can be counted
    SELECT
        j.incident_id, j.number, j.day, j._first_recorded_at, j.status,
        CASE WHEN j.out IS NULL AND t.out IS NULL THEN t.incident_id END AS target,
        CASE
            WHEN j.out IS NOT NULL THEN j.out
            WHEN t.out IN ('not_yet', 'no_clock') THEN NULL
            WHEN j.status = 'merged' OR t.incident_id IS NOT NULL THEN 'merged'
            WHEN j.status = 'duplicate' THEN 'excluded_status'
        END AS out
    FROM judged j LEFT JOIN judged t ON t.incident_id = j.target
),
repeated AS (  -- one number twice: the row that counts, then the one first recorded, then the lowest id stays
    SELECT
        *,
        first_value(incident_id) OVER (
            PARTITION BY COALESCE(number, CAST(incident_id AS VARCHAR)), COALESCE(out IN ('not_yet', 'no_clock'), false)
            ORDER BY out IS NOT NULL, _first_recorded_at, incident_id
        ) AS first_id
    FROM merged
),
step AS (
    SELECT
        incident_id, day, status,
        CASE WHEN out IS NULL AND first_id <> incident_id AND param.deduplicate THEN 'duplicate' ELSE out END AS fate,
        CASE
            WHEN target IS NOT NULL THEN target
            WHEN COALESCE(out, '') NOT IN ('not_yet', 'no_clock', 'merged') AND param.deduplicate
                THEN NULLIF(first_id, incident_id)
        END AS next_id
    FROM repeated, param
),
walk (incident_id, reached) AS (  -- set semantics end the walk in a circle, which has no survivor
    SELECT incident_id, next_id FROM step WHERE next_id IS NOT NULL
    UNION
    SELECT walk.incident_id, step.next_id FROM walk JOIN step ON step.incident_id = walk.reached
    WHERE step.next_id IS NOT NULL
)
SELECT
    step.incident_id, step.day, step.fate, step.status,
    CASE WHEN step.fate IS NULL THEN step.incident_id ELSE survivor.incident_id END AS survivor_id
FROM step
LEFT JOIN (
    SELECT walk.incident_id AS from_id, walk.reached AS incident_id
    FROM walk JOIN step ON step.incident_id = walk.reached AND step.fate IS NULL
) AS survivor ON survivor.from_id = step.incident_id;

-- The incidents that count, one row each, as known at as-of.
CREATE OR REPLACE TABLE fact.incident AS
WITH placed AS (
    SELECT
        i.*,
        COALESCE(p.area_id, 'unknown') AS area_id,
        COALESCE(p.geocode_method, 'none') AS geocode_method,
        COALESCE(i.type_final_code, i.type_code) AS kind,
        -- a reopening undoes the closing: the incident is open again from the day on which it was reported
        CASE
            WHEN i.typed_reopened_at >= i.typed_closed_at THEN NULL
            WHEN i.status = 'reopened' AND i.typed_reopened_at IS NULL AND NOT i.later_reopened_at THEN NULL
            ELSE i.typed_closed_at
        END AS closed,
        COALESCE(i.typed_reopened_at >= COALESCE(i.typed_closed_at, i.typed_reopened_at), false)
            OR (COALESCE(i.status = 'reopened', false) AND NOT i.later_reopened_at) AS reopened
    FROM seen.incident i
    JOIN fact.incident_fate f ON f.incident_id = i.incident_id AND f.fate IS NULL
    LEFT JOIN fact.place p ON p.location_id = i.location_id
),
typed AS (
    SELECT
        p.*,
        COALESCE(
            t.code,
            CASE p.family WHEN 'violent_critical' THEN 'unknown_violent' WHEN 'person_in_crisis' THEN 'unknown_crisis' END,
            'unknown'
        ) AS type
    FROM placed p
    LEFT JOIN catalogue.incident_type t ON t.code = p.kind AND t.code <> 'unknown'
)
SELECT
    i.incident_id, i.incident_no, i.area_id, i.geocode_method, i.type, t.family,
    CASE
        WHEN 'fatal' IN (i.harm, i.severity) OR i.fatal_count > 0 THEN 'fatal'
        WHEN i.harm = 'injured' OR i.severity IN ('life_threatening', 'injured') OR i.injured_count > 0 THEN 'injured'
        WHEN i.harm = 'none' OR i.severity = 'no_injury' THEN 'none'
        ELSE 'unknown'
    END AS harm,
    COALESCE(i.severity, 'unknown') AS severity,
    CASE
        WHEN i.closed IS NOT NULL THEN 'closed'
        WHEN i.reopened THEN 'reopened'
        WHEN i.later_closed_at AND i.status = 'closed' THEN 'open'  -- closed only after as-of
        WHEN i.status IN ('merged', 'reopened') THEN 'open'  -- merged or reopened only after as-of
        ELSE COALESCE(i.status, 'unknown')
    END AS status,
    COALESCE(i.source, 'unknown') AS source,
    i.occurred_from, i.typed_occurred_from, local_day(i.typed_occurred_from) AS occurred_day,
    i.typed_reported_at AS reported_at, i.reported_at AS timed_reported_at, local_day(i.typed_reported_at) AS reported_day,
    i.notified_at, local_day(i.notified_at) AS notified_day,
    i.needs_assessment_at, i.typed_needs_assessment_at IS NOT NULL AS is_assessed,
    i.closed AS closed_at, local_day(i.closed) AS closed_day,
    -- closed by its status, but nobody knows when: neither open nor closed on any day
    i.closed IS NULL AND NOT i.reopened AND COALESCE(i.status = 'closed', false) AND NOT i.later_closed_at
        AS closed_unknown,
    i.reopened,
    GREATEST(COALESCE(i.fatal_count, 0), 0) AS fatal_count,
    GREATEST(COALESCE(i.injured_count, 0), 0) AS injured_count,
    between_ms(i.occurred_from, i.notified_at) AS notification_ms,
    between_ms(i.notified_at, i.needs_assessment_at) AS assessment_ms,
    CASE
        WHEN t.family <> 'violent_critical' OR i.notified_at IS NULL THEN 'not_applicable'
        WHEN between_ms(i.notified_at, param.as_of) < param.assessment_window_ms THEN 'not_due'
        WHEN i.needs_assessment_at IS NULL THEN 'missing'
        WHEN i.needs_assessment_at < i.notified_at THEN 'invalid'
        WHEN between_ms(i.notified_at, i.needs_assessment_at) <= param.assessment_window_ms THEN 'on_time'
        ELSE 'late'
    END AS assessment_state,
    i.updated_at
FROM typed i
JOIN catalogue.incident_type t ON t.code = i.type
CROSS JOIN param;
