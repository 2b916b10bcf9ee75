-- Units sent to calls for service, record level, by local day of time_dispatch, or of call_arrival where that is missing.
SELECT
    u.response_id AS "ResponseId",
    u.call_id AS "CallId",
    u.day AS "OperationalDate",
    c.area_id AS "AreaId",
    u.team_code AS "TeamCode",
    u.unit_id AS "UnitId",
    u.mode AS "ResponseModeCode",
    u.police_on_scene AS "PoliceOnSceneCode",
    u.time_dispatch AS "TimeDispatch",
    u.time_enroute_to_scene AS "TimeEnrouteToScene",
    u.time_staging AS "TimeStaging",
    u.time_on_scene AS "TimeOnScene",
    u.time_engaged AS "TimeEngaged",
    u.time_canceled_enroute AS "TimeCanceledEnroute",
    u.time_unit_clear AS "TimeUnitClear",
    valid_ms(u.turnout_ms) AS "TurnoutMs",
    valid_ms(u.travel_ms) AS "TravelMs",
    valid_ms(u.on_scene_ms) AS "OnSceneMs",
    valid_ms(u.committed_ms) AS "CommittedMs",
    u.police_requested AS "PoliceRequested",
    u.ems_requested AS "EmsRequested",
    u.updated_at AS "UpdatedAt"
FROM fact.unit u
JOIN fact.call c ON c.call_id = u.call_id
