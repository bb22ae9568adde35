"""Finds the weights to load, and checks that they can be trusted."""

from mnist_demo.weights.hub import file_checksums, read_metrics
from mnist_demo.weights.resolve import REPOSITORY, Weights, find_weights, repository_weights

__all__ = [
    "REPOSITORY", "Weights", "file_checksums", "find_weights", "read_metrics", "repository_weights",
]  # fmt: skip
