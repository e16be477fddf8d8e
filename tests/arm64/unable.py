"""Tests that qemu-user cannot run, each with the reason: told, never silently skipped.

A processor of arm64 runs them; nothing here says that they pass there.
"""

# Node of pytest, as for --deselect → why.
ONE_USER = "the namespace has one user"
NO_SECCOMP = "qemu-user takes no seccomp filter, and nothing is decoded unconfined"
UNABLE = {
    "tests/edges/test_process_memory.py"
    "::test_others_of_its_own_user_cannot_look_into_it": ONE_USER,
    "tests/edges/test_new_file.py"
    "::test_what_root_writes_belongs_to_the_folders_owner": ONE_USER,
    "tests/edges/test_broker_setup.py"
    "::test_the_script_makes_a_broker_that_lets_its_terminals_in": (
        "the script calls the program of this machine's environment"
    ),
    "tests/edges/test_chip_portrait.py": NO_SECCOMP,
    "tests/edges/test_picture_decoding.py": NO_SECCOMP,
    "tests/edges/test_portrait_decoder.py": NO_SECCOMP,
}
