"""The only assembly point of the web service."""
