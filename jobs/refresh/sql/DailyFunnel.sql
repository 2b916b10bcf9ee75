-- Each call for service once, at the last stage that it reached and with the one reason why it stopped there (D6);
-- by local day of call_arrival, so that the rows add up to DailyCalls.CallCount.
SELECT
    call_day AS "OperationalDate",
    area_id AS "AreaId",
    priority AS "PriorityCode",
    stage_code AS "StageCode",
    stop_reason AS "StopReasonCode",
    CAST(stage AS INTEGER) AS "StageOrder",
    count(*) AS "StoppedCount"
FROM fact.call
GROUP BY call_day, area_id, priority, stage_code, stop_reason, stage
