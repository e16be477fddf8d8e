"""Runs a program under a unit's system-call filter and W^X, without a systemd.

    python under_unit.py UNIT PROGRAM ARGUMENT…

As systemd.exec(5) describes SystemCallFilter=, SystemCallErrorNumber=EPERM and
MemoryDenyWriteExecute=, through libseccomp; the groups are those that systemd-analyze
lists. Leaves to others: namespaces, devices, addresses, groups of control.
"""

import ctypes
import errno
import os
import re
import subprocess
import sys
from pathlib import Path

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM


def main(unit: Path, program: list[str]) -> None:
    text = unit.read_text(encoding="utf-8")
    lists = re.findall(r"^SystemCallFilter=(~?)(.*)$", text, flags=re.M)
    allowed = expanded("@default")  # which every list of allowed ones includes
    for refuses, names in lists:
        for name in names.split():
            if refuses:
                allowed -= expanded(name)
            else:
                allowed |= expanded(name)
    libc = ctypes.CDLL(None)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    if "\nMemoryDenyWriteExecute=yes\n" in text:
        assert libc.prctl(PR_SET_MDWE, 1, 0, 0, 0) == 0
    load(allowed)
    os.execvp(program[0], program)  # noqa: S606 - no shell is what we want


def expanded(name: str) -> set[str]:
    if not name.startswith("@"):
        return {name}
    listing = subprocess.run(
        ["systemd-analyze", "syscall-filter", name],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    names = {line.strip() for line in listing.splitlines()[1:]}
    return set().union(*(expanded(one) for one in names if one and one[0] != "#"))


def load(allowed: set[str]) -> None:
    library = ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rules = ctypes.c_void_p(library.seccomp_init(REFUSE))
    for name in sorted(allowed):
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            assert library.seccomp_rule_add(rules, ALLOW, number, 0) == 0
    assert library.seccomp_load(rules) == 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
