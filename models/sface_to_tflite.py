"""Turns SFace from ONNX with block-quantized weights into float32 TFLite.

Weights are dequantized, batch normalizations are folded into the convolution beside
them, and the last matrix becomes a convolution over the whole map (so that quantizing
can give each output its own scale). Leaves to whoever runs the model: the input's
(x - 127.5) / 128. Runs in the build environment, with nothing of likeness installed.

Source of the network: OpenCV model zoo, face_recognition_sface (Zhong et al., "SFace",
IEEE Transactions on Image Processing 30, 2021): a chain of CONV, batch norm and PReLU.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from ai_edge_litert import schema_py_generated as schema
from onnx import numpy_helper

from flatbuffer_surgery import Graph

Floats = npt.NDArray[np.float32]

SIDE = 112  # pixels
# Done by the caller (Sub, Mul) or without effect when a network only runs.
LEFT_OUT = ("Sub", "Mul", "Dropout", "Flatten")


@dataclass(frozen=True)
class Node:
    """One step of the chain; `inputs` names constants, after the running value."""

    kind: str
    inputs: list[str]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Affine:
    """A batch normalization: y = scale · x + shift, for each channel."""

    scale: Floats
    shift: Floats


def convert(source: Path, target: Path) -> None:
    """Write the TFLite file; raise ValueError where the network is another one."""
    model = onnx.load(str(source))
    constants, chain = _read(model)
    _Writer(constants).write(chain, target)


def _read(model: Any) -> tuple[dict[str, npt.NDArray[Any]], list[Node]]:
    """Separate what is fixed, dequantized, from the chain of steps."""
    constants = {
        one.name: numpy_helper.to_array(one) for one in model.graph.initializer
    }
    chain = []
    for node in model.graph.node:
        attributes = {
            one.name: onnx.helper.get_attribute_value(one) for one in node.attribute
        }
        names, result = list(node.input), node.output[0]
        match node.op_type:
            case "DequantizeLinear":
                values = [constants[name] for name in names]
                constants[result] = _dequantized(values, attributes)
            case "Reshape" if names[0] in constants:
                shape = constants[names[1]]
                constants[result] = constants[names[0]].reshape(shape)
            case "Constant":
                constants[result] = numpy_helper.to_array(attributes["value"])
            case kind if kind not in LEFT_OUT:
                chain.append(Node(kind, names, attributes))
            case _:
                # Its place is kept, since places number the tensors.
                chain.append(Node("", names, attributes))
    return constants, chain


def _dequantized(
    values: list[npt.NDArray[Any]], attributes: dict[str, Any]
) -> npt.NDArray[Any]:
    """(q - zero) · scale; along one axis each block of values shares both."""
    quantized, scale, zero = (value.astype(np.float32) for value in values)
    axis, block = attributes["axis"], attributes["block_size"]
    size = range(quantized.shape[axis])  # the last block may be cut short
    scale = np.take(np.repeat(scale, block, axis), size, axis)
    zero = np.take(np.repeat(zero, block, axis), size, axis)
    return (quantized - zero) * scale


class _Writer:
    """Walks along the chain and adds each step to the graph."""

    def __init__(self, constants: dict[str, npt.NDArray[Any]]) -> None:
        self._constants = constants
        self._graph = Graph.empty("sface")
        self._shape = (SIDE, SIDE, 3)  # height, width, channels of the running value
        self._value = self._graph.add_tensor("input", [1, *self._shape])
        self._graph.subgraph.inputs = [self._value]

    def write(self, chain: list[Node], target: Path) -> None:
        before_matrix: Affine | None = None
        place = 0
        while place < len(chain):
            node = chain[place]
            after = chain[place + 1] if place + 1 < len(chain) else None
            if node.kind == "Conv":
                affine = None
                if after is not None and after.kind == "BatchNormalization":
                    affine, place = self._affine(after), place + 1
                self._convolution(node, affine, place)
            elif node.kind == "PRelu":
                self._prelu(node, place)
            elif node.kind == "BatchNormalization":
                before_matrix = self._affine(node)
            elif node.kind == "Gemm":
                if after is None or before_matrix is None:
                    raise ValueError("SFace: its matrix stands alone")
                self._matrix(node, before_matrix, self._affine(after))
                place += 1
            elif node.kind:
                raise ValueError(f"SFace: unknown step {node.kind}")
            place += 1
        self._finish(target)

    def _affine(self, node: Node) -> Affine:
        gamma, beta, mean, variance = (self._constants[n] for n in node.inputs[1:5])
        scale = gamma / np.sqrt(variance + node.attributes.get("epsilon", 1e-5))
        return Affine(scale, beta - mean * scale)

    def _convolution(self, node: Node, affine: Affine | None, place: int) -> None:
        weights = self._constants[node.inputs[1]]  # out, in, height, width
        count, _, size, _ = weights.shape
        bias: Floats = np.zeros(count, np.float32)
        for name in node.inputs[2:]:  # after value and weights: a bias, or nothing
            bias = self._constants[name]
        if affine is not None:
            weights = weights * affine.scale[:, None, None, None]
            bias = bias * affine.scale + affine.shift
        stride = node.attributes.get("strides", [1, 1])[0]
        self._pad(node, size, stride, place)
        padding = schema.Padding.VALID if stride > 1 else schema.Padding.SAME
        side = self._shape[0] if stride == 1 else (self._shape[0] - size) // stride + 1
        channels = self._shape[2]
        by_channel = node.attributes.get("group", 1) > 1
        options: Any
        if by_channel:
            if not node.attributes["group"] == count == channels:
                raise ValueError("SFace: a convolution has groups of another kind")
            options = schema.DepthwiseConv2DOptionsT()
            options.depthMultiplier = 1
            kernel = weights[:, 0].transpose(1, 2, 0)[None]
        else:
            options = schema.Conv2DOptionsT()
            kernel = weights.transpose(0, 2, 3, 1)
        name = "DEPTHWISE_CONV_2D" if by_channel else "CONV_2D"
        self._shape = (side, side, count)
        result = self._graph.add_tensor(f"conv{place}", [1, *self._shape])
        shift = self._graph.add_tensor(f"b{place}", [count], _float32(bias))
        fixed = self._graph.add_tensor(f"w{place}", kernel.shape, _float32(kernel))
        _stride(options, stride, padding)
        self._step(name, [fixed, shift], result, options)

    def _pad(self, node: Node, size: int, stride: int, place: int) -> None:
        """Pad by hand where TFLite's SAME would pad on other sides than ONNX."""
        border = node.attributes.get("pads", [0])[0]
        if stride == 1:
            if border != (size - 1) // 2:
                raise ValueError("SFace: a convolution shrinks its map")
            return
        height, width, channels = self._shape
        self._shape = (height + 2 * border, width + 2 * border, channels)
        edges = np.array([[0, 0], [border] * 2, [border] * 2, [0, 0]], np.int32)
        fixed = self._graph.add_tensor(f"pad{place}_c", [4, 2], edges)
        result = self._graph.add_tensor(f"pad{place}", [1, *self._shape])
        self._step("PAD", [fixed], result, schema.PadOptionsT())

    def _prelu(self, node: Node, place: int) -> None:
        channels = self._shape[2]
        slope = np.broadcast_to(self._constants[node.inputs[1]].ravel(), (channels,))
        result = self._graph.add_tensor(f"prelu{place}", [1, *self._shape])
        fixed = self._graph.add_tensor(f"al{place}", [1, 1, channels], _float32(slope))
        self._step("PRELU", [fixed], result)

    def _matrix(self, node: Node, before: Affine, after: Affine) -> None:
        """Fold both normalizations into the matrix; make it a convolution."""
        weights = self._constants[node.inputs[1]]
        if not node.attributes.get("transB", 0):
            weights = weights.T
        bias = self._constants[node.inputs[2]].ravel()
        height, width, channels = self._shape
        weights = weights.reshape(-1, channels, height, width)
        bias = bias + (weights * before.shift[None, :, None, None]).sum((1, 2, 3))
        weights = weights * before.scale[None, :, None, None]
        weights = weights * after.scale[:, None, None, None]
        bias = bias * after.scale + after.shift
        kernel = weights.transpose(0, 2, 3, 1)
        self._shape = (1, 1, len(bias))
        fixed = self._graph.add_tensor("fcw", kernel.shape, _float32(kernel))
        result = self._graph.add_tensor("fc", [1, *self._shape])
        shift = self._graph.add_tensor("fcb", [len(bias)], _float32(bias))
        options = schema.Conv2DOptionsT()
        _stride(options, 1, schema.Padding.VALID)
        self._step("CONV_2D", [fixed, shift], result, options)

    def _finish(self, target: Path) -> None:
        shape = [1, self._shape[2]]
        result = self._graph.add_tensor("embeddings", shape)
        fixed = self._graph.add_tensor("rs", [2], np.array(shape, np.int32))
        options = schema.ReshapeOptionsT()
        options.newShape = shape
        self._step("RESHAPE", [fixed], result, options)
        self._graph.subgraph.outputs = [result]
        self._graph.drop_unused()
        self._graph.add_signature()
        self._graph.write(target)

    def _step(
        self, name: str, fixed: list[int], result: int, options: Any = None
    ) -> None:
        self._graph.add_operator(name, [self._value, *fixed], result, options)
        self._value = result


def _float32(values: npt.NDArray[Any]) -> Floats:
    return np.ascontiguousarray(values).astype(np.float32)


def _stride(options: Any, stride: int, padding: int) -> None:
    options.padding = padding
    options.strideW = options.strideH = stride
    options.dilationWFactor = options.dilationHFactor = 1
