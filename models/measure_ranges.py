"""Measures each tensor's range: `measure_ranges.py ROLE MODEL_f32.tflite CROPS.npy`.

CROPS: N×height×width×3, uint8, RGB, as the model looks at them (of many faces, in many
lights: what is missing there is cut off later). Prints the part of int8_ranges.toml for
this role: for each tensor the means of the lowest and of the highest value in a crop.
Leaves to others: using them (`build_models.py`). Runs in the build environment.
"""

import sys
import tomllib
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from flatbuffer_surgery import Graph

MANIFEST = Path(__file__).with_name("manifest.toml")

Floats = npt.NDArray[np.float32]


def main(arguments: list[str]) -> int:
    """Measure and print; return an exit code."""
    if len(arguments) != 3:  # noqa: PLR2004
        print("usage: measure_ranges.py ROLE MODEL.tflite CROPS.npy", file=sys.stderr)
        return 2
    role, model, crops = arguments
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    wanted = next((one for one in manifest["model"] if one["role"] == role), None)
    if wanted is None:
        print(f"{MANIFEST}: has no model of the role {role}", file=sys.stderr)
        return 2
    seen = (np.load(crops) - wanted["input"]["mean"]) / wanted["input"]["std"]
    print(f"[{role}]")
    for tensor, (low, high) in measure(model, seen.astype(np.float32)).items():
        print(f"{tensor} = [{float(f'{low:.4g}')}, {float(f'{high:.4g}')}]")
    return 0


def measure(model: str, crops: Floats) -> dict[str, tuple[float, float]]:
    """Return the mean extremes of everything that is computed; 0 lies between."""
    interpreter = Interpreter(
        model_path=model,
        # A delegate would keep what is between input and output to itself.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    graph = Graph.read(Path(model))
    indices = [int(index) for index in graph.subgraph.inputs]
    for operator in graph.subgraph.operators:
        indices += [int(index) for index in operator.outputs]
    lows, highs = [], []
    for crop in crops:
        interpreter.set_tensor(indices[0], crop[None])
        interpreter.invoke()
        values = [interpreter.get_tensor(index) for index in indices]
        lows.append([value.min() for value in values])
        highs.append([value.max() for value in values])
    names = [graph.subgraph.tensors[index].name.decode() for index in indices]
    low = np.minimum(np.mean(lows, axis=0), 0)
    high = np.maximum(np.mean(highs, axis=0), 0)
    return dict(zip(names, zip(low, high, strict=True), strict=True))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
