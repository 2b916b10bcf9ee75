"""Syntax trees x a view x a caller -> SQL and what rows consist of: names, types, rights, row scope."""
