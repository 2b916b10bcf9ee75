-- Places and areas. An area word is an area's code, NSA, outside, or what the source's own map says (code list `area`);
-- anything else is the area `unknown`. NSA, outside and unknown differ and are members of Areas.
CREATE OR REPLACE TABLE fact.area AS
SELECT trim(area_id) AS area_id, name, kind, version, equity_class, label_latitude, label_longitude
FROM seen.area
WHERE plain(area_id) NOT IN (SELECT area_id FROM catalogue.special_area)
QUALIFY row_number() OVER (PARTITION BY plain(area_id) ORDER BY area_id) = 1
UNION ALL
SELECT area_id, name, 'special', '', 'none', NULL, NULL FROM catalogue.special_area;

CREATE OR REPLACE TABLE fact.area_word AS
WITH meaning AS (
    SELECT plain(area_id) AS word, area_id FROM fact.area
    UNION
    SELECT plain(v.source_code), a.area_id
    FROM src.code_value v JOIN fact.area a ON plain(a.area_id) = plain(v.code)
    WHERE v.code_list = 'area' AND plain(v.source_code) NOT IN (SELECT plain(area_id) FROM fact.area)
    QUALIFY row_number() OVER (PARTITION BY plain(v.source_code) ORDER BY v.code_value_id) = 1
)
SELECT raw, plain(raw) IS NULL AS is_missing, COALESCE(area_id, 'unknown') AS area_id, area_id IS NOT NULL AS is_known
FROM (SELECT DISTINCT area_word AS raw FROM src.location WHERE area_word IS NOT NULL)
LEFT JOIN meaning ON word = plain(raw);

CREATE OR REPLACE TABLE fact.place AS
SELECT
    l.location_id,
    COALESCE(w.area_id, 'unknown') AS area_id,
    COALESCE(l.geocode_method, 'none') AS geocode_method,
    COALESCE(w.is_missing, true) AS area_missing,
    COALESCE(NOT w.is_missing AND NOT w.is_known, false) AS area_unknown,
    COALESCE(l.latitude = 0 AND l.longitude = 0, false) AS point_zero
FROM seen.location l
LEFT JOIN fact.area_word w ON w.raw = l.area_word;

-- Teams that staff know; anything else that a record names is `none` and an orphan.
CREATE OR REPLACE TABLE fact.team AS
SELECT trim(team_code) AS team_code, name, COALESCE(kind, 'unknown') AS kind
FROM seen.team
WHERE plain(team_code) <> 'none'
QUALIFY row_number() OVER (PARTITION BY plain(team_code) ORDER BY team_code) = 1
UNION ALL
SELECT 'none', 'No team', 'none';

CREATE OR REPLACE TABLE fact.team_word AS
SELECT raw, team_code
FROM (
    SELECT DISTINCT team_code AS raw FROM src.unit_response
    UNION SELECT DISTINCT team_code FROM src.dispatch
    UNION SELECT DISTINCT team_code FROM src.unit
    UNION SELECT DISTINCT team_code FROM src.request
)
JOIN fact.team ON plain(team_code) = plain(raw);
