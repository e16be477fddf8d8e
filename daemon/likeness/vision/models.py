"""The one loader: a model runs here only if its digest stands in the manifest.

Before first use a model must also give its golden answer. Leaves to others: what goes
into the models and what the outputs mean. Not thread-safe: one thread owns a set.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from likeness.errors import ModelError
from likeness.pins import sha256_of
from likeness.vision.manifest import (
    BUILT,
    Built,
    Input,
    Manifest,
    ModelEntry,
    Role,
    Variant,
    read_manifest,
)
from likeness.vision.runtimes import Runtime, RuntimeName, find_runtime

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]

LATER: tuple[Role, ...] = ("detect_far", "passive")  # loaded when first asked for


class Model:
    """One model, ready to run; made by `load_model`."""

    def __init__(
        self, entry: ModelEntry, sha256: str, interpreter: Any, runtime: Runtime
    ) -> None:
        # The interpreters come without types, hence Any.
        self.role = entry.role
        self.sha256 = sha256
        self.runtime = runtime
        self.shape = entry.input.shape
        self._scale = np.float32(1.0 / entry.input.std)
        self._offset = np.float32(-entry.input.mean / entry.input.std)
        self._interpreter = interpreter
        # A view on the runtime's own memory: nothing is allocated in a run. The
        # runtime refuses to run while somebody holds on to such a view.
        self._input = interpreter.tensor(_input_index(entry, interpreter))
        self._outputs = _output_indices(entry, interpreter)

    def run(self, array: Floats) -> tuple[Floats, ...]:
        """Run on an input that is normalized already.

        Takes float32, N×height×width×3 or without the N; gives the outputs in the
        manifest's order, each in its shape there, as copies.
        """
        np.copyto(self._input(), array)
        return self._invoke()

    def see(self, picture: Pixels) -> tuple[Floats, ...]:
        """Run on height×width×3 RGB pixels 0..255 of the input's own size.

        They are normalized as the manifest says, into the runtime's memory.
        """
        self._place(picture)
        return self._invoke()

    @property
    def has_fast_kernels(self) -> bool:
        """Whether the runtime gave parts of it to XNNPACK, its fast kernels.

        It gives the same numbers without them, silently three to ten times slower: so
        with /proc/cpuinfo hidden (ProcSubset=pid). Only its list of operations shows
        it, which is not public: of a runtime without one, nothing is suspected.
        """
        list_steps = getattr(self._interpreter, "_get_ops_details", None)
        if list_steps is None:
            return True
        return any(step["op_name"] == "DELEGATE" for step in list_steps())

    def wipe(self) -> None:
        """Look at nothing: input, output and all between hold no picture any more."""
        self._input().fill(0)
        self._interpreter.invoke()

    def _place(self, picture: Pixels) -> None:
        view = self._input()
        np.multiply(picture, self._scale, out=view)
        np.add(view, self._offset, out=view)

    def _invoke(self) -> tuple[Floats, ...]:
        self._interpreter.invoke()
        return tuple(self._interpreter.get_tensor(index) for index in self._outputs)


class ModelSet:
    """The models of one variant, verified; the far detector sleeps until used."""

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        variant: Variant,
        runtime: Runtime,
        threads: int,
    ) -> None:
        self._folder = folder
        self._manifest = manifest
        self._threads = threads
        self.variant = variant
        self.runtime = runtime
        self.digests: Mapping[Role, str] = {
            entry.role: entry.variant(variant).sha256 for entry in manifest.model
        }
        # The largest model takes as long as all others: it is loaded beside them.
        with ThreadPoolExecutor(1, thread_name_prefix="models") as aside:
            embed = aside.submit(self._load, "embed")
            self.detect_near = self._load("detect_near")
            self.mesh = self._load("mesh")
            self.eyelids = self._load("eyelids")
            for later in LATER:
                verify(folder, manifest.entry(later).variant(variant))
            self.embed = embed.result()

    @cached_property
    def detect_far(self) -> Model:
        """The far detector; rarely needed, so it is loaded when first asked for."""
        return self._load("detect_far")

    @cached_property
    def passive(self) -> Model:
        """The texture network; loaded when first asked for."""
        return self._load("passive")

    def _load(self, role: Role) -> Model:
        entry = self._manifest.entry(role)
        return load_model(
            self._folder, entry, self.variant, self.runtime, self._threads
        )


def load_models(
    folder: Path,
    variant: Variant = "w8",
    threads: int = 1,
    runtime: RuntimeName | None = None,
) -> ModelSet:
    """Load the models of a models folder (see `manifest.models_dir`).

    Raises:
        ConfigError: the folder has no good manifest.
        ModelError: a model is missing, has a wrong digest or computes wrong.
    """
    manifest = read_manifest(folder)
    return ModelSet(folder, manifest, variant, find_runtime(runtime), threads)


def load_model(
    folder: Path,
    entry: ModelEntry,
    variant: Variant,
    runtime: Runtime,
    threads: int = 1,
) -> Model:
    """Verify, open and try one model; raise ModelError naming it."""
    built = entry.variant(variant)
    verify(folder, built)
    model = open_model(folder, entry, built, runtime, threads)
    check_golden(model, entry, built)
    return model


def open_model(
    folder: Path, entry: ModelEntry, built: Built, runtime: Runtime, threads: int = 1
) -> Model:
    """Open a model file that is verified already; raise ModelError naming it."""
    interpreter_class = runtime.interpreter_class()
    try:
        # By path and not by content: the file is mapped, not held a second time.
        interpreter = interpreter_class(
            model_path=str(folder / BUILT / built.file), num_threads=threads
        )
        interpreter.allocate_tensors()
        return Model(entry, built.sha256, interpreter, runtime)
    except (ValueError, RuntimeError) as problem:
        raise ModelError(
            f"model {built.file}: {runtime} cannot run it: {problem}"
        ) from problem


def verify(folder: Path, built: Built) -> None:
    """Refuse a file that is not the one in the manifest; raise ModelError."""
    path = folder / BUILT / built.file
    if not path.is_file():
        raise ModelError(
            f"model {built.file} is missing in {path.parent};"
            " run 'likeness models build'"
        )
    found = sha256_of(path)
    if found != built.sha256:
        raise ModelError(
            f"model {built.file} is refused: its sha256 is {found}, the manifest"
            f" says {built.sha256}; remove it and run 'likeness models build'"
        )


def golden_picture(wanted: Input) -> Pixels:
    """Make the picture every model is tried with: height×width×3, uint8.

    Three slanted saw-tooth ramps, from whole numbers only, so that it is the same on
    every machine: pixel (y, x, c) = (7 y + 3 x + 85 c) mod 256.
    """
    _, height, width, channels = wanted.shape
    y, x, c = np.ogrid[:height, :width, :channels]
    picture: Pixels = ((7 * y + 3 * x + 85 * c) % 256).astype(np.uint8)
    return picture


def golden_answer(model: Model, entry: ModelEntry) -> list[list[float]]:
    """Run the golden picture; for each output give four numbers.

    They are its Euclidean norm over the square root of its size, and its values at one
    quarter, one half and three quarters of its length (counted in row-major order).
    """
    answers = []
    for output in model.see(golden_picture(entry.input)):
        flat = output.ravel().astype(np.float64)
        norm = float(np.sqrt(np.mean(flat * flat)))
        marks = [float(flat[len(flat) * quarter // 4]) for quarter in (1, 2, 3)]
        answers.append([norm, *marks])
    return answers


def check_golden(model: Model, entry: ModelEntry, built: Built) -> None:
    """Refuse a model that computes something else than it did when it was pinned.

    Raises:
        ModelError: with the model and the largest difference.
    """
    given = golden_answer(model, entry)
    if [len(numbers) for numbers in given] != [len(g) for g in built.golden]:
        raise ModelError(
            f"model {built.file}: the manifest's golden vector is not four"
            " numbers for each output"
        )
    worst = max(
        abs(a - b)
        for some, others in zip(given, built.golden, strict=True)
        for a, b in zip(some, others, strict=True)
    )
    allowed = built.golden_tolerance or entry.golden_tolerance
    if not worst <= allowed:  # a NaN is refused, too
        raise ModelError(
            f"model {built.file} computes wrong under {model.runtime}: it is"
            f" {worst:.3g} away from its golden vector, at most"
            f" {allowed:g} is allowed; reinstall {model.runtime}"
        )


def _input_index(entry: ModelEntry, interpreter: Any) -> int:
    inputs = interpreter.get_input_details()
    shapes = [tuple(int(n) for n in one["shape"]) for one in inputs]
    if shapes != [entry.input.shape] or inputs[0]["dtype"] is not np.float32:
        raise ValueError(f"its inputs are {shapes}, expected {entry.input.shape}")
    return int(inputs[0]["index"])


def _output_indices(entry: ModelEntry, interpreter: Any) -> tuple[int, ...]:
    """Find outputs by name: the two runtimes need not agree on their order."""
    found = {one["name"]: one for one in interpreter.get_output_details()}
    indices = []
    for output in entry.output:
        one = found.get(output.tensor)
        if one is None or tuple(int(n) for n in one["shape"]) != output.shape:
            raise ValueError(f"it has no output {output.tensor} of {output.shape}")
        indices.append(int(one["index"]))
    return tuple(indices)
