"""Serve many callers at once: batching, limits, monitoring, and the REST endpoint."""
