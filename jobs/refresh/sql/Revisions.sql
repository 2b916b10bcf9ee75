-- Days that had been published whole and that a later night changed: late, changed and deleted records, counted.
SELECT
    day AS "OperationalDate",
    contract_table AS "ContractTable",
    recorded_at AS "RecordedAt",
    revised_on AS "RevisedOn",
    added AS "AddedCount",
    changed AS "ChangedCount",
    deleted AS "DeletedCount"
FROM fact.revision
