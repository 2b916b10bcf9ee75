-- Local days from the first one that any figure is attributed to, to the as-of day, without gaps.
CREATE OR REPLACE TABLE fact.calendar AS
WITH first_days AS (
    SELECT min(LEAST(reported_day, occurred_day)) AS day FROM fact.incident
    UNION ALL SELECT min(LEAST(call_day, create_day)) FROM fact.call
    UNION ALL SELECT min(day) FROM fact.unit
    UNION ALL SELECT min(LEAST(day, ended_day)) FROM fact.contact
    UNION ALL SELECT min(day) FROM fact.referral
    UNION ALL SELECT min(LEAST(day, CASE WHEN is_due THEN due_day END)) FROM fact.request
    UNION ALL SELECT min(looked_at_day) FROM fact.support_fate WHERE fate IS NULL
    UNION ALL SELECT min(day) FROM fact.looked_at
    UNION ALL SELECT min(day) FROM fact.revision
    UNION ALL SELECT as_of_day FROM param
),
span AS (SELECT min(day) AS first_day, max(param.as_of_day) AS last_day FROM first_days, param)
SELECT CAST(day AS DATE) AS day
FROM span, unnest(generate_series(span.first_day, span.last_day, INTERVAL 1 DAY)) AS days (day);

-- The periods for which percentiles are published, each named by its last day; the running month and year end today.
CREATE OR REPLACE TABLE fact.period AS
WITH span AS (SELECT min(day) AS first_day, max(day) AS last_day FROM fact.calendar)
SELECT 'day' AS period, day AS end_day, day AS first_day FROM fact.calendar
UNION ALL SELECT '7d', day, day - 6 FROM fact.calendar
UNION ALL SELECT '28d', day, day - 27 FROM fact.calendar
UNION ALL
SELECT DISTINCT 'month', LEAST(last_day(day), span.last_day), CAST(date_trunc('month', day) AS DATE)
FROM fact.calendar, span
UNION ALL
SELECT DISTINCT 'year', LEAST(make_date(year(day), 12, 31), span.last_day), make_date(year(day), 1, 1)
FROM fact.calendar, span
UNION ALL
SELECT 'all', last_day, first_day FROM span;

-- Which local day belongs to which period.
CREATE OR REPLACE TABLE fact.period_day AS
SELECT p.period, p.end_day, d.day
FROM fact.period p JOIN fact.calendar d ON d.day BETWEEN p.first_day AND p.end_day;
