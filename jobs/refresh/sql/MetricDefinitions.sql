-- The metrics as the catalogue declares them.
SELECT
    metric_id AS "MetricId",
    metric_number AS "MetricNumber",
    metric_name AS "MetricName",
    definition AS "Definition",
    family AS "FamilyCode",
    view_name AS "ViewName",
    numerator_column AS "NumeratorColumn",
    denominator_column AS "DenominatorColumn",
    unit AS "Unit",
    attribution_clock AS "AttributionClock",
    clock_start AS "ClockStart",
    clock_stop AS "ClockStop",
    additivity AS "Additivity",
    maturity_days AS "MaturityDays",
    target AS "Target",
    owner AS "Owner",
    version AS "Version",
    source AS "Source"
FROM catalogue.metric
