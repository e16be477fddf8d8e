"""Opens a TFLite model as plain objects, changes it, and writes it the same everywhere.

Only what our models need: half-precision constants become float32, an activation joins
the operation before it, old operator codes are brought up to date. Leaves to others:
which steps a model takes (`build_models`) and quantization. No TensorFlow involved.
Runs in the build environment, with nothing of likeness installed.

The format is TFLite's schema, version 3; a model here has one subgraph.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3
NO_TENSOR = -1  # an optional input that is not given
# A code up to this fits the field that files had before the schema's version 3a.
LAST_OLD_CODE = 127

FUSABLE = ("CONV_2D", "DEPTHWISE_CONV_2D", "ADD")

OPERATOR_NAMES: dict[int, str] = {
    code: name
    for name, code in vars(schema.BuiltinOperator).items()
    if isinstance(code, int)
}
TENSOR_TYPES = {
    np.dtype(np.float32): schema.TensorType.FLOAT32,
    np.dtype(np.int32): schema.TensorType.INT32,
}

# The schema's generated classes come without types, hence Any for models, tensors
# and operators.


class Graph:
    """One model, open for changes."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.subgraph: Any = model.subgraphs[0]

    @classmethod
    def read(cls, path: Path) -> "Graph":
        """Open a file."""
        root = schema.Model.GetRootAsModel(bytearray(path.read_bytes()), 0)
        return cls(schema.ModelT.InitFromObj(root))

    @classmethod
    def empty(cls, description: str) -> "Graph":
        """Begin a model with nothing in it."""
        model = schema.ModelT()
        model.version = SCHEMA_VERSION
        model.description = description.encode()
        model.buffers = [schema.BufferT()]  # the first one is empty by convention
        model.operatorCodes = []
        subgraph = schema.SubGraphT()
        subgraph.tensors, subgraph.operators = [], []
        model.subgraphs = [subgraph]
        return cls(model)

    def write(self, path: Path) -> None:
        """Write the file; the same graph gives the same bytes."""
        builder = flatbuffers.Builder(1 << 20)
        builder.Finish(self.model.Pack(builder), FILE_IDENTIFIER)
        path.write_bytes(bytes(builder.Output()))

    def name_of(self, operator: Any) -> str:
        """Return what an operator does, e.g. "CONV_2D"."""
        return OPERATOR_NAMES[_code(self.model.operatorCodes[operator.opcodeIndex])]

    def constant(self, tensor: Any) -> bytes | None:
        """Return a tensor's fixed content; None if it is computed."""
        data = self.model.buffers[tensor.buffer].data
        if data is None or len(data) == 0:
            return None
        return np.asarray(data, np.uint8).tobytes()

    def opcode(self, name: str) -> int:
        """Return the index of an operator code, added if it is not there yet."""
        wanted = getattr(schema.BuiltinOperator, name)
        for index, known in enumerate(self.model.operatorCodes):
            if _code(known) == wanted and known.version == 1:
                return index
        code = schema.OperatorCodeT()
        code.builtinCode, code.version = wanted, 1
        code.deprecatedBuiltinCode = min(wanted, LAST_OLD_CODE)
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1

    def add_tensor(
        self,
        name: str,
        shape: Sequence[int],
        content: npt.NDArray[Any] | None = None,
    ) -> int:
        """Add a tensor, float32 unless its content says otherwise; return its index."""
        tensor = schema.TensorT()
        tensor.name = name.encode()
        tensor.shape = [int(size) for size in shape]
        tensor.type = schema.TensorType.FLOAT32
        if content is not None:
            tensor.type = TENSOR_TYPES[content.dtype]
        tensor.buffer = self._add_buffer(content)
        self.subgraph.tensors.append(tensor)
        return len(self.subgraph.tensors) - 1

    def add_operator(
        self,
        name: str,
        inputs: Sequence[int],
        output: int,
        options: Any = None,
    ) -> None:
        """Add one operation; `options` is the schema's own, e.g. PadOptionsT."""
        operator = schema.OperatorT()
        operator.opcodeIndex = self.opcode(name)
        operator.inputs, operator.outputs = list(inputs), [output]
        operator.builtinOptions = options
        if options is not None:
            kind = type(options).__name__.removesuffix("T")
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        self.subgraph.operators.append(operator)

    def update_opcodes(self) -> None:
        """Fill in the newer field of operator codes.

        Old files have only the older one; the quantizer reads only the newer, takes
        everything for ADD and leaves the convolutions as they are.
        """
        for code in self.model.operatorCodes:
            code.builtinCode = _code(code)
            code.deprecatedBuiltinCode = min(code.builtinCode, LAST_OLD_CODE)

    def fold_half_precision(self) -> None:
        """Turn float16 constants behind DEQUANTIZE into float32 constants."""
        kept = []
        for operator in self.subgraph.operators:
            source = self.subgraph.tensors[operator.inputs[0]]
            content = self.constant(source)
            if (
                self.name_of(operator) != "DEQUANTIZE"
                or source.type != schema.TensorType.FLOAT16
                or content is None
            ):
                kept.append(operator)
                continue
            target = self.subgraph.tensors[operator.outputs[0]]
            target.buffer = self._add_buffer(
                np.frombuffer(content, np.float16).astype(np.float32)
            )
            target.quantization = None
        self.subgraph.operators = kept

    def fuse_relu(self) -> None:
        """Let the operation before a RELU apply it.

        Otherwise a runtime may leave the lone RELU of a quantized model undelegated.
        """
        made_by = {int(op.outputs[0]): op for op in self.subgraph.operators}
        readers = self._readers()
        leaving = {int(index) for index in self.subgraph.outputs}
        kept = []
        for operator in self.subgraph.operators:
            value = int(operator.inputs[0])
            before = made_by.get(value)
            if (
                self.name_of(operator) == "RELU"
                and before is not None
                and self.name_of(before) in FUSABLE
                and readers[value] == 1
                and value not in leaving
                and before.builtinOptions.fusedActivationFunction
                == schema.ActivationFunctionType.NONE
            ):
                options = before.builtinOptions
                options.fusedActivationFunction = schema.ActivationFunctionType.RELU
                before.outputs = list(operator.outputs)
            else:
                kept.append(operator)
        self.subgraph.operators = kept

    def drop_unused(self) -> None:
        """Number the tensors and buffers in use anew, without gaps; drop the rest."""
        graph = self.subgraph
        used = {int(index) for index in (*graph.inputs, *graph.outputs)}
        for operator in graph.operators:
            used |= {int(index) for index in (*operator.inputs, *operator.outputs)}
        used.discard(NO_TENSOR)
        old_tensors, old_buffers = graph.tensors, self.model.buffers
        new_index = {old: new for new, old in enumerate(sorted(used))}
        new_index[NO_TENSOR] = NO_TENSOR
        graph.tensors, self.model.buffers = [], [schema.BufferT()]
        for old in sorted(used):
            tensor = old_tensors[old]
            buffer = schema.BufferT()
            data = old_buffers[tensor.buffer].data
            if data is not None and len(data) > 0:
                buffer.data = data
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
            tensor.quantization = tensor.shapeSignature = None
            graph.tensors.append(tensor)
        for part in (graph, *graph.operators):
            part.inputs = [new_index[int(index)] for index in part.inputs]
            part.outputs = [new_index[int(index)] for index in part.outputs]
        self.model.metadata = self.model.signatureDefs = None

    def add_signature(self) -> None:
        """Name the inputs in0… and the outputs out0…: the quantizer asks for names."""
        signature = schema.SignatureDefT()
        signature.signatureKey = b"serving_default"
        signature.subgraphIndex = 0
        signature.inputs = _named("in", self.subgraph.inputs)
        signature.outputs = _named("out", self.subgraph.outputs)
        self.model.signatureDefs = [signature]

    def _readers(self) -> dict[int, int]:
        """Count how often each tensor is an input."""
        count: dict[int, int] = {}
        for operator in self.subgraph.operators:
            for index in operator.inputs:
                count[int(index)] = count.get(int(index), 0) + 1
        return count

    def _add_buffer(self, content: npt.NDArray[Any] | None) -> int:
        buffer = schema.BufferT()
        if content is not None:
            buffer.data = np.frombuffer(content.tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        return len(self.model.buffers) - 1


def _code(operator_code: Any) -> int:
    """Return an operator code, whichever of the two fields has it."""
    return max(int(operator_code.builtinCode), int(operator_code.deprecatedBuiltinCode))


def _named(prefix: str, indices: Sequence[int]) -> list[Any]:
    names = []
    for number, index in enumerate(indices):
        name = schema.TensorMapT()
        name.name, name.tensorIndex = f"{prefix}{number}".encode(), int(index)
        names.append(name)
    return names
