"""Runs the vendor's program that turns a chip's portrait record into a picture.

A process of its own, since vendors' libraries crash and leak: record on its standard
input, BMP, PNG or JPEG on its standard output, one time-out for all of it, the whole
process group killed at the end, and a clean environment. Nothing it says on standard
error is logged, since it may hold a name. Without a picture there is a short reason;
never is another picture put in its place. Real WLT decoding was never exercised here.
"""

import asyncio
import contextlib
import logging
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

from likeness.core.vocabulary import Portrait
from likeness.edges.picture_check import why_unusable

log = logging.getLogger(__name__)

PICTURE_MOST_BYTES = 1_000_000
READ_SIZE = 65_536
LET_GO_S = 1.0
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class CommandPortrait:
    """Fits `service.ports.PortraitSource`; an empty command means no decoder.

    Reasons: `wlt-no-decoder`, `no-record`, `decoder-missing`, `decoder-timeout`,
    `decoder-failed`, `decoder-too-much`, `decoder-no-picture`, `decoder-odd-size`,
    `decoder-blank`.
    """

    def __init__(self, command: Sequence[str], timeout_s: float) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s

    async def decode(self, record: bytes) -> Portrait:
        """Decode one record; never raises for a bad record or decoder."""
        if not self._command:
            return Portrait(None, "wlt-no-decoder")
        if not record:
            return Portrait(None, "no-record")
        try:
            program = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=ENVIRONMENT,
                start_new_session=True,
            )
        except (OSError, ValueError):
            return Portrait(None, "decoder-missing")
        try:
            async with asyncio.timeout(self._timeout_s):
                picture, complaint = await _talk(program, record)
        except TimeoutError:
            return Portrait(None, "decoder-timeout")
        finally:
            await _end(program)
        reason = _judge(picture, program.returncode)
        if reason:
            log.warning(
                "event=portrait_not_decoded reason=%s exit=%s stderr_bytes=%d",
                reason,
                program.returncode,
                complaint,
            )
            return Portrait(None, reason)
        return Portrait(picture)


async def _talk(program: Process, record: bytes) -> tuple[bytes, int]:
    """Feed the record; return the picture and the size of what else was said."""
    _, picture, complaint = await asyncio.gather(
        _feed(program, record), _picture(program), _size(program.stderr)
    )
    await program.wait()
    return picture, complaint


async def _feed(program: Process, record: bytes) -> None:
    if program.stdin is None:
        return
    # A program that needs no record may close its input early.
    with contextlib.suppress(ConnectionError):
        program.stdin.write(record)
        await program.stdin.drain()
    program.stdin.close()


async def _picture(program: Process) -> bytes:
    """Read to the end; a program that gives too much is killed, its rest dropped."""
    picture = b""
    while program.stdout is not None and (part := await program.stdout.read(READ_SIZE)):
        if len(picture) <= PICTURE_MOST_BYTES:
            picture += part
        if len(picture) > PICTURE_MOST_BYTES:
            _kill(program)
    return picture


async def _size(stream: asyncio.StreamReader | None) -> int:
    size = 0
    while stream is not None and (part := await stream.read(READ_SIZE)):
        size += len(part)
    return size


async def _end(program: Process) -> None:
    """Leave no process and no pipe behind.

    A child that left the process group could hold a pipe open; it is not waited for.
    """
    _kill(program)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LET_GO_S):
            await asyncio.gather(_size(program.stdout), _size(program.stderr))
            await program.wait()


def _kill(program: Process) -> None:
    """Kill the program and its children; they may have outlived it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, signal.SIGKILL)


def _judge(picture: bytes, exit_code: int | None) -> str:
    if len(picture) > PICTURE_MOST_BYTES:
        return "decoder-too-much"
    if exit_code != 0:
        return "decoder-failed"
    fault = why_unusable(picture)
    return f"decoder-{fault}" if fault else ""
