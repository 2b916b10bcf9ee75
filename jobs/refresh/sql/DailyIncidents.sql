-- Incidents by local day (D1 to D4). Each count has its own clock: reported_at, occurred_from, closed_at, notified_at.
-- Stocks are closing values: open from the day reported until the day before the day closed; an incident closed by its
-- status alone, nobody knows when, is in no stock. Stocks are carried from change to change, not day by day.
WITH moments AS (
    SELECT *, reported_at + INTERVAL 168 HOUR AS week_old, reported_at + INTERVAL 720 HOUR AS month_old
    FROM fact.incident
),
steps AS (  -- +1 and -1 on the days on which an incident enters and leaves a stock
    SELECT reported_day AS day, area_id, type, family, harm, 1 AS open, 0 AS over7, 0 AS over30
    FROM moments WHERE NOT closed_unknown AND reported_day < COALESCE(closed_day, DATE '9999-12-31')
    UNION ALL
    SELECT local_day(week_old), area_id, type, family, harm, 0, 1, 0
    FROM moments, param
    WHERE NOT closed_unknown AND week_old < param.as_of
        AND local_day(week_old) < COALESCE(closed_day, DATE '9999-12-31')
    UNION ALL
    SELECT local_day(month_old), area_id, type, family, harm, 0, 0, 1
    FROM moments, param
    WHERE NOT closed_unknown AND month_old < param.as_of
        AND local_day(month_old) < COALESCE(closed_day, DATE '9999-12-31')
    UNION ALL
    SELECT
        closed_day, area_id, type, family, harm,
        -1,
        CASE WHEN local_day(week_old) < closed_day THEN -1 ELSE 0 END,
        CASE WHEN local_day(month_old) < closed_day THEN -1 ELSE 0 END
    FROM moments WHERE NOT closed_unknown AND reported_day < closed_day
),
levels AS (
    SELECT
        day, area_id, type, family, harm,
        sum(sum(open)) OVER stock AS open,
        sum(sum(over7)) OVER stock AS over7,
        sum(sum(over30)) OVER stock AS over30,
        COALESCE(lead(day) OVER stock, param.as_of_day + 1) AS next_day
    FROM steps, param
    GROUP BY day, area_id, type, family, harm, param.as_of_day
    WINDOW stock AS (PARTITION BY area_id, type, family, harm ORDER BY day)
),
stocks AS (
    SELECT
        CAST(unnest(range(CAST(day AS TIMESTAMP), CAST(next_day AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS day,
        area_id, type, family, harm, open, over7, over30
    FROM levels WHERE open > 0
),
counts AS (
    SELECT day, area_id, type, family, harm, 0 AS reported, 0 AS occurred, 0 AS closed, open, over7, over30,
        NULL AS assessment, 0 AS fatal, 0 AS injured
    FROM stocks
    UNION ALL
    SELECT reported_day, area_id, type, family, harm, 1, 0, 0, 0, 0, 0, NULL, fatal_count, injured_count
    FROM fact.incident
    UNION ALL
    SELECT occurred_day, area_id, type, family, harm, 0, 1, 0, 0, 0, 0, NULL, 0, 0
    FROM fact.incident WHERE occurred_day IS NOT NULL
    UNION ALL
    SELECT closed_day, area_id, type, family, harm, 0, 0, 1, 0, 0, 0, NULL, 0, 0
    FROM fact.incident WHERE closed_day IS NOT NULL
    UNION ALL
    SELECT notified_day, area_id, type, family, harm, 0, 0, 0, 0, 0, 0, assessment_state, 0, 0
    FROM fact.incident WHERE assessment_state <> 'not_applicable'
)
SELECT
    day AS "OperationalDate",
    area_id AS "AreaId",
    type AS "IncidentTypeCode",
    harm AS "HarmCode",
    family AS "FamilyCode",
    CAST(sum(reported) AS BIGINT) AS "IncidentCount",
    CAST(sum(occurred) AS BIGINT) AS "IncidentOccurredCount",
    CAST(sum(closed) AS BIGINT) AS "IncidentClosedCount",
    CAST(sum(open) AS BIGINT) AS "OpenIncidentCount",
    CAST(sum(over7) AS BIGINT) AS "OpenOver7DaysCount",
    CAST(sum(over30) AS BIGINT) AS "OpenOver30DaysCount",
    count(*) FILTER (WHERE assessment <> 'not_due') AS "AssessmentDueCount",
    count(*) FILTER (WHERE assessment = 'on_time') AS "AssessmentOnTimeCount",
    count(*) FILTER (WHERE assessment = 'late') AS "AssessmentLateCount",
    count(*) FILTER (WHERE assessment = 'missing') AS "AssessmentMissingCount",
    count(*) FILTER (WHERE assessment = 'invalid') AS "AssessmentInvalidCount",
    count(*) FILTER (WHERE assessment = 'not_due') AS "AssessmentNotDueCount",
    CAST(sum(fatal) AS BIGINT) AS "FatalPersonCount",
    CAST(sum(injured) AS BIGINT) AS "InjuredPersonCount"
FROM counts
GROUP BY day, area_id, type, harm, family
