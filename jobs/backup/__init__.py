"""History, service database, audit trail and published snapshot in one folder, a hash for each file, and back."""
