-- What becomes of each unit response row. Rows equal but for their number are one response, unless they are two units
-- without a call sign on one call: those may be two real ones.
CREATE OR REPLACE TABLE fact.response_fate AS
WITH linked AS (
    SELECT
        r.*, d.team_code AS dispatch_team,
        COALESCE(r.call_id, d.call_id) AS call_ref,
        f.survivor_id, f.call_id IS NULL AS is_orphan, f.day AS call_day,
        COALESCE(
            r.typed_time_dispatch, r.typed_time_enroute_to_scene, r.typed_time_staging, r.typed_time_on_scene,
            r.typed_time_engaged, r.typed_time_canceled_enroute, r.typed_time_unit_clear
        ) AS some_clock,
        r.later_time_dispatch OR r.later_time_enroute_to_scene OR r.later_time_staging OR r.later_time_on_scene
            OR r.later_time_engaged OR r.later_time_canceled_enroute OR r.later_time_unit_clear AS has_later
    FROM seen.unit_response r
    LEFT JOIN seen.dispatch d ON d.dispatch_id = r.dispatch_id
    LEFT JOIN fact.call_fate f ON f.call_id = COALESCE(r.call_id, d.call_id)
),
judged AS (
    SELECT
        *,
        CASE
            WHEN some_clock IS NULL AND (has_later OR not_yet(updated_at)) THEN 'not_yet'
            WHEN is_orphan THEN 'orphan'
            WHEN survivor_id IS NULL THEN 'call_out'
        END AS out
    FROM linked
),
first_of_equals AS (
    SELECT
        *,
        first_value({'id': response_id, 'call': call_ref}) OVER (
            PARTITION BY
                out IS NULL, survivor_id, unit_id, COALESCE(team_code, dispatch_team), mode, contact_outcome, disposition,
                police_requested, ems_requested, police_on_scene, typed_time_dispatch, typed_time_enroute_to_scene,
                typed_time_staging, typed_time_on_scene, typed_time_engaged, typed_time_canceled_enroute,
                typed_time_unit_clear
            ORDER BY _first_recorded_at, response_id
        ) AS first_one
    FROM judged
)
SELECT
    response_id, call_ref,
    CASE WHEN out IS NULL THEN survivor_id END AS call_id,
    CASE
        WHEN out IS NULL AND first_one.id <> response_id AND param.deduplicate AND some_clock IS NOT NULL
            AND (unit_id IS NOT NULL OR first_one.call <> call_ref) THEN 'duplicate'
        ELSE out
    END AS fate,
    CASE
        WHEN out IS NULL AND param.deduplicate AND some_clock IS NOT NULL
            AND (unit_id IS NOT NULL OR first_one.call <> call_ref) THEN first_one.id
        WHEN out IS NULL THEN response_id
    END AS survivor_id,
    COALESCE(local_day(typed_time_dispatch), call_day, record_day(some_clock, updated_at)) AS day
FROM first_of_equals, param;

-- Units sent to a call for service, as known at as-of. `mobile` units are sent; a response by phone is no dispatch.
-- What a crew writes at the end (outcome, disposition, police) is not known before the unit is clear.
CREATE OR REPLACE TABLE fact.unit AS
SELECT
    r.response_id, f.call_id, f.day,
    COALESCE(r.unit_id, 'unknown') AS unit_id,
    COALESCE(t.team_code, 'none') AS team_code,
    COALESCE(r.mode, 'unknown') AS mode,
    COALESCE(r.mode, 'unknown') <> 'phone' AS mobile,
    r.time_dispatch, r.time_enroute_to_scene, r.time_staging, r.time_on_scene, r.time_engaged, r.time_canceled_enroute,
    r.time_unit_clear,
    COALESCE(r.typed_time_on_scene, r.typed_time_engaged) IS NOT NULL AS has_arrived,
    r.typed_time_canceled_enroute IS NOT NULL AS was_cancelled,
    COALESCE(r.typed_time_unit_clear, r.typed_time_canceled_enroute) IS NOT NULL AS has_ended,
    local_day(r.typed_time_on_scene) AS on_scene_day,
    r.later_time_on_scene OR r.later_time_engaged AS arrives_later,
    CASE
        WHEN NOT r.later_time_unit_clear AND r.contact_outcome <> 'unknown' THEN r.contact_outcome
        WHEN r.typed_time_engaged IS NOT NULL THEN 'engaged'
        ELSE 'unknown'
    END AS contact_outcome,
    CASE WHEN NOT r.later_time_unit_clear THEN r.disposition END AS disposition,
    CASE WHEN r.later_time_unit_clear THEN 'unknown' ELSE COALESCE(r.police_on_scene, 'unknown') END AS police_on_scene,
    COALESCE(r.police_requested, false) AND NOT r.later_time_unit_clear AS police_requested,
    COALESCE(r.ems_requested, false) AND NOT r.later_time_unit_clear AS ems_requested,
    between_ms(r.time_dispatch, r.time_enroute_to_scene) AS turnout_ms,
    between_ms(r.time_enroute_to_scene, r.time_on_scene) AS travel_ms,
    between_ms(r.time_on_scene, r.time_unit_clear) AS on_scene_ms,
    between_ms(r.time_dispatch, r.time_unit_clear) AS committed_ms,
    r.updated_at
FROM seen.unit_response r
JOIN fact.response_fate f ON f.response_id = r.response_id AND f.fate IS NULL
LEFT JOIN seen.dispatch d ON d.dispatch_id = r.dispatch_id
LEFT JOIN seen.unit u ON u.unit_id = r.unit_id
LEFT JOIN fact.team_word t ON t.raw = COALESCE(r.team_code, u.team_code, d.team_code);
