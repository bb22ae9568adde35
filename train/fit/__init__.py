"""Trains the network and exports it."""
