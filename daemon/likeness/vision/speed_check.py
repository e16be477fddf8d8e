"""Says whether the networks run as fast as this processor can, by a ratio.

Without its fast kernels (XNNPACK) a runtime gives the same numbers, silently three to
ten times slower: so with /proc/cpuinfo hidden (ProcSubset=pid). One network's time is
set against products of small matrices in the same moment; both are this thread's
processor time, so that a busy machine changes neither. Leaves to others: what follows.
"""

import time
from collections.abc import Callable

import numpy as np

from likeness.vision.models import ModelSet

# The mesh network takes 9 to 12 such units with fast kernels, 33 to 102 without (both
# runtimes, all variants, x86-64; not measured on ARM).
SLOW_FROM = 20.0
SIDE, PRODUCTS = 64, 40  # small enough that BLAS takes one thread
ROUNDS = 7


def slowness(models: ModelSet) -> float:
    """Return the mesh network's time in units of the products' time; ~0.03 s."""
    picture = np.zeros(models.mesh.shape[-3:], np.uint8)
    matrix = np.linspace(0, 1, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    room = np.empty_like(matrix)

    def multiply() -> None:
        for _ in range(PRODUCTS):
            np.matmul(matrix, matrix, out=room)

    # In turns, and the best of several: what disturbs one round is not the answer.
    taken = [
        (_took_s(lambda: models.mesh.see(picture)), _took_s(multiply))
        for _ in range(ROUNDS)
    ]
    return min(network for network, _ in taken) / min(unit for _, unit in taken)


def _took_s(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
