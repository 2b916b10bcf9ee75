-- What became of dispatched calls (D10, D11), by local day of call_create (of call_arrival where that is missing) and the
-- team of the first unit. One outcome and one disposition a call, however many units and people it had.
SELECT
    create_day AS "OperationalDate",
    area_id AS "AreaId",
    team_code AS "TeamCode",
    contact_outcome AS "ContactOutcomeCode",
    disposition AS "DispositionCode",
    count(*) AS "DispatchedCallCount",
    count(*) FILTER (WHERE stage >= 6) AS "ArrivedCount",
    count(*) FILTER (WHERE stage >= 7) AS "EngagedCount",
    count(*) FILTER (WHERE stage >= 6 AND police_requested) AS "PoliceRequestedCount",
    count(*) FILTER (WHERE stage >= 6 AND ems_requested) AS "EmsRequestedCount",
    count(*) FILTER (WHERE stage >= 6 AND police_on_scene IN ('asked', 'already_there', 'not_asked'))
        AS "PoliceOnSceneCount"
FROM fact.call
WHERE unit_count > 0
GROUP BY create_day, area_id, team_code, contact_outcome, disposition
