"""The routes that FastAPI keeps, and the raw ASGI app that hands requests to the OData engine."""
