-- How much of a day is known, and how much of it has settled, by the age of the day.
SELECT
    contract_table AS "ContractTable",
    age AS "AgeDays",
    days AS "DayCount",
    CAST(records AS BIGINT) AS "RecordCount",
    CAST(known AS BIGINT) AS "KnownCount",
    CAST(settled AS BIGINT) AS "SettledCount"
FROM fact.completeness
