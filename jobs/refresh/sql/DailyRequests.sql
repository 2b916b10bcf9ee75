-- Requests by local day (D14): received by received_at, due and answered by due_at once it has passed. The backlog is a
-- closing value: received and neither answered nor closed when the day ended; carried from change to change.
WITH steps AS (
    SELECT day, kind, team_code, 1 AS waiting, 0 AS late
    FROM fact.request WHERE day < COALESCE(done_day, DATE '9999-12-31')
    UNION ALL
    SELECT GREATEST(day, due_day), kind, team_code, 0, 1
    FROM fact.request
    WHERE is_due AND GREATEST(day, due_day) < COALESCE(done_day, DATE '9999-12-31')
    UNION ALL
    SELECT done_day, kind, team_code, -1, CASE WHEN is_due AND GREATEST(day, due_day) < done_day THEN -1 ELSE 0 END
    FROM fact.request WHERE day < done_day
),
levels AS (
    SELECT
        day, kind, team_code,
        sum(sum(waiting)) OVER stock AS waiting,
        sum(sum(late)) OVER stock AS late,
        COALESCE(lead(day) OVER stock, param.as_of_day + 1) AS next_day
    FROM steps, param
    GROUP BY day, kind, team_code, param.as_of_day
    WINDOW stock AS (PARTITION BY kind, team_code ORDER BY day)
),
counts AS (
    SELECT
        CAST(unnest(range(CAST(day AS TIMESTAMP), CAST(next_day AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS day,
        kind, team_code, waiting, late, 0 AS received, NULL AS due_result
    FROM levels WHERE waiting > 0
    UNION ALL
    SELECT day, kind, team_code, 0, 0, 1, NULL FROM fact.request
    UNION ALL
    SELECT due_day, kind, team_code, 0, 0, 0, due_result FROM fact.request WHERE due_result IS NOT NULL
)
SELECT
    day AS "OperationalDate",
    kind AS "RequestKindCode",
    team_code AS "TeamCode",
    CAST(sum(received) AS BIGINT) AS "ReceivedCount",
    count(due_result) AS "DueCount",
    count(*) FILTER (WHERE due_result = 'on_time') AS "AnsweredOnTimeCount",
    count(*) FILTER (WHERE due_result = 'missing') AS "UnansweredCount",
    count(*) FILTER (WHERE due_result = 'invalid') AS "InvalidCount",
    CAST(sum(waiting) AS BIGINT) AS "BacklogCount",
    CAST(sum(late) AS BIGINT) AS "BacklogLateCount"
FROM counts
GROUP BY day, kind, team_code
