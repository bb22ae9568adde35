"""Checks the graph of a SavedModel before it is loaded.

A SavedModel is a program: TensorFlow runs every operation that its graph names. Some operations
read and write files or call Python (see TensorFlow's SECURITY.md). So weights from elsewhere are
loaded only if their graph has no more than a classifier needs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

OPERATIONS = frozenset(
    """
    Const Identity IdentityN NoOp PartitionedCall Placeholder StatefulPartitionedCall
    ReadVariableOp VarHandleOp
    BatchToSpaceND Cast ConcatV2 ExpandDims FloorMod GatherV2 Pack Pad PadV2 Reshape Shape Slice
    SpaceToBatchND Split SplitV Squeeze StridedSlice Tile Transpose Unpack
    Add AddN AddV2 Exp Log Max Maximum Mean Min Minimum Mul Neg Pow RealDiv Rsqrt Sqrt Square
    SquaredDifference Sub Sum
    AvgPool BatchMatMulV2 BiasAdd Conv2D DepthwiseConv2dNative Einsum FusedBatchNormV3 MatMul
    MaxPool
    Elu Erf LeakyRelu LogSoftmax Relu Relu6 Selu Sigmoid Softmax Softplus Softsign Tanh
    """.split()  # noqa: SIM905
)
# TensorFlow adds two functions to every SavedModel. They write and read the files of its variables.
# `tf.saved_model.load` does not call them. Nothing else in the graph may call them either.
SAVER_OPERATIONS = frozenset(
    """
    AssignVariableOp DisableCopyOnRead MergeV2Checkpoints RestoreV2 SaveV2 Select ShardedFilename
    StaticRegexFullMatch StringJoin
    """.split()  # noqa: SIM905
)
# Outside of its functions, a graph may also set the initial values of its variables.
INITIALISERS = frozenset({"AssignVariableOp", "VarIsInitializedOp"})
OBJECTS = {"user_object", "variable", "constant", "function", "bare_concrete_function"}
USER_OBJECTS = {
    "_generic_user_object", "signature_map", "trackable_dict_wrapper", "trackable_list_wrapper",
    "trackable_tuple_wrapper",
}  # fmt: skip
# What each signature takes and returns. The detector's 27 outputs are those of
# `mnist_demo.read.detect.Detector`, which this room may not import.
SIGNATURES = {
    "serving_default": (
        {"images": [-1, 28, 28, 1]},
        {"probabilities": [-1, 10], "digit_score": [-1]},
    ),
    "detect": ({"views": [-1, -1, -1, 3]}, {"characters": [-1, -1, -1, 27]}),
}


def check_model(model: Path) -> None:
    """Check that the SavedModel in the folder `model` is a classifier and nothing else.

    A classifier has one graph, only the operations and objects listed above, and no files beside
    its variables. Its signature takes `images`, float32 (batch, 28, 28, 1), and returns
    `probabilities`, float32 (batch, 10), and `digit_score`, float32 (batch,). Its second signature,
    `detect`, goes from `views`, float32 (batch, h, w, 3), to `characters`, float32 (batch, rows,
    columns, 27). The model is parsed, not run.

    Raises:
        ValueError: the SavedModel is missing, is damaged, or is not a classifier.
    """
    # Imported here because it takes seconds, and this repository's weights are not checked.
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model = saved_model_pb2.SavedModel()
    try:
        saved_model.ParseFromString((model / "saved_model.pb").read_bytes())
    except FileNotFoundError:
        raise ValueError("there is no saved_model.pb") from None
    except DecodeError:
        raise ValueError("saved_model.pb is damaged") from None
    if len(saved_model.meta_graphs) != 1:
        raise ValueError(f"it holds {len(saved_model.meta_graphs)} graphs, not one")
    meta_graph = saved_model.meta_graphs[0]
    _check_operations(meta_graph)
    _check_objects(meta_graph)
    _check_signatures(meta_graph)


def _check_operations(meta_graph: Any) -> None:
    """ValueError if the graph or a function has an operation that a classifier does not need."""
    graph = meta_graph.graph_def
    functions = {f.signature.name: f.node_def for f in graph.library.function}
    files = meta_graph.saver_def
    names = (files.save_tensor_name.split(":")[0], files.restore_op_name)
    saver = set(_called([node for node in graph.node if node.name in names]))
    called = set(meta_graph.object_graph_def.concrete_functions)
    called.update(_called([node for node in graph.node if node.name not in names]))
    for nodes in functions.values():
        called.update(_called(nodes))
    refused = {node.op for node in graph.node} - OPERATIONS - INITIALISERS
    for name, nodes in functions.items():
        allowed = OPERATIONS | SAVER_OPERATIONS if name in saver - called else OPERATIONS
        refused |= {node.op for node in nodes} - allowed
    if refused:
        raise ValueError(
            f"it contains operations no classifier needs: {', '.join(sorted(refused))}"
        )


def _called(nodes: Any) -> list[str]:
    """The names of the functions that `nodes` call."""
    names = []
    for node in nodes:
        for value in node.attr.values():
            names += [function.name for function in [value.func, *value.list.func]]
    return names


def _check_objects(meta_graph: Any) -> None:
    """ValueError if there is an object that a classifier does not need, or an asset file."""
    objects = meta_graph.object_graph_def.nodes
    if not objects:
        raise ValueError("it has no object graph: it was not written by TensorFlow 2")
    kinds = {node.WhichOneof("kind") for node in objects} - OBJECTS
    if kinds or meta_graph.asset_file_def:
        what = ", ".join(sorted(map(str, kinds))) or "assets"
        raise ValueError(f"it contains objects no classifier needs: {what}")
    for node in objects:
        # TensorFlow calls the Python code of a registered class to rebuild its objects.
        identifier = node.user_object.identifier
        if node.registered_name or node.registered_saver:
            name = node.registered_name or "a saver"
            raise ValueError(f"it contains an object no classifier needs: {name}")
        if node.WhichOneof("kind") == "user_object" and identifier not in USER_OBJECTS:
            raise ValueError(f"it contains an object no classifier needs: {identifier}")


def _check_signatures(meta_graph: Any) -> None:
    """ValueError if a signature does not take and return exactly what `SIGNATURES` lists."""
    for name, (inputs, outputs) in SIGNATURES.items():
        if name not in meta_graph.signature_def:
            raise ValueError(f"it has no signature {name}: version 3.0.0 or later is needed")
        signature = meta_graph.signature_def[name]
        sides = (("takes", signature.inputs, inputs), ("returns", signature.outputs, outputs))
        for title, tensors, expected in sides:
            found = {name: _describe(tensor) for name, tensor in tensors.items()}
            wanted = {name: f"float32 {shape}" for name, shape in expected.items()}
            if found != wanted:
                raise ValueError(f"it {title} {_list(found)}, not {_list(wanted)}")


def _describe(tensor: Any) -> str:
    """The dtype and the shape of a tensor in words."""
    from tensorflow import dtypes

    shape = [dimension.size for dimension in tensor.tensor_shape.dim]
    unknown = tensor.tensor_shape.unknown_rank
    return f"{dtypes.as_dtype(tensor.dtype).name} {'of any shape' if unknown else shape}"


def _list(tensors: dict[str, str]) -> str:
    """The names and descriptions of `tensors` in one line."""
    return ", ".join(f"{name} {text}" for name, text in sorted(tensors.items())) or "nothing"
