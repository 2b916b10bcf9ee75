-- Teams of the source, and `none` for records that no team answered.
SELECT team_code AS "TeamCode", name AS "TeamName", kind AS "TeamKindCode"
FROM fact.team
