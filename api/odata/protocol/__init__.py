"""What stands around a query: headers, preferences, versions, conditions, batches. Pure."""
