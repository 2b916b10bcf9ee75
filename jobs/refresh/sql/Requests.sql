-- Requests, record level, by local day of received_at.
SELECT
    request_id AS "RequestId",
    day AS "OperationalDate",
    team_code AS "TeamCode",
    kind AS "RequestKindCode",
    outcome AS "RequestOutcomeCode",
    received_at AS "ReceivedAt",
    assigned_at AS "AssignedAt",
    first_answer_at AS "FirstAnswerAt",
    due_at AS "DueAt",
    closed_at AS "ClosedAt",
    any_ms(answer_ms) AS "AnswerMs",
    CASE WHEN due_result IN ('on_time', 'late', 'missing') THEN due_result = 'on_time' END AS "IsOnTime",
    updated_at AS "UpdatedAt"
FROM fact.request
