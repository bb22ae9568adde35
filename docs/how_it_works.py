"""Makes the pictures of docs/how-it-works.md: python -m docs.how_it_works

They show one drawing at each stage. All of them come from what is served: the drawing goes through
the steps of `preprocess`, and the feature maps are read out of the released SavedModel's graph.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from mnist_demo.read.preprocess import crop_ink, normalize, normalize_stroke_width, stroke_width
from mnist_demo.weights import REPOSITORY
from train.paint.own_drawings import load, strokes_of
from train.paint.strokes import draw

FOLDER = Path(__file__).parent / "how-it-works"
DRAWING = load("four-open")
# The colours of the static page. The desk is opaque, so that a dark page around it does no harm.
DESK, PAPER, INK, SOFT, LINE, ACCENT = (
    "#f7f7fa", "#ffffff", "#1c1d21", "#5c5f68", "#d4d6de", "#2457d6",
)  # fmt: skip
MARK = "#d9480f"
STYLE: Any = {
    "figure.facecolor": DESK,
    "axes.facecolor": PAPER,
    "axes.edgecolor": LINE,
    "axes.labelcolor": SOFT,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titlecolor": SOFT,
    "axes.titlepad": 8,
    "figure.constrained_layout.h_pad": 0.12,
    "figure.constrained_layout.w_pad": 0.12,
}


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, picture in PICTURES.items():
        with plt.rc_context(STYLE):
            figure = picture()
            file = FOLDER / f"{name}.png"
            figure.savefig(file, dpi=144, metadata={"Software": None})
            plt.close(figure)
        print(f"docs/how-it-works/{file.name}: {file.stat().st_size:,} bytes")


def square() -> plt.Figure:
    """The square as it is drawn on, with the points that the pen has passed."""
    figure, axes = plt.subplots(figsize=(3.6, 3.6), layout="constrained")
    show(axes, canvas(), "gray")
    for number, points in enumerate(strokes_of(DRAWING), 1):
        axes.plot(*points.T, color=MARK, linewidth=1, marker=".", markersize=3)
        x, y = points[0]
        axes.plot(x, y, "o", color=MARK, markersize=14)
        axes.text(x, y, str(number), color="white", ha="center", va="center", weight="bold")
    return figure


def ink() -> plt.Figure:
    """The box around the ink, the ink alone, and the ink with strokes of MNIST's width."""
    found, (x, y) = located()
    even = normalize_stroke_width(found)
    figure, panels = row([canvas().shape, found.shape, even.shape], height=2.9)
    show(panels[0], canvas(), "gray", "the box around the ink")
    show(panels[1], found, "gray", width_of(found))
    show(panels[2], even, "gray", width_of(even))
    height, width = found.shape
    panels[0].add_patch(Rectangle((x, y), width, height, fill=False, color=MARK, linewidth=1.5))
    return figure


def network_input() -> plt.Figure:
    """The 28x28 picture, with the 20x20 box and the centre of mass."""
    seen = model_input()
    figure, axes = plt.subplots(figsize=(3.6, 3.6), layout="constrained")
    show(axes, seen, "gray")
    axes.set_xticks(np.arange(29) - 0.5, minor=True)
    axes.set_yticks(np.arange(29) - 0.5, minor=True)
    axes.grid(which="minor", color="#ffffff", alpha=0.12, linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    rows, columns = np.nonzero(seen)
    middle = (columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2
    corner = middle[0] - 10, middle[1] - 10
    axes.add_patch(Rectangle(corner, 20, 20, fill=False, color=MARK, linewidth=1.5))
    axes.axhline(13.5, color="#8fb2ff", linewidth=1, linestyle="--")
    axes.axvline(13.5, color="#8fb2ff", linewidth=1, linestyle="--")
    return figure


def features() -> plt.Figure:
    """All feature maps at the four sizes at which the network looks at the picture."""
    stages = feature_maps()
    mosaics = [mosaic(stage) for stage in stages]
    figure, panels = row([picture.shape for picture in mosaics], height=3.5)
    for axes, stage, picture in zip(panels, stages, mosaics, strict=True):
        side, _, count = stage.shape
        show(axes, picture, "magma", f"{count} maps of {side}x{side}")
        axes.set_axis_off()
    return figure


def answer() -> plt.Figure:
    """The logits of the ten digits, and the probabilities that they become."""
    logits, probabilities, score = outputs()
    best = int(probabilities.argmax())
    colours = [ACCENT if digit == best else "#b9bcc8" for digit in range(10)]
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 2.7), layout="constrained")
    left.bar(range(10), logits, color=colours)
    left.axhline(0, color=SOFT, linewidth=0.8)
    left.set_title("logits, divided by the temperature")
    bars = right.bar(range(10), probabilities, color=colours)
    right.bar_label(bars, [f"{p:.1%}" if p >= 0.001 else "" for p in probabilities], padding=2)
    right.set(ylim=(0, 1.12), yticks=[0, 0.5, 1])
    right.set_title(f"probabilities; looks like a digit: {score:.3f}")
    for axes in (left, right):
        axes.set_xticks(range(10))
        axes.tick_params(length=0)
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.set_facecolor(DESK)
    return figure


PICTURES: dict[str, Callable[[], plt.Figure]] = {
    "square": square,
    "ink": ink,
    "input": network_input,
    "features": features,
    "answer": answer,
}


def canvas() -> NDArray[np.uint8]:
    """The drawing as the square shows it: uint8 (side, side), paper 255."""
    return draw(strokes_of(DRAWING), DRAWING["radius"], DRAWING["canvas"])


def located() -> tuple[NDArray[np.float32], tuple[int, int]]:
    """The ink, float32 (h, w) in [0, 1], and the (x, y) of its upper left corner."""
    found = crop_ink(canvas())
    assert found is not None
    return found


def model_input() -> NDArray[np.float32]:
    """What the network sees: float32 (28, 28) in [0, 1]."""
    return normalize(normalize_stroke_width(located()[0]))


@cache
def graph() -> Any:
    """The released network as one graph of operations, with its weights as constants."""
    model = tf.saved_model.load(str(REPOSITORY / "model"))
    return convert_variables_to_constants_v2(model.signatures["serving_default"])


def compute(tensors: list[tf.Tensor]) -> list[NDArray[np.float32]]:
    """The values of some tensors of `graph` for the drawing. The first axis is the batch's."""
    given = tf.constant(model_input()[np.newaxis, ..., np.newaxis])
    return [value.numpy() for value in graph().prune("images:0", tensors)(given)]


def feature_maps() -> list[NDArray[np.float32]]:
    """The last of the widest layers at each size: float32 (h, w, maps) each."""
    widest: dict[int, tf.Tensor] = {}
    for operation in graph().graph.get_operations():
        if operation.type == "Relu" and operation.outputs[0].shape.rank == 4:
            _, side, _, maps = operation.outputs[0].shape
            if side not in widest or maps >= widest[side].shape[3]:
                widest[side] = operation.outputs[0]
    return [batch[0] for batch in compute(list(widest.values()))]


def outputs() -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """What goes into the softmax and what comes out, (10,) each, and the digit score in [0, 1]."""
    by_type = {operation.type: operation for operation in graph().graph.get_operations()}
    softmax, sigmoid = by_type["Softmax"], by_type["Sigmoid"]
    logits, probabilities, scores = compute(
        [softmax.inputs[0], softmax.outputs[0], sigmoid.outputs[0]]
    )
    return logits[0], probabilities[0], float(scores[0])


def mosaic(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """All `maps`, (side, side, count), in a grid with gaps of NaN, each divided by its maximum."""
    side, _, count = maps.shape
    columns = max(n for n in range(1, count) if count % n == 0 and n * n <= count)
    gap = max(1, side // 7)
    scaled = maps / np.maximum(maps.max(axis=(0, 1)), 1e-6)
    framed = np.pad(scaled, ((0, gap), (0, gap), (0, 0)), constant_values=np.nan)
    grid = framed.reshape(*framed.shape[:2], count // columns, columns).transpose(2, 0, 3, 1)
    return grid.reshape(grid.shape[0] * grid.shape[1], -1)[:-gap, :-gap]


def width_of(ink: NDArray[np.float32]) -> str:
    """How wide the strokes of `ink`, (h, w), are where its longer side has 20 pixels, in words."""
    pixels = 20 * stroke_width((ink > 0.4).astype(np.uint8)) / max(ink.shape)
    return f"strokes of {pixels:.1f} pixels in 20"


def row(shapes: list[tuple[int, ...]], height: float) -> tuple[plt.Figure, list[plt.Axes]]:
    """Panels for pictures of these `shapes` beside each other, all `height` inches high."""
    ratios = [width / height for height, width, *_ in shapes]
    figure, panels = plt.subplots(
        1,
        len(shapes),
        figsize=(sum(ratios) * (height - 0.5) + 0.4 * len(shapes), height),
        width_ratios=ratios,
        layout="constrained",
    )
    return figure, list(panels)


def show(axes: plt.Axes, picture: NDArray[Any], colours: str, title: str = "") -> None:
    axes.imshow(picture, cmap=colours, interpolation="nearest")
    axes.set(xticks=[], yticks=[], title=title)


if __name__ == "__main__":
    main()
