-- Areas of the source, and the three ways in which a place can be unknown.
SELECT
    area_id AS "AreaId",
    name AS "AreaName",
    COALESCE(kind, 'neighbourhood') AS "AreaKindCode",
    version AS "BoundaryVersion",
    equity_class AS "EquityClass",
    label_latitude AS "LabelLatitude",
    label_longitude AS "LabelLongitude"
FROM fact.area
