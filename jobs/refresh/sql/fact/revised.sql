-- What nights did to days that a night before them had seen whole, and how old a day is when it has become complete.
-- From the versions of records, so that a deleted one counts by what it last was. A record's day is that of its own
-- clock (jobs/refresh/anchors.py) as known that night; nothing that a later night learned changes what is said of it.

-- The nights with the local day on which each was taken; the latest one as of the moment asked for.
CREATE OR REPLACE TABLE fact.night AS
WITH moments AS (
    SELECT
        n.recorded_at,
        CASE WHEN n.recorded_at = max(n.recorded_at) OVER () THEN param.as_of ELSE n.as_of END AS as_of
    FROM src._nights n, param
)
SELECT
    recorded_at, as_of, local_day(as_of) AS day,
    -- days before this one had been seen whole by the night before
    lag(local_day(as_of)) OVER (ORDER BY recorded_at) AS known_before,
    row_number() OVER (ORDER BY recorded_at) AS number
FROM moments;

-- Each version of each record that a night after the first has touched. A clock that was still to come has no day yet.
CREATE OR REPLACE TABLE fact.version AS
SELECT
    v.contract_table, v.key, v.recorded_at, n.day AS night_day,
    v.op = 'gone' AS is_gone,
    CASE WHEN v.op = 'put' AND NOT COALESCE(v.clock > n.as_of, false)
        THEN record_day_at(v.clock, v.updated_at, n.as_of) END AS day,
    v.clock <= n.as_of AND NOT too_early(v.clock) AS has_clock
FROM src._version v JOIN fact.night n ON n.recorded_at = v.recorded_at;

-- Records that a night added to, changed on or took from a day that the night before had seen whole. One that moves
-- to another day has changed both.
CREATE OR REPLACE TABLE fact.revision AS
WITH step AS MATERIALIZED (
    SELECT
        *,
        lag(day) OVER versions AS old_day,
        COALESCE(lag(is_gone) OVER versions, true) AS is_new
    FROM fact.version
    WINDOW versions AS (PARTITION BY contract_table, key ORDER BY recorded_at)
),
touched AS (
    SELECT recorded_at, contract_table, day, 'added' AS what FROM step WHERE is_new AND NOT is_gone
    UNION ALL
    SELECT recorded_at, contract_table, day, 'changed' FROM step WHERE NOT is_new AND NOT is_gone
    UNION ALL
    SELECT recorded_at, contract_table, old_day, 'changed'
    FROM step WHERE NOT is_new AND NOT is_gone AND old_day IS DISTINCT FROM day
    UNION ALL
    SELECT recorded_at, contract_table, old_day, 'deleted' FROM step WHERE is_gone
)
SELECT
    t.recorded_at, n.day AS revised_on, t.contract_table, t.day,
    count(*) FILTER (WHERE what = 'added') AS added,
    count(*) FILTER (WHERE what = 'changed') AS changed,
    count(*) FILTER (WHERE what = 'deleted') AS deleted
FROM touched t JOIN fact.night n ON n.recorded_at = t.recorded_at, param
WHERE t.day < n.known_before
    AND t.day < n.day                  -- where the night before had a clock that ran ahead
    AND n.day > param.as_of_day - 400  -- as long as a reader compares with the year before
    AND t.day <= param.as_of_day       -- where this night had one
GROUP BY t.recorded_at, n.day, t.contract_table, t.day;

-- By table and age in days: of the records of days that are at least 28 days and at least so old, and that began after
-- the first night, how many were known, and how many changed for the last time, when their day had that age.
CREATE OR REPLACE TABLE fact.completeness AS
WITH span AS (
    SELECT GREATEST(first.day, param.as_of_day - 400) AS after_day, param.as_of_day
    FROM param, (SELECT day FROM fact.night WHERE number = 1) first
),
age AS (
    SELECT
        age,
        GREATEST((span.as_of_day - GREATEST(age, 28)) - span.after_day, 0) AS days
    FROM span, (SELECT CAST(unnest(range(0, 61)) AS INTEGER) AS age)
),
life AS (
    SELECT
        contract_table,
        arg_max(day, recorded_at) FILTER (WHERE has_clock) AS day,
        arg_min(night_day, recorded_at) AS known_on,
        arg_max(night_day, recorded_at) AS settled_on
    FROM fact.version
    GROUP BY contract_table, key
),
grouped AS (
    SELECT
        contract_table,
        span.as_of_day - day AS old,
        GREATEST(known_on - day, 0) AS known_age,
        GREATEST(settled_on - day, 0) AS settled_age,
        count(*) AS records
    FROM life, span
    WHERE day > span.after_day
    GROUP BY ALL
)
SELECT
    t.contract_table, a.age, a.days,
    COALESCE(sum(g.records), 0) AS records,
    COALESCE(sum(g.records) FILTER (WHERE g.known_age <= a.age), 0) AS known,
    COALESCE(sum(g.records) FILTER (WHERE g.settled_age <= a.age), 0) AS settled
FROM catalogue.anchored t
CROSS JOIN age a
LEFT JOIN grouped g ON g.contract_table = t.contract_table AND g.old >= GREATEST(a.age, 28)
GROUP BY t.contract_table, a.age, a.days;

-- The age from which a day no longer is provisional: when 99 of 100 calls and incidents were known and had changed for
-- the last time; longer than followed, where that never was so. What the catalogue says of these figures, until 28
-- nights are there and 28 days have been followed for 28 days.
CREATE OR REPLACE TABLE fact.maturity AS
WITH together AS (
    SELECT age, any_value(days) AS days, sum(records) AS records, sum(known) AS known, sum(settled) AS settled
    FROM fact.completeness WHERE contract_table IN ('call', 'incident') GROUP BY age
),
learned AS (
    SELECT
        COALESCE(min(age) FILTER (WHERE known * 100 >= records * 99 AND settled * 100 >= records * 99), 61) AS age,
        COALESCE(max(days) >= 28 AND max(records) > 0, false) AND (SELECT count(*) FROM fact.night) >= 28 AS is_enough
    FROM together WHERE days >= 28
),
declared AS (
    SELECT max(maturity_days) AS age FROM catalogue.metric WHERE view_name IN ('DailyCalls', 'DailyIncidents')
)
SELECT
    CAST(CASE WHEN learned.is_enough THEN learned.age ELSE declared.age END AS INTEGER) AS provisional_days,
    learned.is_enough AS is_learned
FROM learned, declared;
