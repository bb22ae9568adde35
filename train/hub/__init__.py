"""Sends weights and the Space to the Hub, and fetches corrections from it."""
