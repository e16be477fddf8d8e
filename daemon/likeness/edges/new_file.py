"""Writes small files that matter: whole or not at all, and on the disk when it returns.

What root writes belongs to whoever owns the folder: an installer's command makes files
that a service must read. Leaves to others: what stands in them, and what a fault means.
"""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path


def create(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Make a new file; one that exists is never touched.

    Raises:
        FileExistsError: there is one of this name already.
        OSError: it cannot be written.
    """
    create_from(path, (data,), mode=mode)


def create_from(path: Path, parts: Iterable[bytes], *, mode: int = 0o600) -> None:
    """Make a new file of parts that are made as they are written.

    Raises:
        FileExistsError: there is one of this name already.
        OSError: it cannot be written.
        Exception: whatever making a part raises; nothing stays of the file.
    """
    draft = _draft(path, parts, mode)
    try:
        path.hardlink_to(draft)  # fails where a rename would replace
    finally:
        draft.unlink()
    sync_folder(path.parent)


def replace(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Put a new content in a file's place: readers see the old one or the new one.

    Raises:
        OSError: it cannot be written; the old content stays.
    """
    draft = _draft(path, (data,), mode)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put a folder's own entries on the disk (fsync(2): a file's sync leaves them)."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _draft(path: Path, parts: Iterable[bytes], mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            owner = path.parent.stat()
            if os.geteuid() == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft
