-- People met, record level, without any key of the person, by local day of the contact.
SELECT
    c.contact_id AS "ContactId",
    i.incident_id AS "IncidentId",
    c.response_id AS "ResponseId",
    c.day AS "OperationalDate",
    c.area_id AS "AreaId",
    c.team_code AS "TeamCode",
    c.role AS "ContactRoleCode",
    c.harm AS "HarmCode",
    c.is_engaged AS "IsEngaged",
    c.contact_outcome AS "ContactOutcomeCode",
    COALESCE(c.disposition, 'unknown') AS "DispositionCode",
    c.consent_state AS "FollowUpConsentCode",
    c.updated_at AS "UpdatedAt"
FROM fact.contact c
LEFT JOIN fact.incident i ON i.incident_id = c.incident_id
