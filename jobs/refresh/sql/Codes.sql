-- Every word of every code list of the catalogue.
SELECT
    code_list AS "CodeList",
    code AS "Code",
    label AS "Label",
    description AS "Description",
    standard_name AS "StandardName",
    standard_code AS "StandardCode",
    sort_order AS "SortOrder"
FROM catalogue.code
