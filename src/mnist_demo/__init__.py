"""Reads the handwritten digit that you actually drew."""

from mnist_demo.read.classifier import Classifier
from mnist_demo.read.prediction import Prediction
from mnist_demo.read.preprocess import preprocess

__all__ = ["Classifier", "Prediction", "preprocess"]
