"""A SavedModel with more than a classifier needs is refused before it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from mnist_demo.weights.graph import check_model

SPEC = tf.TensorSpec((None, 28, 28, 1), tf.float32, name="images")


def save(folder: Path, trick: Callable[[Any], Any] = lambda total: total, **more: Any) -> None:
    """Write a model with the classifier's signature that puts `trick` into its graph."""
    module = tf.Module()
    for name, value in more.items():
        setattr(module, name, value)

    def serve(images: Any) -> dict[str, Any]:
        total = trick(tf.reduce_sum(images, axis=[1, 2, 3]))
        return {
            "probabilities": tf.nn.softmax(total[:, tf.newaxis] * np.ones(10, np.float32)),
            "digit_score": tf.sigmoid(total),
        }

    module.serve = tf.function(serve, input_signature=[SPEC])
    tf.saved_model.save(module, str(folder), signatures={"serving_default": module.serve})


def edit(folder: Path) -> tuple[Any, Callable[[], None]]:
    """The graph in `folder`, and a function that writes it back."""
    saved_model = saved_model_pb2.SavedModel()
    saved_model.ParseFromString((folder / "saved_model.pb").read_bytes())

    def write() -> None:
        (folder / "saved_model.pb").write_bytes(saved_model.SerializeToString())

    return saved_model, write


def after(operation: Any, total: Any) -> Any:
    with tf.control_dependencies([operation]):
        return tf.identity(total)


def in_a_loop(total: Any) -> Any:
    return tf.while_loop(lambda x: tf.reduce_max(x) < 9, lambda x: [x + 1], [total])[0]


def in_a_function(total: Any) -> Any:
    return tf.function(lambda x: after(tf.io.read_file("/etc/passwd"), x))(total)


def kept(total: Any) -> Any:
    prefix, names, slices = tf.constant("/tmp/other"), ["bias"], [""]
    return (
        total
        + tf.raw_ops.RestoreV2(
            prefix=prefix, tensor_names=names, shape_and_slices=slices, dtypes=[tf.float32]
        )[0]
    )


TRICKS: dict[str, Callable[[Any], Any]] = {
    "ReadFile": in_a_function,
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
    "StatelessWhile": in_a_loop,
}  # fmt: skip


def test_what_tensorflow_itself_writes_is_accepted(tmp_path: Path) -> None:
    save(tmp_path / "model", bias=tf.Variable([1.0]))
    check_model(tmp_path / "model")


@pytest.mark.parametrize("name", TRICKS)
def test_an_operation_is_refused_by_name(tmp_path: Path, name: str) -> None:
    save(tmp_path / "model", TRICKS[name])
    with pytest.raises(ValueError, match=rf"operations no classifier needs: .*\b{name}\b"):
        check_model(tmp_path / "model")


def test_nothing_but_tensorflow_may_call_what_writes_variables(tmp_path: Path) -> None:
    save(tmp_path / "model", bias=tf.Variable([1.0]))
    saved_model, write = edit(tmp_path / "model")
    library = saved_model.meta_graphs[0].graph_def.library.function
    save_name = next(f.signature.name for f in library if "traced_save" in f.signature.name)
    call = next(node for f in library for node in f.node_def if node.op.endswith("PartitionedCall"))
    call.attr["f"].func.name = save_name
    write()
    with pytest.raises(ValueError, match="SaveV2"):
        check_model(tmp_path / "model")


def test_an_operation_outside_of_any_function(tmp_path: Path) -> None:
    save(tmp_path / "model")
    saved_model, write = edit(tmp_path / "model")
    saved_model.meta_graphs[0].graph_def.node.add(name="x", op="ReadFile")
    write()
    with pytest.raises(ValueError, match="ReadFile"):
        check_model(tmp_path / "model")


def test_files_and_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("x")
    save(tmp_path / "asset", words=tf.saved_model.Asset(str(tmp_path / "words.txt")))
    with pytest.raises(ValueError, match=r"needs: .*asset"):
        check_model(tmp_path / "asset")
    values = tf.lookup.KeyValueTensorInitializer([1], [2])
    save(tmp_path / "table", table=tf.lookup.StaticHashTable(values, 0))
    with pytest.raises(ValueError, match=r"HashTable"):
        check_model(tmp_path / "table")


def test_objects_with_code_of_their_own_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "model")
    saved_model, write = edit(tmp_path / "model")
    node = saved_model.meta_graphs[0].object_graph_def.nodes[0]
    node.registered_name = "tf.SomeClass"
    write()
    with pytest.raises(ValueError, match=r"an object no classifier needs: tf\.SomeClass"):
        check_model(tmp_path / "model")
    node.registered_name = ""
    node.user_object.identifier = "_tf_keras_layer"
    write()
    with pytest.raises(ValueError, match="_tf_keras_layer"):
        check_model(tmp_path / "model")


def test_another_signature_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "model"
    save(model)
    saved_model, write = edit(model)
    signatures = saved_model.meta_graphs[0].signature_def
    score = signatures["serving_default"].outputs["digit_score"]
    score.tensor_shape.dim.add(size=2)
    write()
    with pytest.raises(ValueError, match=r"returns digit_score float32 \[-1, 2\].*, not"):
        check_model(model)
    del signatures["serving_default"].outputs["digit_score"]
    write()
    with pytest.raises(ValueError, match=r"returns probabilities float32 \[-1, 10\], not"):
        check_model(model)
    signatures["serving_default"].inputs["images"].dtype = tf.uint8.as_datatype_enum
    write()
    with pytest.raises(ValueError, match=r"takes images uint8 \[-1, 28, 28, 1\], not"):
        check_model(model)
    del signatures["serving_default"]
    write()
    with pytest.raises(ValueError, match="no signature serving_default"):
        check_model(model)


def test_what_is_no_savedmodel(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"there is no saved_model\.pb"):
        check_model(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"\xff" * 50)
    with pytest.raises(ValueError, match="damaged"):
        check_model(tmp_path)
    (tmp_path / "saved_model.pb").write_bytes(b"")
    with pytest.raises(ValueError, match="holds 0 graphs"):
        check_model(tmp_path)
    save(tmp_path / "two")
    saved_model, write = edit(tmp_path / "two")
    saved_model.meta_graphs.append(saved_model.meta_graphs[0])
    write()
    with pytest.raises(ValueError, match="holds 2 graphs"):
        check_model(tmp_path / "two")
