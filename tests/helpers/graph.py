"""What the layers of the served network give, in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from mnist_demo.weights import REPOSITORY
from train.fit.export_browser import Converter

Network = Callable[[Any], list[Any]]


@cache
def served_layers() -> tuple[dict[str, Any], Network]:
    """The header of browser.bin, and the served network as far as its stages and logits.

    The network takes float32 images (n, 28, 28, 1) in [0, 1]. It returns for each stage of the
    header its float32 activations (looks, n, ...), and at last the logits (n, 10), which are means
    over the looks. All can be differentiated.
    """
    model = tf.saved_model.load(str(REPOSITORY / "model"))
    frozen = convert_variables_to_constants_v2(model.signatures["serving_default"])
    converter = Converter(frozen.graph)
    header, _ = converter.convert()
    # The last operation of each layer comes last.
    names = {number: name for name, number in converter.done.items()}
    outputs = [f"{names[stage['layer']]}:0" for stage in header["stages"]]
    (softmax,) = [o for o in frozen.graph.get_operations() if o.type == "Softmax"]
    mean = softmax.inputs[0].op.inputs[0]
    run = frozen.prune("images:0", [*outputs, mean.name])

    def network(images: Any) -> list[Any]:
        *stages, logits = run(tf.convert_to_tensor(images))
        looks = len(header["shifts"])
        shaped = [tf.reshape(stage, (looks, images.shape[0], -1)) for stage in stages]
        return [*shaped, tf.reshape(logits, (-1, 10))]

    return header, network
