"""Tests that qemu-user cannot run, each with the reason: told, never silently skipped.

A processor of arm64 runs them; nothing here says that they pass there.
"""

# Node of pytest, as for --deselect → why.
NO_SECCOMP = "qemu-user takes no seccomp filter, and nothing is decoded unconfined"
UNABLE = {
    "tests/edges/test_process_memory.py"
    "::test_others_of_its_own_user_cannot_look_into_it": "the namespace has one user",
    "tests/edges/test_chip_portrait.py": NO_SECCOMP,
    "tests/edges/test_picture_decoding.py": NO_SECCOMP,
    "tests/edges/test_portrait_decoder.py": NO_SECCOMP,
}
