"""Takes from this process what a decoder of pictures does not need, for good.

    python -I -S confinement.py LIMITS PROGRAM ARGUMENT…    confine, then become PROGRAM

One process and one thread, no network, no file opened for writing, no signal to others;
limits on processor time, memory and open files; no core dump, no new privileges. All of
it is inherited and cannot be undone. Whatever is not named as allowed fails with EPERM.
Only its standard output leads out. Files that its user may read stay readable.

The filter is built by libseccomp, which systemd and apt bring to every Debian; without
it nothing is run. This file needs Python's own library alone, so that it starts fast.
Leaves to others: when to kill it, what to believe of its output.
"""

import ctypes
import errno
import fcntl
import os
import resource
import sys
import termios
from ctypes import c_char_p, c_int, c_uint, c_uint32, c_uint64, c_void_p
from typing import NamedTuple

EXIT_UNCONFINED = 125  # nothing was run; as of timeout(1)
EXIT_NO_PROGRAM = 127  # as of a shell

# linux/prctl.h
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
# seccomp.h of libseccomp
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EPERM
NO_SUCH_CALL = 0x00050000 | errno.ENOSYS
CMP_EQ, CMP_MASKED_EQ = 4, 7
# fcntl.h: what makes an open one for writing
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC

# What a program needs to be loaded, to compute, to read files and to write to a pipe.
COMPUTING = """
    brk mmap munmap mremap mprotect madvise futex futex_time64 membarrier rseq
    set_robust_list set_tid_address sched_yield sched_getaffinity getcpu sysinfo
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigsuspend rt_sigtimedwait sigaltstack
    restart_syscall exit exit_group getpid getppid gettid getuid geteuid getgid getegid
    getpgrp getpgid getsid getgroups getresuid getresgid getrlimit getrusage times
    getitimer setitimer alarm pause time gettimeofday clock_gettime clock_getres
    nanosleep clock_nanosleep getrandom uname arch_prctl
    read readv pread64 preadv write writev lseek close close_range
    dup dup2 dup3 pipe pipe2 poll ppoll select pselect6 eventfd2
    epoll_create1 epoll_ctl epoll_wait epoll_pwait
"""
READING = """
    access faccessat faccessat2 stat lstat fstat newfstatat statx statfs fstatfs
    readlink readlinkat getcwd chdir fchdir getdents64 getdents umask
    fadvise64
"""
# fcntl(2) and ioctl(2) can do too much: have the kernel send any signal to any process
# of this user (F_SETOWN, F_SETSIG, O_ASYNC), and lock the daemon's files. What is left:
FCNTL = (
    fcntl.F_DUPFD,
    fcntl.F_DUPFD_CLOEXEC,
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
)
IOCTL = (termios.TCGETS, termios.TIOCGWINSZ, termios.FIONREAD)


class Limits(NamedTuple):
    """What it may use; the wall clock is its parent's business."""

    cpu_s: int = 5
    memory_mib: int = 512  # of addresses, its libraries included
    open_files: int = 64

    def __str__(self) -> str:
        """Return the form that the command line takes."""
        return ",".join(str(one) for one in self)


class Unconfined(Exception):
    """It could not be confined; text for the log."""


class _Comparison(ctypes.Structure):
    """scmp_arg_cmp of libseccomp."""

    _fields_ = (
        ("arg", c_uint),
        ("op", c_int),
        ("a", c_uint64),
        ("b", c_uint64),
    )


def confine(limits: Limits, *, start_programs: bool, read_files: bool) -> None:
    """Confine this process, which must have one thread only.

    Args:
        limits: what it may use.
        start_programs: it may still become another program, which stays confined.
        read_files: it may still open files for reading.

    Raises:
        Unconfined: something of it is not to be had here.
    """
    try:
        _limit(limits)
    except (OSError, ValueError) as problem:
        raise Unconfined(f"limits: {problem}") from problem
    libc = ctypes.CDLL(None, use_errno=True)
    for option, value in ((PR_SET_DUMPABLE, 0), (PR_SET_NO_NEW_PRIVS, 1)):
        if libc.prctl(option, value, 0, 0, 0) != 0:
            raise Unconfined(f"prctl {option}: {os.strerror(ctypes.get_errno())}")
    allowed = COMPUTING.split()
    allowed += READING.split() if read_files else []
    allowed += ["execve"] if start_programs else []
    _load_filter(allowed, read_files=read_files)


def _limit(limits: Limits) -> None:
    memory = limits.memory_mib << 20
    for what, most in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, limits.cpu_s),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_AS, memory),
    ):
        resource.setrlimit(what, (most, most))


def _load_filter(allowed: list[str], *, read_files: bool) -> None:
    """Install the filter: of another architecture's calls each one kills."""
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError as problem:
        raise Unconfined(
            "libseccomp.so.2 is missing (package libseccomp2)"
        ) from problem
    library.seccomp_init.restype = c_void_p
    library.seccomp_init.argtypes = (c_uint32,)
    library.seccomp_load.argtypes = (c_void_p,)
    library.seccomp_syscall_resolve_name.argtypes = (c_char_p,)
    library.seccomp_rule_add_array.argtypes = (
        *(c_void_p, c_uint32, c_int, c_uint),
        ctypes.POINTER(_Comparison),
    )
    rules = library.seccomp_init(REFUSE)
    if not rules:
        raise Unconfined("seccomp_init failed")
    _allow(library, rules, allowed, read_files=read_files)
    if library.seccomp_load(rules):
        raise Unconfined("the kernel takes no seccomp filter")


def _allow(
    library: ctypes.CDLL, rules: int, allowed: list[str], *, read_files: bool
) -> None:
    """Say what is let through; all else is refused."""

    def add(action: int, name: str, *when: _Comparison) -> None:
        number = library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return  # this architecture has no such call
        given = (_Comparison * len(when))(*when)
        if library.seccomp_rule_add_array(rules, action, number, len(when), given):
            raise Unconfined(f"seccomp rule for {name}")

    for name in allowed:
        add(ALLOW, name)
    # The C library asks for the newer ones first and then takes those we can judge.
    for name in ("clone3", "openat2"):
        add(NO_SUCH_CALL, name)
    if read_files:
        add(ALLOW, "open", _Comparison(1, CMP_MASKED_EQ, WRITING, 0))
        add(ALLOW, "openat", _Comparison(2, CMP_MASKED_EQ, WRITING, 0))
    left = [("fcntl", one) for one in FCNTL] + [("ioctl", one) for one in IOCTL]
    for name, request in left:
        add(ALLOW, name, _Comparison(1, CMP_EQ, request, 0))
    flags = _Comparison(2, CMP_MASKED_EQ, os.O_ASYNC, 0)
    add(ALLOW, "fcntl", _Comparison(1, CMP_EQ, fcntl.F_SETFL, 0), flags)
    # Asking for limits, and ending itself with a signal, as abort(3) does.
    add(ALLOW, "prlimit64", _Comparison(2, CMP_EQ, 0, 0))
    for name in ("kill", "tgkill"):
        add(ALLOW, name, _Comparison(0, CMP_EQ, os.getpid(), 0))


def main(arguments: list[str]) -> int:
    """Confine, then become the program; an exit code says why that failed."""
    limits = Limits(*(int(one) for one in arguments[0].split(",")))
    program = arguments[1:]
    try:
        confine(limits, start_programs=True, read_files=True)
    except Unconfined as fault:
        sys.stderr.write(f"not confined: {fault}\n")
        return EXIT_UNCONFINED
    try:
        os.execvp(program[0], program)  # noqa: S606 - no shell is what we want
    except OSError:
        return EXIT_NO_PROGRAM


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
