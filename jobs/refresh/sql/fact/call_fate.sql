-- What becomes of each call row: `fate` says why it is no call for service (null: it counts), `survivor_id` under which
-- call its units count, `day` the local day of the record.
CREATE OR REPLACE TABLE fact.call_fate AS
WITH RECURSIVE judged AS (
    SELECT
        c.call_id, NULLIF(trim(c.call_no), '') AS number, NULLIF(c.duplicate_of, c.call_id) AS target,
        record_day(c.typed_call_arrival, c.updated_at) AS day,
        c._first_recorded_at,
        CASE
            WHEN c.later_call_arrival THEN 'not_yet'
            WHEN c.typed_call_arrival IS NULL THEN 'no_clock'
            WHEN c.kind IN ('update_request', 'incomplete') THEN 'excluded_call'
            WHEN i.fate = 'excluded_status' AND i.status = 'test' THEN 'excluded_status'
        END AS out
    FROM seen.call c
    LEFT JOIN fact.incident_fate i ON i.incident_id = c.incident_id
),
pointed AS (  -- a call that repeats another one is out once that other one can be counted
    SELECT
        j.call_id, j.number, j.day, j._first_recorded_at,
        CASE WHEN j.out IS NULL AND t.out IS NULL THEN t.call_id END AS target,
        CASE
            WHEN j.out IS NOT NULL THEN j.out
            WHEN t.call_id IS NOT NULL AND t.out IS NULL THEN 'duplicate'
        END AS out
    FROM judged j LEFT JOIN judged t ON t.call_id = j.target
),
repeated AS (  -- one number twice: the row that counts, then the one first recorded, then the lowest id stays
    SELECT
        *,
        first_value(call_id) OVER (
            PARTITION BY COALESCE(number, CAST(call_id AS VARCHAR)), COALESCE(out IN ('not_yet', 'no_clock'), false)
            ORDER BY out IS NOT NULL, _first_recorded_at, call_id
        ) AS first_id
    FROM pointed
),
step AS (
    SELECT
        call_id, day,
        CASE WHEN out IS NULL AND first_id <> call_id AND param.deduplicate THEN 'duplicate' ELSE out END AS fate,
        CASE
            WHEN target IS NOT NULL THEN target
            WHEN out IS NULL AND param.deduplicate THEN NULLIF(first_id, call_id)
        END AS next_id
    FROM repeated, param
),
walk (call_id, reached) AS (
    SELECT call_id, next_id FROM step WHERE next_id IS NOT NULL
    UNION
    SELECT walk.call_id, step.next_id FROM walk JOIN step ON step.call_id = walk.reached WHERE step.next_id IS NOT NULL
)
SELECT
    step.call_id, step.day, step.fate,
    CASE WHEN step.fate IS NULL THEN step.call_id ELSE survivor.call_id END AS survivor_id
FROM step
LEFT JOIN (
    SELECT walk.call_id AS from_id, walk.reached AS call_id
    FROM walk JOIN step ON step.call_id = walk.reached AND step.fate IS NULL
) AS survivor ON survivor.from_id = step.call_id;
