-- How many events an hour of the week sees on average, over whole local weeks (Monday to Sunday) that ended before as-of.
-- Hours are counted as they happened, so that a week in which clocks change has one cell once less or once more. A period
-- begins no earlier than the first whole week since the activity's first event. Events typed without a time have no hour.
WITH events AS (
    SELECT 'calls' AS activity, timed_call_arrival AS happened FROM fact.call WHERE timed_call_arrival IS NOT NULL
    UNION ALL
    SELECT 'violent_incidents', timed_reported_at FROM fact.incident
    WHERE family = 'violent_critical' AND timed_reported_at IS NOT NULL
),
spans AS (  -- first and last Monday, the last one excluded
    SELECT
        a.activity,
        CAST(date_trunc('week', min(local_day(e.happened)) + 6) AS DATE) AS first_monday,
        CAST(date_trunc('week', param.as_of_day) AS DATE) AS end_monday
    FROM (VALUES ('calls'), ('violent_incidents')) AS a (activity)
    LEFT JOIN events e USING (activity)
    CROSS JOIN param
    GROUP BY a.activity, param.as_of_day
),
periods AS (
    SELECT activity, period, GREATEST(first_monday, end_monday - days) AS first_day, end_monday AS end_day
    FROM spans, (VALUES ('12w', 84), ('52w', 364), ('all', NULL)) AS p (period, days)
    WHERE first_monday < end_monday
),
hours AS (  -- every hour that happened since the first event, by its local weekday and hour
    SELECT activity, local_day(happened) AS day, isodow(local_time(happened)) AS weekday, hour(local_time(happened)) AS hour
    FROM (
        SELECT activity,
            unnest(generate_series(day_start(first_monday), day_start(end_monday) - INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS happened
        FROM spans WHERE first_monday < end_monday
    )
),
observed AS (
    SELECT p.period, p.activity, h.weekday, h.hour, count(*) AS hours
    FROM periods p JOIN hours h ON h.activity = p.activity AND h.day >= p.first_day AND h.day < p.end_day
    GROUP BY p.period, p.activity, h.weekday, h.hour
),
counted AS (
    SELECT p.period, p.activity, isodow(local_time(e.happened)) AS weekday, hour(local_time(e.happened)) AS hour, count(*) AS events
    FROM periods p
    JOIN events e ON e.activity = p.activity AND local_day(e.happened) >= p.first_day AND local_day(e.happened) < p.end_day
    GROUP BY ALL
),
cells AS (
    SELECT
        p.period, a.activity, w.weekday, h.hour,
        COALESCE(c.events, 0) AS events,
        COALESCE(o.hours, 0) AS hours
    FROM (VALUES ('12w'), ('52w'), ('all')) AS p (period)
    CROSS JOIN (VALUES ('calls'), ('violent_incidents')) AS a (activity)
    CROSS JOIN range(1, 8) AS w (weekday)
    CROSS JOIN range(24) AS h (hour)
    LEFT JOIN observed o
        ON o.period = p.period AND o.activity = a.activity AND o.weekday = w.weekday AND o.hour = h.hour
    LEFT JOIN counted c
        ON c.period = p.period AND c.activity = a.activity AND c.weekday = w.weekday AND c.hour = h.hour
),
bounded AS (  -- Byar's approximation of the 95 % Poisson interval, on the count; z = 1.959963984540054
    SELECT
        *,
        CASE WHEN events = 0 THEN 0 ELSE events * pow(1 - 1 / (9 * events) - 1.959963984540054 / (3 * sqrt(events)), 3) END
            AS low,
        (events + 1) * pow(1 - 1 / (9 * (events + 1)) + 1.959963984540054 / (3 * sqrt(events + 1)), 3) AS high
    FROM cells
)
SELECT
    period AS "PeriodCode",
    activity AS "ActivityCode",
    CAST(weekday AS INTEGER) AS "Weekday",
    CAST(hour AS INTEGER) AS "Hour",
    events AS "EventCount",
    hours AS "HoursObserved",
    CAST(CASE WHEN hours > 0 THEN CAST((events * 20000 + hours) // (2 * hours) AS DECIMAL(18, 0)) * 0.0001 ELSE 0 END AS DECIMAL(18, 4)) AS "MeanPerHour",
    CAST(CASE WHEN hours > 0 THEN low / hours ELSE 0 END AS DECIMAL(18, 4)) AS "LowPerHour",
    CAST(CASE WHEN hours > 0 THEN high / hours ELSE 0 END AS DECIMAL(18, 4)) AS "HighPerHour"
FROM bounded
