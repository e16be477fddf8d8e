"""A disk that gives one part of one file back no more: EIO, as of a worn card.

A few lines of C before the C library, in a process of its own. Leaves to others: what
that process does.
"""

import os
import shutil
import subprocess
from pathlib import Path

COMPILER = shutil.which("cc")
SOURCE = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
/* The file is known by its inode: its name may change while it is open. */
static int bad(int fd, off_t at, size_t size) {
    struct stat file;
    return fstat(fd, &file) == 0
        && (long)file.st_ino == atol(getenv("WORN_INODE"))
        && at < atol(getenv("WORN_AT")) + 4096
        && at + (off_t)size > atol(getenv("WORN_AT"));
}
ssize_t pread64(int fd, void *to, size_t size, off_t at) {
    ssize_t (*real)(int, void *, size_t, off_t) = dlsym(RTLD_NEXT, "pread64");
    if (bad(fd, at, size)) { errno = EIO; return -1; }
    return real(fd, to, size, at);
}
ssize_t pread(int fd, void *to, size_t size, off_t at) {
    return pread64(fd, to, size, at);
}
ssize_t read(int fd, void *to, size_t size) {
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    off_t at = lseek(fd, 0, SEEK_CUR);
    if (at >= 0 && bad(fd, at, size)) { errno = EIO; return -1; }
    return real(fd, to, size);
}
"""


def environment(folder: Path, file: Path, at: int) -> dict[str, str]:
    """Return an environment in which 4 KiB of a file from `at` on cannot be read."""
    assert COMPILER is not None
    library = folder / "worn.so"
    if not library.exists():
        flags = ["-shared", "-fPIC", "-x", "c", "-", "-ldl", "-o"]
        program = [COMPILER, *flags, str(library)]
        subprocess.run(program, input=SOURCE, text=True, check=True)
    return os.environ | {
        "LD_PRELOAD": str(library),
        "WORN_INODE": str(file.stat().st_ino),
        "WORN_AT": str(at),
    }
