-- Referrals by local day made (D12). Mature: made at least 30 days (720 h) before as-of. A connection before the referral
-- is invalid and proves nothing.
SELECT
    day AS "OperationalDate",
    area_id AS "AreaId",
    service AS "ServiceCode",
    count(*) AS "ReferralCount",
    count(accepted_at) AS "AcceptedCount",
    count(declined_at) AS "DeclinedCount",
    count(any_ms(connection_ms)) AS "ConnectedCount",
    count(*) FILTER (WHERE is_mature) AS "MatureReferralCount",
    count(*) FILTER (WHERE is_mature AND acceptance_ms BETWEEN 0 AND param.referral_window_ms) AS "MatureAcceptedCount",
    count(*) FILTER (WHERE is_mature AND connection_ms BETWEEN 0 AND param.referral_window_ms) AS "MatureConnectedCount",
    count(*) FILTER (WHERE connection_ms < 0) AS "ConnectionInvalidCount",
    CAST(COALESCE(sum(any_ms(connection_ms)), 0) AS BIGINT) AS "ConnectionMsSum"
FROM fact.referral, param
GROUP BY day, area_id, service
