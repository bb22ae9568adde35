"""A SavedModel with more than a classifier needs is refused before it is loaded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from mnist_demo.read.detect import OUTPUTS
from mnist_demo.weights.graph import SIGNATURES, check_model
from tests.helpers.weights import write_model


def after(operation: Any, total: Any) -> Any:
    with tf.control_dependencies([operation]):
        return tf.identity(total)


def kept(total: Any) -> Any:
    prefix, names = tf.constant("/tmp/other"), ["bias"]
    restored = tf.raw_ops.RestoreV2(
        prefix=prefix, tensor_names=names, shape_and_slices=[""], dtypes=[tf.float32]
    )
    return total + restored[0]


TRICKS: dict[str, Callable[[Any], Any]] = {
    "ReadFile": lambda x: tf.function(lambda y: after(tf.io.read_file("/etc/passwd"), y))(x),
    "WriteFile": lambda x: after(tf.io.write_file("/tmp/stolen", "x"), x),
    "MatchingFiles": lambda x: after(tf.io.matching_files("/*"), x),
    "PrintV2": lambda x: after(tf.print(x, output_stream="file:///tmp/stolen"), x),
    "EagerPyFunc": lambda x: tf.ensure_shape(tf.py_function(lambda y: y, [x], tf.float32), [None]),
    "PyFunc": lambda x: tf.ensure_shape(tf.numpy_function(np.copy, [x], tf.float32), [None]),
    "RestoreV2": kept,
    "CollectiveReduceV2": lambda x: tf.raw_ops.CollectiveReduceV2(
        input=x, group_size=2, group_key=1, instance_key=1, ordering_token=[], merge_op="Add",
        final_op="Id",
    ),
    "StatelessWhile": lambda x: tf.while_loop(
        lambda y: tf.reduce_max(y) < 9, lambda y: [y + 1], [x])[0],
}  # fmt: skip


def call_what_saves(graph: Any) -> None:
    """Let a function call the one that writes the variables."""
    library = graph.graph_def.library.function
    save_name = next(f.signature.name for f in library if "traced_save" in f.signature.name)
    call = next(node for f in library for node in f.node_def if node.op.endswith("PartitionedCall"))
    call.attr["f"].func.name = save_name


def root(graph: Any) -> Any:
    return graph.object_graph_def.nodes[0]


def signature(graph: Any) -> Any:
    return graph.signature_def["serving_default"]


# What is done to the graph of a good model, and why it is then refused.
CHANGES: list[tuple[Callable[[Any], object], str]] = [
    (call_what_saves, "SaveV2"),
    (lambda g: g.graph_def.node.add(name="x", op="ReadFile"), "ReadFile"),
    (
        lambda g: setattr(root(g), "registered_name", "tf.SomeClass"),
        r"an object no classifier needs: tf\.SomeClass",
    ),
    (lambda g: setattr(root(g).user_object, "identifier", "_tf_keras_layer"), "_tf_keras_layer"),
    (
        lambda g: signature(g).outputs["digit_score"].tensor_shape.dim.add(size=2),
        r"returns digit_score float32 \[-1, 2\].*, not",
    ),
    (
        lambda g: signature(g).outputs.__delitem__("digit_score"),
        r"returns probabilities float32 \[-1, 10\], not",
    ),
    (
        lambda g: setattr(signature(g).inputs["images"], "dtype", 4),  # uint8
        r"takes images uint8 \[-1, 28, 28, 1\], not",
    ),
    (lambda g: g.signature_def.__delitem__("serving_default"), "no signature serving_default"),
    (lambda g: g.signature_def.__delitem__("detect"), r"no signature detect: .+ later is needed"),
]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("model")
    write_model(folder)
    return (folder / "saved_model.pb").read_bytes()


def check(folder: Path, content: bytes) -> None:
    (folder / "saved_model.pb").write_bytes(content)
    check_model(folder)


def test_the_check_knows_what_the_detector_returns() -> None:
    assert SIGNATURES["detect"][1] == {"characters": [-1, -1, -1, OUTPUTS]}


def test_what_tensorflow_itself_writes_is_accepted(tmp_path: Path, good: bytes) -> None:
    check(tmp_path, good)


@pytest.mark.parametrize("name", TRICKS)
def test_an_operation_is_refused_by_name(tmp_path: Path, name: str) -> None:
    write_model(tmp_path / "model", trick=TRICKS[name])
    with pytest.raises(ValueError, match=rf"operations no classifier needs: .*\b{name}\b"):
        check_model(tmp_path / "model")


@pytest.mark.parametrize(("change", "why"), CHANGES)
def test_a_changed_graph_is_refused(
    tmp_path: Path, good: bytes, change: Callable[[Any], object], why: str
) -> None:
    saved_model = saved_model_pb2.SavedModel.FromString(good)
    change(saved_model.meta_graphs[0])
    with pytest.raises(ValueError, match=why):
        check(tmp_path, saved_model.SerializeToString())


def test_files_and_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("x")
    write_model(tmp_path / "asset", words=tf.saved_model.Asset(str(tmp_path / "words.txt")))
    with pytest.raises(ValueError, match=r"needs: .*asset"):
        check_model(tmp_path / "asset")
    values = tf.lookup.KeyValueTensorInitializer([1], [2])
    write_model(tmp_path / "table", table=tf.lookup.StaticHashTable(values, 0))
    with pytest.raises(ValueError, match=r"HashTable"):
        check_model(tmp_path / "table")


def test_what_is_no_savedmodel(tmp_path: Path, good: bytes) -> None:
    with pytest.raises(ValueError, match=r"there is no saved_model\.pb"):
        check_model(tmp_path)
    # Messages that follow each other are one, with the graphs of both.
    for content, why in ((b"\xff" * 50, "damaged"), (b"", "holds 0"), (good + good, "holds 2")):
        with pytest.raises(ValueError, match=why):
            check(tmp_path, content)
