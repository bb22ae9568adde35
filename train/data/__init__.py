"""Reads and fetches the data sets."""
