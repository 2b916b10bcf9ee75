-- A login for the nightly refresh of Crisis Metrics that may read the contract's tables and nothing else.
-- For a database administrator. Replace CrisisDb, the password and, where yours differs, the schema crisis.
-- Nothing here changes data. Sections 1, 2 and 4 are needed; 3, 5 and 6 are yours to decide.

-- 1. The login. For Entra instead: CREATE LOGIN [crisis-refresh] FROM EXTERNAL PROVIDER;
USE [master];
CREATE LOGIN [crisis_reader] WITH PASSWORD = N'REPLACE-with-a-long-password', DEFAULT_DATABASE = [CrisisDb], CHECK_POLICY = ON;
GO

-- 2. Its user; the default schema is where the refresh looks for tables and views.
USE [CrisisDb];
CREATE USER [crisis_reader] FOR LOGIN [crisis_reader] WITH DEFAULT_SCHEMA = [crisis];
CREATE ROLE [crisis_source];
ALTER ROLE [crisis_source] ADD MEMBER [crisis_reader];
GO

-- 3. Views, if you prefer them to SELECT files on the refresh's machine: one for each contract table whose tables of yours are
--    named otherwise. In a schema of the same owner they need no right on what they read.
-- CREATE SCHEMA [crisis] AUTHORIZATION [dbo];
-- GO
-- CREATE VIEW [crisis].[team] AS SELECT c.Code AS team_code, c.Label AS name, c.Kind AS kind, c.ChangedUtc AS updated_at FROM dbo.Crew AS c;
-- GO

-- 4. What it may read. With SELECT files: grant the tables that they name instead.
GRANT SELECT ON [crisis].[area] TO [crisis_source];
GRANT SELECT ON [crisis].[team] TO [crisis_source];
GRANT SELECT ON [crisis].[unit] TO [crisis_source];
GRANT SELECT ON [crisis].[partner] TO [crisis_source];
GRANT SELECT ON [crisis].[code_value] TO [crisis_source];
GRANT SELECT ON [crisis].[staff_scope] TO [crisis_source];
GRANT SELECT ON [crisis].[shift] TO [crisis_source];
GRANT SELECT ON [crisis].[location] TO [crisis_source];
GRANT SELECT ON [crisis].[person] TO [crisis_source];
GRANT SELECT ON [crisis].[incident] TO [crisis_source];
GRANT SELECT ON [crisis].[call] TO [crisis_source];
GRANT SELECT ON [crisis].[dispatch] TO [crisis_source];
GRANT SELECT ON [crisis].[unit_response] TO [crisis_source];
GRANT SELECT ON [crisis].[status_event] TO [crisis_source];
GRANT SELECT ON [crisis].[person_contact] TO [crisis_source];
GRANT SELECT ON [crisis].[consent] TO [crisis_source];
GRANT SELECT ON [crisis].[support] TO [crisis_source];
GRANT SELECT ON [crisis].[referral] TO [crisis_source];
GRANT SELECT ON [crisis].[follow_up] TO [crisis_source];
GRANT SELECT ON [crisis].[request] TO [crisis_source];
GO

-- 5. One moment for the whole night without locks. It keeps old row versions in tempdb while a night is read.
-- ALTER DATABASE [CrisisDb] SET ALLOW_SNAPSHOT_ISOLATION ON;
-- GO

-- 6. A ceiling on what the refresh may use (Enterprise, or SQL Server 2025): Resource Governor, by program name 'crisis-metrics'.

-- To take everything back:
-- USE [CrisisDb]; DROP USER [crisis_reader]; DROP ROLE [crisis_source]; USE [master]; DROP LOGIN [crisis_reader];
