"""The semantic model as frozen values, and its two spellings: TMDL for projects, JSON for templates."""
