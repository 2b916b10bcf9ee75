-- Everything that a refresh sends to SQL Server, in the order in which it is sent: session, contract, rows.
-- Intent: a database administrator can read here what our login does. Nothing is written, no value is part of a text.
-- A night that asks for changes has the condition on updated_at; with a rowversion column that column stands there, and
-- with an offset CAST(? AS datetimeoffset). SELECT files (CRISIS_SOURCE_SELECTS) stand in place of a table's name, in parentheses.

SET LOCK_TIMEOUT 5000;

SET DEADLOCK_PRIORITY LOW;

SELECT CAST(DATABASEPROPERTYEX(DB_NAME(), 'Updateability') AS NVARCHAR(60)) AS updateability, snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID();

SET TRANSACTION ISOLATION LEVEL SNAPSHOT;

SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_SCALE FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = SCHEMA_NAME() ORDER BY TABLE_NAME, ORDINAL_POSITION;

SELECT name, system_type_name, error_number FROM sys.dm_exec_describe_first_result_set(?, NULL, 0) ORDER BY column_ordinal;

SELECT TOP (1) [synthetic], [city], [zone], [attribution] FROM [crisis_marker] ORDER BY [marker];

SELECT MIN_ACTIVE_ROWVERSION() AS oldest;

SELECT TOP (10001) [area_id], [kind], [version], [name], [equity_class], [label_latitude], [label_longitude], [updated_at] FROM [area] ORDER BY [area_id];

SELECT TOP (10001) [area_id], [kind], [version], [name], [equity_class], [label_latitude], [label_longitude], [updated_at] FROM [area] WHERE [area_id] >= CAST(? AS varchar(64)) ORDER BY [area_id];

SELECT TOP (10001) [area_id], [kind], [version], [name], [equity_class], [label_latitude], [label_longitude], [updated_at] FROM [area] WHERE [updated_at] >= ? ORDER BY [area_id];

SELECT TOP (10001) [area_id], [kind], [version], [name], [equity_class], [label_latitude], [label_longitude], [updated_at] FROM [area] WHERE [updated_at] >= ? AND [area_id] >= CAST(? AS varchar(64)) ORDER BY [area_id];

SELECT TOP (10001) [team_code], [name], [kind], [updated_at] FROM [team] ORDER BY [team_code];

SELECT TOP (10001) [team_code], [name], [kind], [updated_at] FROM [team] WHERE [team_code] >= CAST(? AS varchar(64)) ORDER BY [team_code];

SELECT TOP (10001) [team_code], [name], [kind], [updated_at] FROM [team] WHERE [updated_at] >= ? ORDER BY [team_code];

SELECT TOP (10001) [team_code], [name], [kind], [updated_at] FROM [team] WHERE [updated_at] >= ? AND [team_code] >= CAST(? AS varchar(64)) ORDER BY [team_code];

SELECT [team_code], [name], [kind], [updated_at] FROM [team] WHERE [team_code] IN (CAST(? AS varchar(64)), CAST(? AS varchar(64))) ORDER BY [team_code];

SELECT TOP (10001) [unit_id], [team_code], [updated_at] FROM [unit] ORDER BY [unit_id];

SELECT TOP (10001) [unit_id], [team_code], [updated_at] FROM [unit] WHERE [unit_id] >= CAST(? AS varchar(64)) ORDER BY [unit_id];

SELECT TOP (10001) [unit_id], [team_code], [updated_at] FROM [unit] WHERE [updated_at] >= ? ORDER BY [unit_id];

SELECT TOP (10001) [unit_id], [team_code], [updated_at] FROM [unit] WHERE [updated_at] >= ? AND [unit_id] >= CAST(? AS varchar(64)) ORDER BY [unit_id];

SELECT [unit_id], [team_code], [updated_at] FROM [unit] WHERE [unit_id] IN (CAST(? AS varchar(64)), CAST(? AS varchar(64))) ORDER BY [unit_id];

SELECT TOP (10001) [partner_id], [name], [kind], [ends_on], [updated_at] FROM [partner] ORDER BY [partner_id];

SELECT TOP (10001) [partner_id], [name], [kind], [ends_on], [updated_at] FROM [partner] WHERE [partner_id] >= ? ORDER BY [partner_id];

SELECT TOP (10001) [partner_id], [name], [kind], [ends_on], [updated_at] FROM [partner] WHERE [updated_at] >= ? ORDER BY [partner_id];

SELECT TOP (10001) [partner_id], [name], [kind], [ends_on], [updated_at] FROM [partner] WHERE [updated_at] >= ? AND [partner_id] >= ? ORDER BY [partner_id];

SELECT [partner_id], [name], [kind], [ends_on], [updated_at] FROM [partner] WHERE [partner_id] IN (?, ?) ORDER BY [partner_id];

SELECT TOP (10001) [code_value_id], [code_list], [source_code], [code], [updated_at] FROM [code_value] ORDER BY [code_value_id];

SELECT TOP (10001) [code_value_id], [code_list], [source_code], [code], [updated_at] FROM [code_value] WHERE [code_value_id] >= ? ORDER BY [code_value_id];

SELECT TOP (10001) [code_value_id], [code_list], [source_code], [code], [updated_at] FROM [code_value] WHERE [updated_at] >= ? ORDER BY [code_value_id];

SELECT TOP (10001) [code_value_id], [code_list], [source_code], [code], [updated_at] FROM [code_value] WHERE [updated_at] >= ? AND [code_value_id] >= ? ORDER BY [code_value_id];

SELECT TOP (10001) [staff_scope_id], [user_principal_name], [scope_kind], [scope_value], [updated_at] FROM [staff_scope] ORDER BY [staff_scope_id];

SELECT TOP (10001) [staff_scope_id], [user_principal_name], [scope_kind], [scope_value], [updated_at] FROM [staff_scope] WHERE [staff_scope_id] >= ? ORDER BY [staff_scope_id];

SELECT TOP (10001) [staff_scope_id], [user_principal_name], [scope_kind], [scope_value], [updated_at] FROM [staff_scope] WHERE [updated_at] >= ? ORDER BY [staff_scope_id];

SELECT TOP (10001) [staff_scope_id], [user_principal_name], [scope_kind], [scope_value], [updated_at] FROM [staff_scope] WHERE [updated_at] >= ? AND [staff_scope_id] >= ? ORDER BY [staff_scope_id];

SELECT TOP (10001) [shift_id], [unit_id], [planned_start], [planned_end], [actual_start], [actual_end], [updated_at] FROM [shift] ORDER BY [shift_id];

SELECT TOP (10001) [shift_id], [unit_id], [planned_start], [planned_end], [actual_start], [actual_end], [updated_at] FROM [shift] WHERE [shift_id] >= ? ORDER BY [shift_id];

SELECT TOP (10001) [shift_id], [unit_id], [planned_start], [planned_end], [actual_start], [actual_end], [updated_at] FROM [shift] WHERE [updated_at] >= ? ORDER BY [shift_id];

SELECT TOP (10001) [shift_id], [unit_id], [planned_start], [planned_end], [actual_start], [actual_end], [updated_at] FROM [shift] WHERE [updated_at] >= ? AND [shift_id] >= ? ORDER BY [shift_id];

SELECT TOP (10001) [location_id], [area_word], [geocode_method], [latitude], [longitude], [updated_at] FROM [location] ORDER BY [location_id];

SELECT TOP (10001) [location_id], [area_word], [geocode_method], [latitude], [longitude], [updated_at] FROM [location] WHERE [location_id] >= ? ORDER BY [location_id];

SELECT TOP (10001) [location_id], [area_word], [geocode_method], [latitude], [longitude], [updated_at] FROM [location] WHERE [updated_at] >= ? ORDER BY [location_id];

SELECT TOP (10001) [location_id], [area_word], [geocode_method], [latitude], [longitude], [updated_at] FROM [location] WHERE [updated_at] >= ? AND [location_id] >= ? ORDER BY [location_id];

SELECT [location_id], [area_word], [geocode_method], [latitude], [longitude], [updated_at] FROM [location] WHERE [location_id] IN (?, ?) ORDER BY [location_id];

SELECT TOP (10001) [person_key], [year_band], [gender_code], [collected_as], [first_seen_at], [merged_into], [updated_at] FROM [person] ORDER BY [person_key];

SELECT TOP (10001) [person_key], [year_band], [gender_code], [collected_as], [first_seen_at], [merged_into], [updated_at] FROM [person] WHERE [person_key] >= ? ORDER BY [person_key];

SELECT TOP (10001) [person_key], [year_band], [gender_code], [collected_as], [first_seen_at], [merged_into], [updated_at] FROM [person] WHERE [updated_at] >= ? ORDER BY [person_key];

SELECT TOP (10001) [person_key], [year_band], [gender_code], [collected_as], [first_seen_at], [merged_into], [updated_at] FROM [person] WHERE [updated_at] >= ? AND [person_key] >= ? ORDER BY [person_key];

SELECT [person_key], [year_band], [gender_code], [collected_as], [first_seen_at], [merged_into], [updated_at] FROM [person] WHERE [person_key] IN (?, ?) ORDER BY [person_key];

SELECT TOP (10001) [incident_id], [incident_no], [family], [type_code], [type_final_code], [severity], [harm], [fatal_count], [injured_count], [status], [source], [occurred_from], [occurred_to], [reported_at], [notified_at], [needs_assessment_at], [closed_at], [reopened_at], [merged_into], [location_id], [clock_flags], [updated_at] FROM [incident] ORDER BY [incident_id];

SELECT TOP (10001) [incident_id], [incident_no], [family], [type_code], [type_final_code], [severity], [harm], [fatal_count], [injured_count], [status], [source], [occurred_from], [occurred_to], [reported_at], [notified_at], [needs_assessment_at], [closed_at], [reopened_at], [merged_into], [location_id], [clock_flags], [updated_at] FROM [incident] WHERE [incident_id] >= ? ORDER BY [incident_id];

SELECT TOP (10001) [incident_id], [incident_no], [family], [type_code], [type_final_code], [severity], [harm], [fatal_count], [injured_count], [status], [source], [occurred_from], [occurred_to], [reported_at], [notified_at], [needs_assessment_at], [closed_at], [reopened_at], [merged_into], [location_id], [clock_flags], [updated_at] FROM [incident] WHERE [updated_at] >= ? ORDER BY [incident_id];

SELECT TOP (10001) [incident_id], [incident_no], [family], [type_code], [type_final_code], [severity], [harm], [fatal_count], [injured_count], [status], [source], [occurred_from], [occurred_to], [reported_at], [notified_at], [needs_assessment_at], [closed_at], [reopened_at], [merged_into], [location_id], [clock_flags], [updated_at] FROM [incident] WHERE [updated_at] >= ? AND [incident_id] >= ? ORDER BY [incident_id];

SELECT [incident_id], [incident_no], [family], [type_code], [type_final_code], [severity], [harm], [fatal_count], [injured_count], [status], [source], [occurred_from], [occurred_to], [reported_at], [notified_at], [needs_assessment_at], [closed_at], [reopened_at], [merged_into], [location_id], [clock_flags], [updated_at] FROM [incident] WHERE [incident_id] IN (?, ?) ORDER BY [incident_id];

SELECT TOP (10001) [call_id], [call_no], [incident_id], [kind], [source], [priority], [call_arrival], [call_answering], [call_create], [triaged_at], [ready_at], [closed_at], [abandoned_at], [eligible], [stop_reason], [resolved_by_phone], [transfer_911_accepted], [duplicate_of], [location_id], [clock_flags], [updated_at] FROM [call] ORDER BY [call_id];

SELECT TOP (10001) [call_id], [call_no], [incident_id], [kind], [source], [priority], [call_arrival], [call_answering], [call_create], [triaged_at], [ready_at], [closed_at], [abandoned_at], [eligible], [stop_reason], [resolved_by_phone], [transfer_911_accepted], [duplicate_of], [location_id], [clock_flags], [updated_at] FROM [call] WHERE [call_id] >= ? ORDER BY [call_id];

SELECT TOP (10001) [call_id], [call_no], [incident_id], [kind], [source], [priority], [call_arrival], [call_answering], [call_create], [triaged_at], [ready_at], [closed_at], [abandoned_at], [eligible], [stop_reason], [resolved_by_phone], [transfer_911_accepted], [duplicate_of], [location_id], [clock_flags], [updated_at] FROM [call] WHERE [updated_at] >= ? ORDER BY [call_id];

SELECT TOP (10001) [call_id], [call_no], [incident_id], [kind], [source], [priority], [call_arrival], [call_answering], [call_create], [triaged_at], [ready_at], [closed_at], [abandoned_at], [eligible], [stop_reason], [resolved_by_phone], [transfer_911_accepted], [duplicate_of], [location_id], [clock_flags], [updated_at] FROM [call] WHERE [updated_at] >= ? AND [call_id] >= ? ORDER BY [call_id];

SELECT [call_id], [call_no], [incident_id], [kind], [source], [priority], [call_arrival], [call_answering], [call_create], [triaged_at], [ready_at], [closed_at], [abandoned_at], [eligible], [stop_reason], [resolved_by_phone], [transfer_911_accepted], [duplicate_of], [location_id], [clock_flags], [updated_at] FROM [call] WHERE [call_id] IN (?, ?) ORDER BY [call_id];

SELECT TOP (10001) [dispatch_id], [call_id], [team_code], [offered_at], [accepted_at], [declined_reason], [updated_at] FROM [dispatch] ORDER BY [dispatch_id];

SELECT TOP (10001) [dispatch_id], [call_id], [team_code], [offered_at], [accepted_at], [declined_reason], [updated_at] FROM [dispatch] WHERE [dispatch_id] >= ? ORDER BY [dispatch_id];

SELECT TOP (10001) [dispatch_id], [call_id], [team_code], [offered_at], [accepted_at], [declined_reason], [updated_at] FROM [dispatch] WHERE [updated_at] >= ? ORDER BY [dispatch_id];

SELECT TOP (10001) [dispatch_id], [call_id], [team_code], [offered_at], [accepted_at], [declined_reason], [updated_at] FROM [dispatch] WHERE [updated_at] >= ? AND [dispatch_id] >= ? ORDER BY [dispatch_id];

SELECT [dispatch_id], [call_id], [team_code], [offered_at], [accepted_at], [declined_reason], [updated_at] FROM [dispatch] WHERE [dispatch_id] IN (?, ?) ORDER BY [dispatch_id];

SELECT TOP (10001) [response_id], [dispatch_id], [call_id], [unit_id], [team_code], [time_dispatch], [time_enroute_to_scene], [time_staging], [time_on_scene], [time_engaged], [time_canceled_enroute], [time_unit_clear], [mode], [contact_outcome], [disposition], [police_requested], [ems_requested], [police_on_scene], [clock_flags], [updated_at] FROM [unit_response] ORDER BY [response_id];

SELECT TOP (10001) [response_id], [dispatch_id], [call_id], [unit_id], [team_code], [time_dispatch], [time_enroute_to_scene], [time_staging], [time_on_scene], [time_engaged], [time_canceled_enroute], [time_unit_clear], [mode], [contact_outcome], [disposition], [police_requested], [ems_requested], [police_on_scene], [clock_flags], [updated_at] FROM [unit_response] WHERE [response_id] >= ? ORDER BY [response_id];

SELECT TOP (10001) [response_id], [dispatch_id], [call_id], [unit_id], [team_code], [time_dispatch], [time_enroute_to_scene], [time_staging], [time_on_scene], [time_engaged], [time_canceled_enroute], [time_unit_clear], [mode], [contact_outcome], [disposition], [police_requested], [ems_requested], [police_on_scene], [clock_flags], [updated_at] FROM [unit_response] WHERE [updated_at] >= ? ORDER BY [response_id];

SELECT TOP (10001) [response_id], [dispatch_id], [call_id], [unit_id], [team_code], [time_dispatch], [time_enroute_to_scene], [time_staging], [time_on_scene], [time_engaged], [time_canceled_enroute], [time_unit_clear], [mode], [contact_outcome], [disposition], [police_requested], [ems_requested], [police_on_scene], [clock_flags], [updated_at] FROM [unit_response] WHERE [updated_at] >= ? AND [response_id] >= ? ORDER BY [response_id];

SELECT [response_id], [dispatch_id], [call_id], [unit_id], [team_code], [time_dispatch], [time_enroute_to_scene], [time_staging], [time_on_scene], [time_engaged], [time_canceled_enroute], [time_unit_clear], [mode], [contact_outcome], [disposition], [police_requested], [ems_requested], [police_on_scene], [clock_flags], [updated_at] FROM [unit_response] WHERE [response_id] IN (?, ?) ORDER BY [response_id];

SELECT TOP (10001) [event_id], [response_id], [incident_id], [status], [at], [recorded_at], [recorded_by], [updated_at] FROM [status_event] ORDER BY [event_id];

SELECT TOP (10001) [event_id], [response_id], [incident_id], [status], [at], [recorded_at], [recorded_by], [updated_at] FROM [status_event] WHERE [event_id] >= ? ORDER BY [event_id];

SELECT TOP (10001) [event_id], [response_id], [incident_id], [status], [at], [recorded_at], [recorded_by], [updated_at] FROM [status_event] WHERE [updated_at] >= ? ORDER BY [event_id];

SELECT TOP (10001) [event_id], [response_id], [incident_id], [status], [at], [recorded_at], [recorded_by], [updated_at] FROM [status_event] WHERE [updated_at] >= ? AND [event_id] >= ? ORDER BY [event_id];

SELECT TOP (10001) [contact_id], [person_key], [incident_id], [response_id], [role], [harm], [engaged], [contact_outcome], [disposition], [contact_at], [updated_at] FROM [person_contact] ORDER BY [contact_id];

SELECT TOP (10001) [contact_id], [person_key], [incident_id], [response_id], [role], [harm], [engaged], [contact_outcome], [disposition], [contact_at], [updated_at] FROM [person_contact] WHERE [contact_id] >= ? ORDER BY [contact_id];

SELECT TOP (10001) [contact_id], [person_key], [incident_id], [response_id], [role], [harm], [engaged], [contact_outcome], [disposition], [contact_at], [updated_at] FROM [person_contact] WHERE [updated_at] >= ? ORDER BY [contact_id];

SELECT TOP (10001) [contact_id], [person_key], [incident_id], [response_id], [role], [harm], [engaged], [contact_outcome], [disposition], [contact_at], [updated_at] FROM [person_contact] WHERE [updated_at] >= ? AND [contact_id] >= ? ORDER BY [contact_id];

SELECT [contact_id], [person_key], [incident_id], [response_id], [role], [harm], [engaged], [contact_outcome], [disposition], [contact_at], [updated_at] FROM [person_contact] WHERE [contact_id] IN (?, ?) ORDER BY [contact_id];

SELECT TOP (10001) [consent_id], [person_key], [purpose], [state], [given_at], [withdrawn_at], [updated_at] FROM [consent] ORDER BY [consent_id];

SELECT TOP (10001) [consent_id], [person_key], [purpose], [state], [given_at], [withdrawn_at], [updated_at] FROM [consent] WHERE [consent_id] >= ? ORDER BY [consent_id];

SELECT TOP (10001) [consent_id], [person_key], [purpose], [state], [given_at], [withdrawn_at], [updated_at] FROM [consent] WHERE [updated_at] >= ? ORDER BY [consent_id];

SELECT TOP (10001) [consent_id], [person_key], [purpose], [state], [given_at], [withdrawn_at], [updated_at] FROM [consent] WHERE [updated_at] >= ? AND [consent_id] >= ? ORDER BY [consent_id];

SELECT TOP (10001) [support_id], [incident_id], [call_id], [kind], [planned_at], [held_at], [people_band], [partner_id], [updated_at] FROM [support] ORDER BY [support_id];

SELECT TOP (10001) [support_id], [incident_id], [call_id], [kind], [planned_at], [held_at], [people_band], [partner_id], [updated_at] FROM [support] WHERE [support_id] >= ? ORDER BY [support_id];

SELECT TOP (10001) [support_id], [incident_id], [call_id], [kind], [planned_at], [held_at], [people_band], [partner_id], [updated_at] FROM [support] WHERE [updated_at] >= ? ORDER BY [support_id];

SELECT TOP (10001) [support_id], [incident_id], [call_id], [kind], [planned_at], [held_at], [people_band], [partner_id], [updated_at] FROM [support] WHERE [updated_at] >= ? AND [support_id] >= ? ORDER BY [support_id];

SELECT TOP (10001) [referral_id], [contact_id], [partner_id], [service], [made_at], [accepted_at], [declined_at], [connected_at], [closed_at], [updated_at] FROM [referral] ORDER BY [referral_id];

SELECT TOP (10001) [referral_id], [contact_id], [partner_id], [service], [made_at], [accepted_at], [declined_at], [connected_at], [closed_at], [updated_at] FROM [referral] WHERE [referral_id] >= ? ORDER BY [referral_id];

SELECT TOP (10001) [referral_id], [contact_id], [partner_id], [service], [made_at], [accepted_at], [declined_at], [connected_at], [closed_at], [updated_at] FROM [referral] WHERE [updated_at] >= ? ORDER BY [referral_id];

SELECT TOP (10001) [referral_id], [contact_id], [partner_id], [service], [made_at], [accepted_at], [declined_at], [connected_at], [closed_at], [updated_at] FROM [referral] WHERE [updated_at] >= ? AND [referral_id] >= ? ORDER BY [referral_id];

SELECT TOP (10001) [follow_up_id], [contact_id], [due_at], [attempted_at], [reached_at], [attempt_no], [method], [result], [updated_at] FROM [follow_up] ORDER BY [follow_up_id];

SELECT TOP (10001) [follow_up_id], [contact_id], [due_at], [attempted_at], [reached_at], [attempt_no], [method], [result], [updated_at] FROM [follow_up] WHERE [follow_up_id] >= ? ORDER BY [follow_up_id];

SELECT TOP (10001) [follow_up_id], [contact_id], [due_at], [attempted_at], [reached_at], [attempt_no], [method], [result], [updated_at] FROM [follow_up] WHERE [updated_at] >= ? ORDER BY [follow_up_id];

SELECT TOP (10001) [follow_up_id], [contact_id], [due_at], [attempted_at], [reached_at], [attempt_no], [method], [result], [updated_at] FROM [follow_up] WHERE [updated_at] >= ? AND [follow_up_id] >= ? ORDER BY [follow_up_id];

SELECT TOP (10001) [request_id], [request_no], [kind], [team_code], [received_at], [assigned_at], [first_answer_at], [due_at], [closed_at], [outcome], [updated_at] FROM [request] ORDER BY [request_id];

SELECT TOP (10001) [request_id], [request_no], [kind], [team_code], [received_at], [assigned_at], [first_answer_at], [due_at], [closed_at], [outcome], [updated_at] FROM [request] WHERE [request_id] >= ? ORDER BY [request_id];

SELECT TOP (10001) [request_id], [request_no], [kind], [team_code], [received_at], [assigned_at], [first_answer_at], [due_at], [closed_at], [outcome], [updated_at] FROM [request] WHERE [updated_at] >= ? ORDER BY [request_id];

SELECT TOP (10001) [request_id], [request_no], [kind], [team_code], [received_at], [assigned_at], [first_answer_at], [due_at], [closed_at], [outcome], [updated_at] FROM [request] WHERE [updated_at] >= ? AND [request_id] >= ? ORDER BY [request_id];
