-- Calls with a dispatched unit, by local day of call_create (of call_arrival where that is missing) and the team of the
-- first unit (D9). Every interval is a call's, never a unit's: first or last clock over the units of the call.
SELECT
    create_day AS "OperationalDate",
    area_id AS "AreaId",
    priority AS "PriorityCode",
    team_code AS "TeamCode",
    count(*) AS "DispatchedCallCount",
    CAST(sum(unit_count) AS BIGINT) AS "UnitResponseCount",
    count(valid_ms(first_arrival_ms)) AS "FirstArrivalCount",
    count(*) FILTER (WHERE first_arrival_ms IS NULL) AS "FirstArrivalMissingCount",
    count(*) FILTER (WHERE first_arrival_ms IS NOT NULL AND valid_ms(first_arrival_ms) IS NULL)
        AS "FirstArrivalInvalidCount",
    CAST(COALESCE(sum(valid_ms(first_arrival_ms)), 0) AS BIGINT) AS "FirstArrivalMsSum",
    count(*) FILTER (WHERE is_waiting) AS "WaitingCount",
    count(*) FILTER (WHERE is_cancelled) AS "CancelledCount",
    count(within_target) AS "TargetDueCount",
    count(*) FILTER (WHERE within_target) AS "WithinTargetCount",
    count(valid_ms(processing_ms)) AS "ProcessingCount",
    count(*) FILTER (WHERE processing_ms IS NULL) AS "ProcessingMissingCount",
    count(*) FILTER (WHERE processing_ms IS NOT NULL AND valid_ms(processing_ms) IS NULL) AS "ProcessingInvalidCount",
    CAST(COALESCE(sum(valid_ms(processing_ms)), 0) AS BIGINT) AS "ProcessingMsSum",
    count(valid_ms(queue_ms)) AS "QueueCount",
    count(*) FILTER (WHERE queue_ms IS NULL) AS "QueueMissingCount",
    count(*) FILTER (WHERE queue_ms IS NOT NULL AND valid_ms(queue_ms) IS NULL) AS "QueueInvalidCount",
    CAST(COALESCE(sum(valid_ms(queue_ms)), 0) AS BIGINT) AS "QueueMsSum",
    -- asked of the calls whose first arrival is known
    count(valid_ms(on_scene_ms)) AS "OnSceneCount",
    count(*) FILTER (WHERE first_on_scene IS NOT NULL AND on_scene_ms IS NULL) AS "OnSceneMissingCount",
    count(*) FILTER (WHERE on_scene_ms IS NOT NULL AND valid_ms(on_scene_ms) IS NULL) AS "OnSceneInvalidCount",
    CAST(COALESCE(sum(valid_ms(on_scene_ms)), 0) AS BIGINT) AS "OnSceneMsSum"
FROM fact.call
WHERE unit_count > 0
GROUP BY create_day, area_id, priority, team_code
