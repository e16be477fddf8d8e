"""Converts and quantizes model files: `build_models.py OUT NAME=SOURCE…`.

For each source (.tflite, SFace's .onnx or our own .npz) it writes
OUT/NAME_f32.tflite and OUT/NAME_w8.tflite, where RANGES knows the name also
OUT/NAME_int8.tflite, and says so in one line each on standard output. Leaves to others:
fetching the sources, checking digests (`likeness models build`), measuring ranges
(`measure_ranges.py`). Runs in the build environment, with nothing of likeness
installed.
"""

import sys
import tomllib
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_quantizer import quantizer, recipe_manager
from ai_edge_quantizer.algorithm_manager import AlgorithmName
from ai_edge_quantizer.qtyping import TFLOperationName

from flatbuffer_surgery import Graph
from passive_to_tflite import convert as convert_passive
from sface_to_tflite import convert as convert_sface

# SFace's last matrix, by the name of what it computes (the quantizer ends it with ";").
# It holds two thirds of the weights.
MATRIX = "^fc;?$"
# For each name the lowest and highest value of every tensor that is computed.
RANGES = Path(__file__).with_name("int8_ranges.toml")

Ranges = Mapping[str, tuple[float, float]]


def main(arguments: list[str]) -> int:
    """Build every named model; return an exit code."""
    if len(arguments) < 2 or not all("=" in one for one in arguments[1:]):  # noqa: PLR2004
        print("usage: build_models.py OUT NAME=SOURCE…", file=sys.stderr)
        return 2
    out = Path(arguments[0])
    known = tomllib.loads(RANGES.read_text(encoding="utf-8"))
    for argument in arguments[1:]:
        name, _, source = argument.partition("=")
        floats, quantized = out / f"{name}_f32.tflite", out / f"{name}_w8.tflite"
        to_float32(Path(source), floats)
        print(floats.name, flush=True)
        to_int8_weights(floats, quantized)
        print(quantized.name, flush=True)
        if name in known:
            whole = out / f"{name}_int8.tflite"
            to_static_int8(floats, whole, known[name])
            print(whole.name, flush=True)
    return 0


def to_float32(source: Path, target: Path) -> None:
    """Write a clean float32 TFLite file of a source model."""
    if source.suffix == ".onnx":
        convert_sface(source, target)
        return
    if source.suffix == ".npz":
        convert_passive(source, target)
        return
    graph = Graph.read(source)
    graph.update_opcodes()
    graph.fold_half_precision()
    # Listed even where it is not used: the files that were measured are made so.
    graph.opcode("PRELU")
    graph.fuse_relu()
    graph.drop_unused()
    graph.add_signature()
    graph.write(target)


def to_int8_weights(source: Path, target: Path) -> None:
    """Quantize the weights: int8, symmetric, one scale for each output channel.

    Arithmetic stays float32, for which a runtime unfolds the weights twice. Only the
    MATRIX is multiplied as int8 (each input scaled as it comes): it is never unfolded.
    """
    how = recipe_manager.RecipeManager()
    how.add_weight_only_config(".*", TFLOperationName.ALL_SUPPORTED, num_bits=8)
    how.add_dynamic_config(MATRIX, TFLOperationName.CONV_2D, num_bits=8)
    _quantize(source, how, None, target)


def to_static_int8(source: Path, target: Path, ranges: Ranges) -> None:
    """Quantize weights and values: int8 arithmetic, each tensor's range fixed before.

    What a runtime cannot do in int8 (PReLU) it does in float32 in between.
    """
    how = recipe_manager.RecipeManager()
    how.add_static_config(
        ".*", TFLOperationName.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8
    )
    # Float32 in and out, under the same names, as all variants.
    for end in (
        TFLOperationName.INPUT,
        TFLOperationName.RESHAPE,
        TFLOperationName.OUTPUT,
    ):
        how.add_quantization_config(".*", end, algorithm_key=AlgorithmName.NO_QUANTIZE)
    statistics = {
        tensor: {
            "min": np.array([[low]], np.float32),
            "max": np.array([[high]], np.float32),
        }
        for tensor, (low, high) in ranges.items()
    }
    _quantize(source, how, statistics, target)


def _quantize(
    source: Path,
    how: recipe_manager.RecipeManager,
    statistics: dict[str, dict[str, Any]] | None,
    target: Path,
) -> None:
    steps = how.get_quantization_recipe()
    with redirect_stdout(sys.stderr):  # it talks; standard output is ours
        quantizer.Quantizer(str(source), steps).quantize(
            statistics, serialize_to_path=str(target)
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
