-- Exact percentiles of every interval over each period, city-wide and by team or priority, from the values themselves:
-- never from daily figures. All arithmetic is on whole milliseconds. Position (n - 1) * p between order statistics,
-- linear, rounded half up; the 95 % interval runs between the order statistics whose ranks fact.rank holds.
-- Run once for each chunk of period ends (fact.chunk), because windows of 28 days hold every value 28 times.
WITH samples AS (
    SELECT
        p.end_day, p.period, m.interval_code, m.cut, m.cut_value,
        list_sort(flatten(list(m.sorted_values))) AS v,
        CAST(sum(m.missing) AS BIGINT) AS missing,
        CAST(sum(m.invalid) AS BIGINT) AS invalid
    FROM fact.period_day p
    JOIN fact.chunk ON p.end_day BETWEEN chunk.first_day AND chunk.last_day
    JOIN fact.measured m ON m.day = p.day
    WHERE m.interval_code <> 'open_incident_age' OR p.period = 'day'  -- a stock has no period but its day
    GROUP BY p.end_day, p.period, m.interval_code, m.cut, m.cut_value
),
positions AS (  -- tenths of the way from the order statistic at `at` (0-based) to the next one
    SELECT *, len(v) AS n, (len(v) - 1) * 5 // 10 AS at50, (len(v) - 1) * 5 % 10 AS rest50,
        (len(v) - 1) * 9 // 10 AS at90, (len(v) - 1) * 9 % 10 AS rest90
    FROM samples
)
SELECT
    s.end_day AS "OperationalDate",
    s.period AS "PeriodCode",
    s.interval_code AS "IntervalCode",
    s.cut AS "CutCode",
    s.cut_value AS "CutValue",
    s.n AS "ValueCount",
    s.missing AS "MissingCount",
    s.invalid AS "InvalidCount",
    CASE WHEN s.n > 0 THEN
        v[at50 + 1] + (rest50 * (COALESCE(v[at50 + 2], v[at50 + 1]) - v[at50 + 1]) + 5) // 10 END AS "P50Ms",
    v[r.p50_low] AS "P50LowMs",
    v[r.p50_high] AS "P50HighMs",
    CASE WHEN s.n > 0 THEN
        v[at90 + 1] + (rest90 * (COALESCE(v[at90 + 2], v[at90 + 1]) - v[at90 + 1]) + 5) // 10 END AS "P90Ms",
    v[r.p90_low] AS "P90LowMs",
    v[r.p90_high] AS "P90HighMs",
    v[-1] AS "MaxMs"
FROM positions s
LEFT JOIN fact.rank r ON r.n = s.n
