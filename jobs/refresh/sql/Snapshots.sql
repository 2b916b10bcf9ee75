-- The nights in the history up to this one; the last one is the snapshot being read, as of the moment asked for.
WITH nights AS (SELECT *, recorded_at = max(recorded_at) OVER () AS is_current FROM src._nights)
SELECT
    n.recorded_at AS "RecordedAt",
    CASE WHEN n.is_current THEN param.as_of ELSE n.as_of END AS "AsOf",
    local_text(CASE WHEN n.is_current THEN param.as_of ELSE n.as_of END) AS "AsOfLocal",
    n.source_watermark AS "SourceWatermark",
    CAST(n.added AS BIGINT) AS "AddedCount",
    CAST(n.changed AS BIGINT) AS "ChangedCount",
    CAST(n.deleted AS BIGINT) AS "DeletedCount",
    n.is_current AS "IsCurrent",
    param.synthetic AS "IsSynthetic",
    param.cleaning_profile AS "CleaningProfile",
    param.catalogue_version AS "CatalogueVersion",
    param.engine_version AS "EngineVersion",
    param.zone AS "CityZone",
    param.attribution AS "Attribution"
FROM nights n, param
