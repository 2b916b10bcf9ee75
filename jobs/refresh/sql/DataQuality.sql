-- Defects found while cleaning (D15), by local day of the record, contract table, field and finding.
WITH looked_at AS (
    SELECT day, contract_table, sum(records) AS records FROM fact.looked_at GROUP BY day, contract_table
)
SELECT
    f.day AS "OperationalDate",
    f.contract_table AS "ContractTable",
    f.field AS "FieldName",
    f.finding AS "FindingCode",
    CAST(l.records AS BIGINT) AS "CheckedCount",
    CAST(sum(f.affected) AS BIGINT) AS "AffectedCount",
    CAST(sum(f.excluded) AS BIGINT) AS "ExcludedCount"
FROM fact.finding f
JOIN looked_at l ON l.day = f.day AND l.contract_table = f.contract_table
GROUP BY f.day, f.contract_table, f.field, f.finding, l.records
