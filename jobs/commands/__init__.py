"""The commands of `crisis`, one module each: a `register(app)` that adds it to the command line."""
