"""Turns our own passive network's committed weights into float32 TFLite.

The weights (`passive.npz`, float16, made in `passive_training/`) are those of a few
networks of three branches, one for each view of a face: convolutions with their batch
norms folded in, then the mean over the map, then one logit. Leaves to whoever runs the
model: what the views are, the input's (x - 127.5) / 127.5, and the mean of the logits.
Runs in the build environment, with nothing of likeness installed.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from flatbuffer_surgery import Graph

Floats = npt.NDArray[np.float32]

SIDE = 96  # pixels of a view
VIEWS = 3
STRIDES = (2, 2, 2, 1, 2)
RELU = schema.ActivationFunctionType.RELU


def convert(source: Path, target: Path) -> None:
    """Write the TFLite file."""
    with np.load(source, allow_pickle=False) as stored:
        weights = {name: stored[name].astype(np.float32) for name in stored.files}
    graph = Graph.empty("likeness passive")
    stacked = graph.add_tensor("input", [1, VIEWS * SIDE, SIDE, 3])
    views = [_view(graph, stacked, number) for number in range(VIEWS)]
    members = len({name.partition("_")[0] for name in weights})
    logits = [
        _branch(graph, view, f"{member}_", number, weights)
        for member in range(members)
        for number, view in enumerate(views)
    ]
    result = graph.add_tensor("logits", [1, len(logits)])
    options = schema.ConcatenationOptionsT()
    options.axis = 1
    graph.add_operator("CONCATENATION", logits, result, options)
    graph.subgraph.inputs, graph.subgraph.outputs = [stacked], [result]
    graph.drop_unused()
    graph.add_signature()
    graph.write(target)


def _view(graph: Graph, stacked: int, number: int) -> int:
    """Take one of the views, which lie one below the other."""
    begin = _whole_numbers(graph, f"begin{number}", [0, number * SIDE, 0, 0])
    size = _whole_numbers(graph, f"size{number}", [1, SIDE, SIDE, 3])
    view = graph.add_tensor(f"view{number}", [1, SIDE, SIDE, 3])
    graph.add_operator("SLICE", [stacked, begin, size], view, schema.SliceOptionsT())
    return view


def _branch(
    graph: Graph, value: int, member: str, number: int, weights: dict[str, Floats]
) -> int:
    """Add one network's steps for one view; return the tensor of its logit, 1×1."""
    side, channels = SIDE, 3
    for step, stride in enumerate(STRIDES):
        place = f"{number}_{step}"
        kernel = weights[f"{member}w{place}"].transpose(
            0, 2, 3, 1
        )  # out, height, width, in
        if stride > 1:  # TFLite's SAME would pad on one side only
            value = _padded(graph, value, side, channels, member + place)
        side, channels = side // stride, kernel.shape[0]
        fixed = _constant(graph, f"{member}w{place}", kernel)
        shift = _constant(graph, f"{member}b{place}", weights[f"{member}b{place}"])
        options: Any = schema.Conv2DOptionsT()
        options.padding = schema.Padding.VALID if stride > 1 else schema.Padding.SAME
        options.strideW = options.strideH = stride
        options.dilationWFactor = options.dilationHFactor = 1
        options.fusedActivationFunction = RELU
        result = graph.add_tensor(f"{member}conv{place}", [1, side, side, channels])
        graph.add_operator("CONV_2D", [value, fixed, shift], result, options)
        value = result
    axes = _whole_numbers(graph, f"{member}axes{number}", [1, 2])
    mean = graph.add_tensor(f"{member}mean{number}", [1, channels])
    graph.add_operator("MEAN", [value, axes], mean, schema.ReducerOptionsT())
    fixed = _constant(graph, f"{member}fcw{number}", weights[f"{member}fcw{number}"])
    shift = _constant(graph, f"{member}fcb{number}", weights[f"{member}fcb{number}"])
    logit = graph.add_tensor(f"{member}logit{number}", [1, 1])
    options = schema.FullyConnectedOptionsT()
    graph.add_operator("FULLY_CONNECTED", [mean, fixed, shift], logit, options)
    return logit


def _padded(graph: Graph, value: int, side: int, channels: int, place: str) -> int:
    edges = np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32)
    fixed = graph.add_tensor(f"edges{place}", [4, 2], edges)
    result = graph.add_tensor(f"pad{place}", [1, side + 2, side + 2, channels])
    graph.add_operator("PAD", [value, fixed], result, schema.PadOptionsT())
    return result


def _constant(graph: Graph, name: str, values: Floats) -> int:
    values = np.ascontiguousarray(values, np.float32)
    return graph.add_tensor(name, values.shape, values)


def _whole_numbers(graph: Graph, name: str, values: list[int]) -> int:
    return graph.add_tensor(name, [len(values)], np.array(values, np.int32))
