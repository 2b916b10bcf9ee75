"""The web service: HTTP at the edge, the OData engine inside. Never touches the crisis database."""
