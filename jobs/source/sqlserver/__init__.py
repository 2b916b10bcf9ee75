"""SQL Server as the source: sessions, contract, keyset chunks, one moment or an orphan check. Changes nothing there."""
