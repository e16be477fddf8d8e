"""Writes the bundle: a tar of text files, gzipped; the same content, the same bytes.

Leaves to others: what is in it.
"""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from likeness.edges import new_file
from likeness.errors import UsageError

TOP = "likeness-diagnostics"


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the bytes: names in order, no owner, no time of their own."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w:", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(f"{TOP}/{name}")
            member.size, member.mode = len(files[name]), 0o644
            tar.addfile(member, io.BytesIO(files[name]))
    return gzip.compress(plain.getvalue(), mtime=0)


def write(files: Mapping[str, bytes], out: Path) -> int:
    """Write the bundle, readable by its owner alone; return its size.

    Raises:
        UsageError: it cannot be written there.
    """
    data = pack(files)
    try:
        new_file.replace(out, data)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    return len(data)
