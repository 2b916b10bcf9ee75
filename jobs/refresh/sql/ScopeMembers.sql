-- Who may see which area or team. A kind of scope that is not known grants nothing, and is left out.
SELECT DISTINCT
    trim(s.user_principal_name) AS "UserPrincipalName",
    plain(s.scope_kind) AS "ScopeKindCode",
    CASE plain(s.scope_kind) WHEN 'all' THEN '*' WHEN 'area' THEN COALESCE(a.area_id, trim(s.scope_value))
        ELSE COALESCE(t.team_code, trim(s.scope_value)) END AS "ScopeValue"
FROM src.staff_scope s
LEFT JOIN fact.area a ON plain(a.area_id) = plain(s.scope_value)
LEFT JOIN fact.team t ON plain(t.team_code) = plain(s.scope_value)
WHERE plain(s.scope_kind) IN ('area', 'team', 'all')
    AND plain(s.user_principal_name) IS NOT NULL AND (plain(s.scope_value) IS NOT NULL OR plain(s.scope_kind) = 'all')
