"""Tests that qemu-user cannot run, each with the reason: told, never silently skipped.

A processor of arm64 runs them; nothing here says that they pass there.
"""

# Node of pytest, as for --deselect → why.
UNABLE = {
    "tests/edges/test_confinement.py": "qemu-user takes no seccomp filter of its guest",
}
