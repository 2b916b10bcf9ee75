"""Who is asking: API keys as Basic, Bearer or header, and the challenge that names both schemes."""
