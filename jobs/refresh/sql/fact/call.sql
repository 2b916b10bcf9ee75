-- Calls for service, one row each, as known at as-of: what its units, contacts and follow-up say taken together.
CREATE OR REPLACE TABLE fact.call AS
WITH units AS (
    SELECT
        call_id,
        count(*) AS unit_count,
        min(time_dispatch) AS first_dispatch,
        min(time_on_scene) AS first_on_scene,
        max(time_unit_clear) AS last_clear,
        max(time_canceled_enroute) AS cancelled_at,
        bool_or(has_arrived) AS has_arrived,
        bool_and(was_cancelled) AS all_cancelled,
        bool_or(was_cancelled) AS any_cancelled,
        bool_and(has_ended) AS all_ended,
        bool_or(police_requested) AS police_requested,
        bool_or(ems_requested) AS ems_requested,
        min(list_position(police_words(), police_on_scene)) AS police_rank,
        max(updated_at) AS updated_at
    FROM fact.unit
    WHERE mobile
    GROUP BY call_id
),
first_units AS (
    SELECT call_id, team_code
    FROM fact.unit
    WHERE mobile
    QUALIFY row_number() OVER (PARTITION BY call_id ORDER BY time_dispatch NULLS LAST, response_id) = 1
),
words AS (  -- one outcome and one disposition a call: the first in order of what any unit or service user's record says
    SELECT
        call_id,
        min(list_position(outcome_words(), contact_outcome)) AS outcome_rank,
        min(list_position(disposition_words(), disposition)) AS disposition_rank,
        bool_or(is_engaged) AS is_engaged
    FROM (
        SELECT call_id, contact_outcome, disposition, contact_outcome = 'engaged' AS is_engaged
        FROM fact.unit WHERE mobile
        UNION ALL
        SELECT call_id, contact_outcome, disposition, is_engaged
        FROM fact.met WHERE mobile AND role IN ('service_user', 'unknown') AND call_id IS NOT NULL
    )
    GROUP BY call_id
),
supported AS (
    SELECT m.call_id FROM fact.referral_fate f JOIN src.referral r USING (referral_id)
    JOIN fact.met m ON m.contact_id = r.contact_id WHERE f.fate IS NULL
    UNION
    SELECT m.call_id FROM fact.follow_up_fate f JOIN src.follow_up u USING (follow_up_id)
    JOIN fact.met m ON m.contact_id = u.contact_id WHERE f.fate IS NULL
    UNION
    SELECT call_id FROM fact.support_fate WHERE fate IS NULL
),
offers AS (
    SELECT
        f.survivor_id AS call_id,
        last(d.declined_reason ORDER BY d.offered_at NULLS FIRST, d.dispatch_id) AS declined_reason
    FROM seen.dispatch d JOIN fact.call_fate f ON f.call_id = d.call_id
    WHERE f.survivor_id IS NOT NULL
        AND (COALESCE(d.offered_at, d.accepted_at) IS NOT NULL OR NOT (d.later_offered_at OR d.later_accepted_at))
    GROUP BY f.survivor_id
),
joined AS (
    SELECT
        c.*,
        i.survivor_id AS survivor_incident,
        COALESCE(p.area_id, n.area_id, 'unknown') AS area_id,
        COALESCE(t.team_code, 'none') AS team_code,
        COALESCE(u.unit_count, 0) AS unit_count,
        u.first_dispatch, u.first_on_scene, u.last_clear, u.cancelled_at,
        COALESCE(u.has_arrived, false) AS has_arrived,
        COALESCE(u.all_cancelled, false) AS all_cancelled,
        COALESCE(u.any_cancelled, false) AS any_cancelled,
        COALESCE(u.all_ended, false) AS all_ended,
        COALESCE(u.police_requested, false) AS police_requested,
        COALESCE(u.ems_requested, false) AS ems_requested,
        police_words()[u.police_rank] AS police_word,
        outcome_words()[w.outcome_rank] AS outcome_word,
        disposition_words()[w.disposition_rank] AS disposition_word,
        COALESCE(w.is_engaged, false) AS has_engaged,
        s.call_id IS NOT NULL AS has_support,
        o.call_id IS NOT NULL AS has_offer,
        -- what was decided or written after as-of is not known yet
        CASE WHEN NOT c.later_triaged_at AND NOT c.later_ready_at THEN c.eligible END AS found_eligible,
        COALESCE(CASE WHEN NOT c.later_closed_at THEN c.stop_reason END, o.declined_reason) AS reason,
        CASE WHEN NOT c.later_closed_at THEN c.resolved_by_phone END AS by_phone,
        GREATEST(c.updated_at, u.updated_at) AS changed_at
    FROM seen.call c
    JOIN fact.call_fate f ON f.call_id = c.call_id AND f.fate IS NULL
    LEFT JOIN fact.incident_fate i ON i.incident_id = c.incident_id
    LEFT JOIN fact.incident n ON n.incident_id = i.survivor_id
    LEFT JOIN fact.place p ON p.location_id = c.location_id
    LEFT JOIN units u ON u.call_id = c.call_id
    LEFT JOIN first_units t ON t.call_id = c.call_id
    LEFT JOIN words w ON w.call_id = c.call_id
    LEFT JOIN supported s ON s.call_id = c.call_id
    LEFT JOIN offers o ON o.call_id = c.call_id
),
staged AS (
    SELECT
        *,
        -- the furthest stage with evidence; it implies the earlier ones
        CASE
            WHEN has_support THEN 8
            WHEN has_engaged THEN 7
            WHEN has_arrived THEN 6
            WHEN unit_count > 0 THEN 5
            WHEN has_offer THEN 4
            WHEN found_eligible OR typed_ready_at IS NOT NULL THEN 3
            WHEN found_eligible IS NOT NULL OR typed_triaged_at IS NOT NULL THEN 2
            ELSE 1
        END AS stage
    FROM joined
),
given_up AS (  -- whoever came any further was spoken with
    SELECT
        *,
        stage = 1 AND typed_call_answering IS NULL AND NOT later_call_answering
            AND (typed_abandoned_at IS NOT NULL OR COALESCE(reason = 'abandoned', false)) AS is_abandoned
    FROM staged
),
ended AS (
    SELECT
        *,
        typed_closed_at IS NULL AND NOT is_abandoned AND NOT (unit_count > 0 AND all_ended) AS is_open,
        unit_count = 0 AND stage < 5 AND typed_closed_at IS NOT NULL
            AND (COALESCE(by_phone, false) OR COALESCE(reason = 'resolved_by_phone', false)) AS is_resolved_by_phone
    FROM given_up
),
judged AS (
    SELECT
        *,
        unit_count > 0 AND NOT has_arrived AND (
            all_cancelled
            OR (NOT is_open AND (any_cancelled OR COALESCE('cancelled' IN (reason, outcome_word), false)))
        ) AS is_cancelled,
        between_ms(call_create, first_on_scene) AS first_arrival_ms
    FROM ended
)
SELECT
    c.call_id, c.call_no,
    c.survivor_incident AS incident_id,
    c.area_id, c.team_code,
    COALESCE(c.source, 'unknown') AS source,
    COALESCE(c.priority, 'unknown') AS priority,
    c.typed_call_arrival AS call_arrival, c.call_arrival AS timed_call_arrival,
    local_day(c.typed_call_arrival) AS call_day,
    c.call_answering, c.call_create,
    COALESCE(local_day(c.typed_call_create), local_day(c.typed_call_arrival)) AS create_day,
    c.triaged_at, c.ready_at, c.typed_closed_at AS closed_at,
    c.first_dispatch, c.first_on_scene, c.last_clear,
    c.unit_count, c.stage, stages.code AS stage_code,
    CASE
        WHEN c.stage = 8 THEN 'none'
        WHEN fit.reason IS NOT NULL THEN c.reason
        WHEN c.is_open THEN 'in_progress'
        ELSE 'not_recorded'
    END AS stop_reason,
    CASE
        WHEN c.stage >= 7 THEN 'engaged'
        WHEN c.outcome_word <> 'unknown' THEN c.outcome_word
        WHEN c.is_cancelled THEN 'cancelled'
        ELSE 'unknown'
    END AS contact_outcome,
    COALESCE(c.disposition_word, CASE WHEN c.stage >= 7 THEN 'unknown' ELSE 'none' END) AS disposition,
    CASE WHEN c.is_resolved_by_phone THEN 'no' ELSE COALESCE(c.police_word, 'unknown') END AS police_on_scene,
    c.police_requested, c.ems_requested,
    c.is_open, c.is_abandoned, c.is_resolved_by_phone, c.is_cancelled,
    c.unit_count > 0 AND NOT c.has_arrived AND NOT c.is_cancelled AND c.is_open AS is_waiting,
    -- open, nobody there yet, and somebody is expected
    c.is_open AND NOT c.has_arrived AND NOT c.is_cancelled AND c.stage < 6 AND c.found_eligible IS DISTINCT FROM false
        AND fit.reason IS NULL AS is_expecting,
    COALESCE(c.source = '911' AND c.transfer_911_accepted AND NOT c.later_call_answering, false) AS is_accepted_911,
    COALESCE(
        c.source = '911' AND c.transfer_911_accepted AND NOT c.later_call_answering
        AND ((NOT c.is_open AND c.stage >= 6 AND c.police_word = 'no') OR c.is_resolved_by_phone), false
    ) AS is_diverted_911,
    between_ms(c.call_arrival, c.call_answering) AS answer_ms,
    between_ms(c.call_answering, c.first_dispatch) AS processing_ms,
    between_ms(c.ready_at, c.first_dispatch) AS queue_ms,
    c.first_arrival_ms,
    between_ms(c.first_on_scene, c.last_clear) AS on_scene_ms,
    -- met or missed the arrival target: true, false, or null where it cannot be said (yet)
    CASE
        WHEN c.unit_count = 0 THEN NULL
        WHEN valid_ms(c.first_arrival_ms) IS NOT NULL THEN c.first_arrival_ms <= param.arrival_target_ms
        WHEN c.has_arrived THEN NULL
        WHEN c.is_cancelled
            AND between_ms(c.call_create, COALESCE(c.cancelled_at, c.closed_at, c.last_clear)) > param.arrival_target_ms
            THEN false
        WHEN NOT c.is_cancelled AND c.is_open AND between_ms(c.call_create, param.as_of) > param.arrival_target_ms
            THEN false
    END AS within_target,
    c.changed_at AS updated_at
FROM judged c
JOIN catalogue.stage stages ON stages.stage = c.stage
LEFT JOIN catalogue.stop_reason_fit fit ON fit.reason = c.reason AND c.stage BETWEEN fit.first_stage AND fit.last_stage
CROSS JOIN param;
