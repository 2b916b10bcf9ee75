"""The catalogue -> `$metadata`: CSDL in XML and JSON with its annotations. Pure."""
