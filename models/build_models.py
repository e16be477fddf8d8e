"""Converts and quantizes model files: `build_models.py OUT NAME=SOURCE…`.

For each source (.tflite or SFace's .onnx) it writes OUT/NAME_f32.tflite and
OUT/NAME_w8.tflite, and says so in one line on standard output. Leaves to others:
fetching the sources, checking digests (`likeness models build`). Runs in the build
environment, with nothing of likeness installed.
"""

import sys
from contextlib import redirect_stdout
from pathlib import Path

from ai_edge_quantizer import quantizer, recipe

from flatbuffer_surgery import Graph
from sface_to_tflite import convert as convert_sface


def main(arguments: list[str]) -> int:
    """Build every named model; return an exit code."""
    if len(arguments) < 2 or not all("=" in one for one in arguments[1:]):  # noqa: PLR2004
        print("usage: build_models.py OUT NAME=SOURCE…", file=sys.stderr)
        return 2
    out = Path(arguments[0])
    for argument in arguments[1:]:
        name, _, source = argument.partition("=")
        floats, quantized = out / f"{name}_f32.tflite", out / f"{name}_w8.tflite"
        to_float32(Path(source), floats)
        print(floats.name, flush=True)
        to_int8_weights(floats, quantized)
        print(quantized.name, flush=True)
    return 0


def to_float32(source: Path, target: Path) -> None:
    """Write a clean float32 TFLite file of a source model."""
    if source.suffix == ".onnx":
        convert_sface(source, target)
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
    """Quantize the weights only: int8, symmetric, one scale for each output channel."""
    how = recipe.weight_only_wi8_afp32()
    with redirect_stdout(sys.stderr):  # it talks; standard output is ours
        quantizer.Quantizer(str(source), how).quantize(serialize_to_path=str(target))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
