"""Turns strokes into pictures as people draw and photograph them."""
