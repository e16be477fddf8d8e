"""The converted network against the same sums done by hand."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from ai_edge_litert.interpreter import Interpreter

from passive_to_tflite import SIDE, STRIDES, VIEWS, convert

Floats = npt.NDArray[np.float32]

CHANNELS = (3, 2, 3, 4, 3, 5)
MEMBERS = 2
BRANCHES = [(member, view) for member in range(MEMBERS) for view in range(VIEWS)]


@pytest.fixture(scope="module")
def weights() -> dict[str, npt.NDArray[np.float16]]:
    rng = np.random.default_rng(0)
    drawn = {}
    for branch in BRANCHES:
        for step in range(len(STRIDES)):
            size = (CHANNELS[step + 1], CHANNELS[step], 3, 3)
            drawn[f"{branch[0]}_w{branch[1]}_{step}"] = rng.normal(0, 0.4, size)
            drawn[f"{branch[0]}_b{branch[1]}_{step}"] = rng.normal(0, 0.1, size[:1])
        drawn[f"{branch[0]}_fcw{branch[1]}"] = rng.normal(0, 1, (1, CHANNELS[-1]))
        drawn[f"{branch[0]}_fcb{branch[1]}"] = rng.normal(0, 1, 1)
    return {name: values.astype(np.float16) for name, values in drawn.items()}


def by_hand(
    view: Floats,
    branch: tuple[int, int],
    weights: dict[str, npt.NDArray[np.float16]],
) -> float:
    """Convolve, add, cut at zero; then the mean and the last sum."""
    member, number = branch
    value = view.astype(np.float64)
    for step, stride in enumerate(STRIDES):
        kernel = weights[f"{member}_w{number}_{step}"].astype(np.float64)
        wide = np.pad(value, ((1, 1), (1, 1), (0, 0)))
        side = len(value)
        summed = np.zeros((side // stride, side // stride, len(kernel)))
        for down in range(3):
            for right in range(3):
                rows = slice(down, down + side, stride)
                columns = slice(right, right + side, stride)
                summed += wide[rows, columns] @ kernel[:, :, down, right].T
        value = np.maximum(summed + weights[f"{member}_b{number}_{step}"], 0)
    mean = value.mean(axis=(0, 1))
    last = mean @ weights[f"{member}_fcw{number}"][0]
    return float(last + weights[f"{member}_fcb{number}"][0])


def test_each_view_goes_through_its_own_branch(
    tmp_path: Path, weights: dict[str, npt.NDArray[np.float16]]
) -> None:
    np.savez(tmp_path / "passive.npz", **weights)
    convert(tmp_path / "passive.npz", tmp_path / "passive.tflite")
    model = Interpreter(model_path=str(tmp_path / "passive.tflite"), num_threads=1)
    model.allocate_tensors()
    shape = (VIEWS * SIDE, SIDE, 3)
    views = np.random.default_rng(1).uniform(-1, 1, shape).astype(np.float32)
    model.set_tensor(model.get_input_details()[0]["index"], views[None])
    model.invoke()
    (given,) = model.get_output_details()
    assert given["name"] == "logits"
    logits = model.get_tensor(given["index"])
    wanted = [
        by_hand(views[view * SIDE : (view + 1) * SIDE], (member, view), weights)
        for member, view in BRANCHES
    ]
    assert logits.shape == (1, MEMBERS * VIEWS)
    assert logits[0] == pytest.approx(wanted, abs=1e-4)


def test_the_same_weights_give_the_same_file(
    tmp_path: Path, weights: dict[str, npt.NDArray[np.float16]]
) -> None:
    np.savez(tmp_path / "passive.npz", **weights)
    for name in ("one", "two"):
        convert(tmp_path / "passive.npz", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
