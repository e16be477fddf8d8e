"""Runs the vendor's program that turns a chip's portrait record into a picture.

A process of its own, since vendors' libraries crash and leak, and a confined one
(`confinement`): record on its standard input, BMP, PNG or JPEG on its standard output,
one time-out for all of it, a clean environment. Its picture is decoded in a second
confined process, and what leaves here is a BMP of our own making with the same pixels:
the daemon itself decodes nothing from outside. Nothing it says on standard error is
logged, since it may hold a name. Without a picture there is a short reason; never is
another picture put in its place. Real WLT decoding was never exercised here.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from hashlib import sha256
from math import ceil

import cv2

from likeness.core.vocabulary import Portrait
from likeness.edges import confinement
from likeness.edges.confinement import Limits
from likeness.edges.picture_decoding import NoPicture, PictureDecoder

log = logging.getLogger(__name__)

PICTURE_MOST_BYTES = 1_000_000
READ_SIZE = 65_536
LET_GO_S = 1.0
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8"}


class CommandPortrait:
    """Fits `service.ports.PortraitSource`; an empty command means no decoder.

    Reasons: `wlt-no-decoder`, `no-record`, `decoder-missing`, `decoder-timeout`,
    `decoder-failed`, `decoder-too-much`, `decoder-no-picture`, `decoder-odd-size`,
    `decoder-blank`, `decoder-unconfined`.
    """

    def __init__(
        self,
        command: Sequence[str],
        timeout_s: float,
        pictures: PictureDecoder | None = None,
    ) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s
        self._pictures = pictures or PictureDecoder()
        limits = Limits(cpu_s=ceil(timeout_s) + 1)
        self.ended: int | None = None  # how the last one ended; negative: by a signal
        # -I -S: what it loads is Python's own, from nowhere else.
        begin = (sys.executable, "-I", "-S", confinement.__file__, str(limits))
        self._start = (*begin, *self._command)

    def prepare(self) -> None:
        """A card was found: its portrait will come soon."""
        if self._command:
            self._pictures.prepare()

    async def close(self) -> None:
        """Leave no process behind."""
        await self._pictures.close()

    async def decode(self, record: bytes) -> Portrait:
        """Decode one record; never raises for a bad record or decoder."""
        try:
            return await self._decode(record)
        finally:
            await self._pictures.close()

    async def _decode(self, record: bytes) -> Portrait:
        if not self._command:
            return Portrait(None, "wlt-no-decoder")
        if not record:
            return Portrait(None, "no-record")
        try:
            program = await asyncio.create_subprocess_exec(
                *self._start,
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
            self.ended = program.returncode
        reason = _judge(picture, program.returncode)
        if reason:
            log.warning(
                "event=portrait_not_decoded reason=%s exit=%s stderr_bytes=%d",
                reason,
                program.returncode,
                complaint,
            )
            return Portrait(None, reason)
        return await self._plain(picture)

    async def _plain(self, picture: bytes) -> Portrait:
        """Write the picture anew, from its pixels alone."""
        try:
            pixels = await self._pictures.decode(picture)
        except NoPicture as none:
            log.warning("event=portrait_not_decoded reason=decoder-%s", none)
            return Portrait(None, f"decoder-{none}")
        plain = cv2.imencode(".bmp", pixels)[1].tobytes()
        return Portrait(plain, digest=sha256(picture).hexdigest())


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
    match exit_code:
        case 0:
            return ""
        case confinement.EXIT_UNCONFINED:
            return "decoder-unconfined"
        case confinement.EXIT_NO_PROGRAM:
            return "decoder-missing"
        case _:
            return "decoder-failed"
