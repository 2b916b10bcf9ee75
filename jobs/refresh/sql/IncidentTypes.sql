-- Kinds of incident from the catalogue, each with its one family.
SELECT
    t.code AS "IncidentTypeCode",
    t.label AS "IncidentTypeName",
    t.family AS "FamilyCode",
    f.label AS "FamilyName",
    t.standard_code AS "StandardCode",
    t.sort_order AS "SortOrder"
FROM catalogue.incident_type t
JOIN catalogue.code f ON f.code_list = 'family' AND f.code = t.family
