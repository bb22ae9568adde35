"""Write the SavedModel's network for the reader in the browser: browser.bin.

`export` writes it, too. This command also lists the file in metrics.json, if there is one.

The file is a header in JSON and the weights behind it. Every entry of the header's "layers" is one
operation on the results of earlier ones; its "inputs" are their numbers, or -1 for the image. Batch
normalisation is folded into the convolutions. The header also has what happens before and after the
layers: the looks, the temperature and the offset of the score. Its "stages" are the layers that a
visitor is shown, each with its name and the number of its layer. All is taken from the graph that
is served, so that both readers have the same network.

Weights are integers with one scale, float32, for each filter. The kernels of the SavedModel are
rounded to 8 bits a filter, see `round_kernels`, so that int8 keeps them as they are. Without that,
probabilities of 4,677 validation pictures differed by up to 0.027 from the SavedModel's, with 12
bits by 0.002; their digits were the same.

    bytes 0 to 3: length of the header, uint32; all numbers are little-endian
    then the header, filled up with spaces so that the floats begin at a multiple of 4
    then the floats: for each layer with weights its scales, then its biases
    then the integers: for each such layer its weights, [inputs][filters]; int8 if the header's
    "bits" are 8, else int16
"""

from __future__ import annotations

import argparse
import json
import re
import struct
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from mnist_demo.files import write_whole
from mnist_demo.weights.hub import BROWSER, METRICS, file_checksums
from train.arguments import add_weights

MAX_BYTES = 400_000
Array = NDArray[np.float32]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_weights(parser)


def run(args: argparse.Namespace) -> None:
    size = write_browser_weights(args.weights)
    print(f"{args.weights / BROWSER}: {size:,} bytes")
    # The file was made from the model alone, so what metrics.json says of the model stays true.
    metrics_file = args.weights / METRICS
    if metrics_file.exists():
        metrics = json.loads(metrics_file.read_text())
        metrics["files"][BROWSER] = file_checksums(args.weights)[BROWSER]
        metrics_file.write_text(json.dumps(metrics, indent=1) + "\n")


def write_browser_weights(weights: Path) -> int:
    """Write browser.bin beside the SavedModel in `weights`/model; returns its size in bytes.

    Raises:
        SystemExit: the graph has an operation that the reader in the browser lacks, or the file
            would be too large.
    """
    model = tf.saved_model.load(str(weights / "model"))
    graph = convert_variables_to_constants_v2(model.signatures["serving_default"]).graph
    header, arrays = Converter(graph).convert()
    return write_network(weights / BROWSER, header | {"bits": 8}, arrays, MAX_BYTES)


def round_kernels(model: keras.Model) -> None:
    """Round the kernels of a model to 8 bits: whole multiples of 1/127 of each filter's largest.

    Batch normalisation scales a filter as a whole, so the multiples stay the same when it is folded
    into the kernel.
    """
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            layer.kernel.assign(rounded(layer.kernel.numpy()))


def rounded(kernel: Array, bits: int = 8) -> Array:
    """A kernel (..., filters) in `bits` a value and one scale a filter."""
    axes = tuple(range(kernel.ndim - 1))
    scale = np.maximum(np.abs(kernel).max(axis=axes), 1e-12) / (2 ** (bits - 1) - 1)
    return np.asarray(np.round(kernel / scale) * scale, np.float32)


def write_network(
    file: Path, header: dict[str, Any], arrays: list[tuple[Array, Array]], most: int
) -> int:
    """Write a network in the form that the reader in the browser takes; returns its size in bytes.

    Args:
        file: where to.
        header: see the module's description. Its "bits" are 8 or 16, which is meant without them.
        arrays: for each layer with weights, in order, its weights (inputs, filters) and its biases
            (filters,).
        most: bytes that it may have.

    Raises:
        SystemExit: it would have more. Nothing is written.
    """
    floats, integers = [], []
    bits = header.get("bits", 16)
    for weights_of_layer, bias in arrays:
        scale = np.maximum(np.abs(weights_of_layer).max(axis=0), 1e-12) / (2 ** (bits - 1) - 1)
        floats += [scale, bias]
        integers.append(np.round(weights_of_layer / scale).ravel())
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    content = struct.pack("<I", len(text)) + text
    content += np.concatenate(floats).astype("<f4").tobytes()
    content += np.concatenate(integers).astype(f"<i{bits // 8}").tobytes()
    if len(content) > most:
        raise SystemExit(f"{file.name} has {len(content):,} bytes; at most {most:,} are sent")
    with write_whole(file) as part:
        part.write_bytes(content)
    return len(content)


class Converter:
    """Walks a frozen graph from its outputs to its input and lists the layers on the way."""

    def __init__(self, graph: tf.Graph) -> None:
        self.operations = {operation.name: operation for operation in graph.get_operations()}
        self.layers: list[dict[str, Any]] = []
        self.weights: dict[int, tuple[Array, Array]] = {}  # by layer: (inputs, filters), (filters,)
        self.done: dict[str, int] = {}  # name of an operation to the number of its layer
        self.names: dict[int, str] = {}  # of the layers that convolve or add

    def convert(self) -> tuple[dict[str, Any], list[tuple[Array, Array]]]:
        """The header; and weights (inputs, filters) and biases (filters,) in the layers' order."""
        softmax, sigmoid = self._only("Softmax"), self._only("Sigmoid")
        scaled, moved = self._source(softmax), self._source(sigmoid)
        if scaled.type != "RealDiv" or moved.type != "Sub":
            raise SystemExit("the graph does not end with a temperature and an offset")
        header: dict[str, Any] = {
            "temperature": float(self._value(scaled.inputs[1].op)),
            "offset": float(self._value(moved.inputs[1].op)),
            "shifts": self._shifts(),
            "digits": self._layer(self._before_mean(scaled)),
            "is_digit": self._layer(self._before_mean(moved)),
            "layers": self.layers,
        }
        header["stages"] = self._stages(header["digits"])
        for number, (weights, _) in self.weights.items():
            self.layers[number]["values"] = weights.size
        return header, [self.weights[number] for number in sorted(self.weights)]

    def _stages(self, digits: int) -> list[dict[str, Any]]:
        """The layers to show: those that look at the image itself, the residual blocks' results,
        and what the layer `digits` reads."""
        return [
            {"name": self.names[number], "layer": number}
            for number, layer in enumerate(self.layers)
            if layer["inputs"] == [-1]
            or (layer["op"] == "add" and "relu" in layer)
            or self.layers[digits]["inputs"] == [number]
        ]

    def _only(self, kind: str) -> Any:
        (found,) = [o for o in self.operations.values() if o.type == kind]
        return found

    def _source(self, operation: Any, number: int = 0) -> Any:
        """The operation behind one input, without those that only pass it on."""
        source = operation.inputs[number].op
        while source.type == "Identity":
            source = source.inputs[0].op
        return source

    def _before_mean(self, operation: Any) -> Any:
        """The operation whose results are averaged over the looks."""
        mean = self._source(operation)
        reshape = self._source(mean)
        if mean.type != "Mean" or reshape.type != "Reshape":
            raise SystemExit("the graph does not average over looks")
        return self._source(reshape)

    def _shifts(self) -> list[list[int]]:
        """How far each look is shifted, [down, right] in pixels."""
        shifts = []
        for operation in self.operations.values():
            if operation.type == "StridedSlice" and self._source(operation).type == "Pad":
                begin = self._value(operation.inputs[1].op)
                padding = self._value(self._source(operation).inputs[1].op)
                shifts.append([int(begin[k] - padding[k][0]) for k in (1, 2)])
        return shifts

    def _value(self, operation: Any) -> Any:
        """The value of an operation that depends on constants alone; None if it does not."""
        if operation.type == "Const":
            return tf.make_ndarray(operation.get_attr("value"))
        if operation.type not in ("Identity", "AddV2", "Sub", "Mul", "Rsqrt"):
            return None
        values = [self._value(tensor.op) for tensor in operation.inputs]
        if any(value is None for value in values):
            return None
        if operation.type == "Rsqrt":
            return 1 / np.sqrt(values[0])
        if operation.type == "Identity":
            return values[0]
        calculate = {"AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply}[operation.type]
        return calculate(*values)

    def _layer(self, operation: Any) -> int:
        """The number of the layer that gives the operation's result."""
        if operation.name not in self.done:
            self.done[operation.name] = self._convert(operation)
        return self.done[operation.name]

    def _convert(self, operation: Any) -> int:
        kind = operation.type
        if kind == "Identity":
            return self._layer(operation.inputs[0].op)
        if kind == "ConcatV2" and int(self._value(operation.inputs[-1].op)) == 0:
            return -1  # the looks
        if kind in ("Mul", "AddV2", "Sub", "BiasAdd"):
            return self._affine(operation)
        if kind == "Relu":
            number = self._layer(self._source(operation))
            self.layers[number]["relu"] = True
            return number
        if kind in ("Conv2D", "MaxPool") and operation.get_attr("padding") != b"SAME":
            raise SystemExit(f"{operation.name}: the browser pads every {kind}")
        if kind == "Conv2D":
            kernel = self._value(operation.inputs[1].op)
            stride, (size, _, _, filters) = operation.get_attr("strides")[1], kernel.shape
            layer = {"op": "conv", "size": size, "stride": stride, "filters": filters}
            number = self._weighted(layer, self._source(operation), kernel)
            # Keras numbers the layers of a block, and TensorFlow all layers of a copy of the model.
            self.names[number] = re.sub(r"(_\d+)+$", "", operation.name.split("/")[-2])
            return number
        if kind == "MaxPool":
            size, stride = operation.get_attr("ksize")[1], operation.get_attr("strides")[1]
            inputs = [self._layer(self._source(operation))]
            layer = {"op": "maxpool", "size": size, "stride": stride, "inputs": inputs}
            return self._append(layer)
        if kind == "MatMul":
            kernel = self._value(operation.inputs[1].op)
            return self._weighted(
                {"op": "dense", "filters": kernel.shape[1]}, self._source(operation), kernel
            )
        if kind == "Reshape":  # flattens, which changes no values
            return self._layer(self._source(operation))
        inputs = [self._layer(tensor.op) for tensor in operation.inputs[:-1]]
        names = {"Mean": "average", "Max": "maximum", "ConcatV2": "concatenate"}
        if kind not in names:
            raise SystemExit(f"{operation.name}: the browser has no {kind}")
        return self._append({"op": names[kind], "inputs": inputs})

    def _affine(self, operation: Any) -> int:
        """Addition of two layers, or a constant that is folded into the layer before it."""
        constant = self._value(operation.inputs[1].op)
        if constant is None:
            if operation.type != "AddV2":
                raise SystemExit(f"{operation.name}: the browser only adds layers")
            inputs = [self._layer(tensor.op) for tensor in operation.inputs]
            number = self._append({"op": "add", "inputs": inputs})
            # A residual block is named by its own layers, which come after the shortcut.
            self.names[number] = self.names[inputs[-1]]
            return number
        number = self._layer(self._source(operation))
        layer = self.layers[number]
        if layer["op"] not in ("conv", "dense") or "relu" in layer:
            raise SystemExit(f"{operation.name}: nothing to fold it into")
        weights, bias = self.weights[number]
        if operation.type == "Mul":
            self.weights[number] = weights * constant, bias * constant
        elif operation.type == "Sub":
            self.weights[number] = weights, bias - constant
        else:
            self.weights[number] = weights, bias + constant
        return number

    def _weighted(self, layer: dict[str, Any], source: Any, kernel: Array) -> int:
        number = self._append(layer | {"inputs": [self._layer(source)]})
        filters = kernel.shape[-1]
        self.weights[number] = kernel.reshape(-1, filters), np.zeros(filters, np.float32)
        return number

    def _append(self, layer: dict[str, Any]) -> int:
        self.layers.append(layer)
        return len(self.layers) - 1
