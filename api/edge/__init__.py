"""HTTP concerns around every request: request id, limits, security headers, error to response, access log."""
