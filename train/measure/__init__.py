"""Measures the released network."""
