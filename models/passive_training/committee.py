"""Puts trained networks into one file of weights: `committee.py TARGET PART.npz…`.

Each part was trained without one fold of the people (`train --fold`), so each person is
unknown to one of them; the mean of their logits is steadier than any of them, and what
was measured on the people left out holds for the parts. Leaves conversion to
`passive_to_tflite`.
"""

import sys
from pathlib import Path

import numpy as np


def main(arguments: list[str]) -> int:
    """Write the file; return an exit code."""
    target, *parts = (Path(argument) for argument in arguments)
    weights = {}
    for member, part in enumerate(parts):
        with np.load(part, allow_pickle=False) as stored:
            for name in stored.files:
                weights[f"{member}_{name}"] = stored[name]
    np.savez(target, **weights)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
