-- Calls for service by local day of call_arrival (D5, D7, D8). A call that reached a stage reached those before it.
SELECT
    call_day AS "OperationalDate",
    area_id AS "AreaId",
    source AS "CallSourceCode",
    priority AS "PriorityCode",
    count(*) AS "CallCount",
    count(*) FILTER (WHERE stage >= 2) AS "TriagedCount",
    count(*) FILTER (WHERE stage >= 3) AS "EligibleCount",
    count(*) FILTER (WHERE stage >= 4) AS "OfferedCount",
    count(*) FILTER (WHERE stage >= 5) AS "DispatchedCount",
    count(*) FILTER (WHERE stage >= 6) AS "ArrivedCount",
    count(*) FILTER (WHERE stage >= 7) AS "EngagedCount",
    count(*) FILTER (WHERE stage >= 8) AS "SupportedCount",
    count(*) FILTER (WHERE is_resolved_by_phone) AS "ResolvedByPhoneCount",
    count(*) FILTER (WHERE is_abandoned) AS "AbandonedCount",
    count(*) FILTER (WHERE source = '911') AS "From911Count",
    count(*) FILTER (WHERE is_accepted_911) AS "Transfer911AcceptedCount",
    count(*) FILTER (WHERE is_diverted_911) AS "Diverted911Count",
    count(valid_ms(answer_ms)) AS "AnswerCount",
    count(*) FILTER (WHERE answer_ms IS NULL) AS "AnswerMissingCount",
    count(*) FILTER (WHERE answer_ms IS NOT NULL AND valid_ms(answer_ms) IS NULL) AS "AnswerInvalidCount",
    CAST(COALESCE(sum(valid_ms(answer_ms)), 0) AS BIGINT) AS "AnswerMsSum",
    count(*) FILTER (WHERE valid_ms(answer_ms) <= param.answer_target_ms) AS "AnsweredIn15sCount"
FROM fact.call, param
GROUP BY call_day, area_id, source, priority
