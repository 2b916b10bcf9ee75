"""Our parser against the official grammar: generated and broken URLs, one verdict each, no disagreement."""
