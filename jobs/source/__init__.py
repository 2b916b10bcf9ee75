"""What comes in: contract check, extract, CSV import with mapping files, demo city."""
