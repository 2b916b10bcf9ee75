"""The protocol engine: parse -> bind -> plan -> sql -> fetch -> serialize. No FastAPI, no SQLModel, no settings."""
