"""Reads the handwritten digit that you actually drew."""

from mnist_demo.read.classifier import Classifier, Prediction
from mnist_demo.read.preprocess import preprocess

__all__ = ["Classifier", "Prediction", "preprocess"]
