"""Whether the networks have XNNPACK: the real runtimes with it and without."""

import os
import subprocess
import sys

import pytest

from likeness.vision.models import load_models
from likeness.vision.runtimes import RUNTIMES, RuntimeName
from real_models import MODELS

# What ProcSubset=pid shows of /proc, in a mount namespace of its own.
HIDE = "mount -t proc -o subset=pid proc /proc && ! test -e /proc/cpuinfo"
ASK = "import sys; from vision import test_fast_kernels as it; it.tell(sys.argv[1])"


def tell(name: RuntimeName) -> None:
    """Print for each network whether it has them."""
    models = load_models(MODELS, runtime=name)
    every = [getattr(models, role) for role in models.digests]
    sys.stdout.write(" ".join(str(model.has_fast_kernels) for model in every))


def told(name: RuntimeName, first: str) -> list[str]:
    """Ask a new process: a runtime looks at the processor once."""
    inside = ["unshare", "--mount", "sh", "-c", first + ' && exec "$@"', "sh"]
    asked = subprocess.run(
        [*inside, sys.executable, "-c", ASK, name],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.split()


def can_hide() -> bool:
    """Root can, unless a container keeps it from mounting."""
    tried = ["unshare", "--mount", "sh", "-c", HIDE]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_hide(), reason="/proc/cpuinfo cannot be hidden here")
@pytest.mark.parametrize("name", RUNTIMES)
def test_a_runtime_that_may_not_read_cpuinfo_is_noticed(name: RuntimeName) -> None:
    assert told(name, "true") == ["True"] * 6
    assert told(name, HIDE) == ["False"] * 6


def test_a_runtime_that_does_not_tell_is_not_suspected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As a later version may be: the list is no public interface."""
    mesh = load_models(MODELS).mesh
    monkeypatch.setattr(mesh, "_interpreter", object())
    assert mesh.has_fast_kernels
