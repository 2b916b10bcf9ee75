"""Catalogue -> Power BI templates. Reads the catalogue alone: no database, no web."""
