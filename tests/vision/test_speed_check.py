"""Slow kernels are told from a slow machine, with the runtime's own slow kernels."""

import importlib

import pytest

from likeness.vision.manifest import BUILT, read_manifest
from likeness.vision.models import LATER, Model, ModelSet
from likeness.vision.runtimes import RUNTIMES, RuntimeName, find_runtime
from likeness.vision.speed_check import SLOW_FROM, slowness
from real_models import MODELS


class OnlyMesh(ModelSet):
    """One network, as this runtime runs it with or without its fast kernels."""

    def __init__(self, name: RuntimeName, *, fast: bool) -> None:
        runtime = find_runtime(name)
        entry = read_manifest(MODELS).entry("mesh")
        module = importlib.import_module(RUNTIMES[name][1])
        kinds = module.OpResolverType
        interpreter = module.Interpreter(
            model_path=str(MODELS / BUILT / entry.variant("w8").file),
            num_threads=1,
            experimental_op_resolver_type=(
                kinds.AUTO if fast else kinds.BUILTIN_WITHOUT_DEFAULT_DELEGATES
            ),
        )
        interpreter.allocate_tensors()
        self.mesh = Model(entry, "", interpreter, runtime)


@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime_without_its_fast_kernels_is_noticed(name: RuntimeName) -> None:
    """By a ratio with much room on both sides, so that a busy machine may be busy."""
    assert slowness(OnlyMesh(name, fast=True)) < SLOW_FROM
    assert slowness(OnlyMesh(name, fast=False)) > SLOW_FROM
    assert "mesh" not in LATER  # it is there at the start
