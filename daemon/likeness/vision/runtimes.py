"""Which program runs the models here: ai-edge-litert when it is installed.

Else tflite-runtime; both give the same numbers within each model's tolerance. Leaves to
others: opening models.
"""

import importlib
import importlib.util
from dataclasses import dataclass
from typing import Any, Literal

from likeness.errors import ModelError

RuntimeName = Literal["litert", "tflite"]

# In the order in which we take them: name → (distribution, module).
RUNTIMES: dict[RuntimeName, tuple[str, str]] = {
    "litert": ("ai-edge-litert", "ai_edge_litert.interpreter"),
    "tflite": ("tflite-runtime", "tflite_runtime.interpreter"),
}


@dataclass(frozen=True, slots=True)
class Runtime:
    """Which program runs the models: a fact for `birth` and `doctor`."""

    name: RuntimeName
    distribution: str

    @property
    def version(self) -> str:
        """The installed version, e.g. "2.3.0"."""
        # Slow to import, and a start of vision has no need of it.
        from importlib import metadata  # noqa: PLC0415

        return metadata.version(self.distribution)

    def interpreter_class(self) -> Any:
        """Return what runs a model file; the runtimes come without types, hence Any."""
        return importlib.import_module(RUNTIMES[self.name][1]).Interpreter

    def __str__(self) -> str:
        """Return e.g. "ai-edge-litert 2.3.0"."""
        return f"{self.distribution} {self.version}"


def installed_runtimes() -> list[Runtime]:
    """Return the runtimes found here, the one we prefer first; imports none of them."""
    return [
        Runtime(name, distribution)
        for name, (distribution, module) in RUNTIMES.items()
        if importlib.util.find_spec(module.partition(".")[0]) is not None
    ]


def find_runtime(name: RuntimeName | None = None) -> Runtime:
    """Return the runtime of this name, or the preferred one.

    Raises:
        ModelError: it is not installed; the text says what to install.
    """
    for runtime in installed_runtimes():
        if name in (None, runtime.name):
            return runtime
    wanted = RUNTIMES[name or "litert"][0]
    raise ModelError(f"no model can run: install {wanted} with pip")
