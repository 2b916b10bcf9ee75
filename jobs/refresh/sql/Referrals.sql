-- Referrals, record level, by local day of made_at.
SELECT
    referral_id AS "ReferralId",
    contact_id AS "ContactId",
    day AS "OperationalDate",
    area_id AS "AreaId",
    service AS "ServiceCode",
    state AS "ReferralStateCode",
    made_at AS "MadeAt",
    accepted_at AS "AcceptedAt",
    declined_at AS "DeclinedAt",
    connected_at AS "ConnectedAt",
    closed_at AS "ClosedAt",
    any_ms(connection_ms) AS "ConnectionMs",
    updated_at AS "UpdatedAt"
FROM fact.referral
