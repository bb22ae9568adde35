"""Reads the handwritten digit that you actually drew."""

from mnist_demo.classifier import Classifier, Prediction
from mnist_demo.preprocess import preprocess

__all__ = ["Classifier", "Prediction", "preprocess"]
