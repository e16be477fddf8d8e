"""Turns an encoded picture from outside into pixels, in a confined process of its own.

One process for one picture: a bomb, a crash or a hang costs that process, and nothing
of a visitor stays in it. Loading OpenCV takes it a while, so it may be started ahead.
What comes back is only a size and as many bytes as that size says. Leaves to others:
what the pixels show; the child itself (`picture_child`).
"""

import asyncio
import contextlib
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from likeness.edges import picture_child
from likeness.edges.child_end import ended
from likeness.edges.confinement import EXIT_UNCONFINED
from likeness.edges.picture_check import Size, is_odd, why_unusable

log = logging.getLogger(__name__)

PROGRAM = (sys.executable, "-I", "-m", picture_child.__name__)
ENVIRONMENT = {"LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}
WITHIN_S = 10.0  # its start included: a Pi 4 under load takes 2 s for that
KEPT_S = 20.0  # a process that was started ahead, for a card that was not read
LET_GO_S = 1.0
LEAST_CONTRAST = 2.0  # standard deviation of grey values 0 to 255

Pixels = npt.NDArray[np.uint8]


class NoPicture(Exception):
    """There are no pixels; its text is a short word for the reason."""


class PictureDecoder:
    """Decodes one picture at a time.

    Args:
        program: the child.
        check: says in a short word why a picture must not even be tried, or "".
        within_s: for its start and the picture.
        kept_s: how long a child waits that was started ahead.
    """

    def __init__(
        self,
        *,
        program: Sequence[str] = PROGRAM,
        check: Callable[[bytes], str] = why_unusable,
        within_s: float = WITHIN_S,
        kept_s: float = KEPT_S,
    ) -> None:
        self._program = tuple(program)
        self._check = check
        self._within_s = within_s
        self._kept_s = kept_s
        self._ahead: asyncio.Task[Process] | None = None

    def prepare(self) -> None:
        """Start the next picture's process now; it is let go if none comes."""
        if self._ahead is None:
            self._ahead = asyncio.create_task(self._start())
            loop = asyncio.get_running_loop()
            loop.call_later(self._kept_s, self._too_old, self._ahead)

    async def decode(self, encoded: bytes) -> Pixels:
        """Return height × width × 3, uint8, BGR.

        Raises:
            NoPicture: `no-picture`, `odd-size`, `blank`, `unconfined`, or a word of
                the check.
        """
        if why := self._check(encoded):
            raise NoPicture(why)
        self.prepare()
        started, self._ahead = self._ahead, None
        if started is None:  # for the type checker: `prepare` has made it
            raise NoPicture("no-picture")
        try:
            async with asyncio.timeout(self._within_s):
                child = await started
                return await _pixels(child, encoded)
        except (OSError, ValueError, EOFError) as end:
            code = await _end(started, LET_GO_S)
            log.warning(
                "event=picture_refused exit=%s why=%s", code, type(end).__name__
            )
            unconfined = code == EXIT_UNCONFINED
            raise NoPicture("unconfined" if unconfined else "no-picture") from None
        finally:
            await _end(started)

    async def close(self) -> None:
        """End the process that waits."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            await _end(ahead)

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(
            *self._program,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env=ENVIRONMENT,
            start_new_session=True,
        )

    def _too_old(self, started: "asyncio.Task[Process]") -> None:
        if self._ahead is started:
            self._ahead = None
            self._ending = asyncio.create_task(_end(started))


async def _pixels(child: Process, encoded: bytes) -> Pixels:
    """Talk with the child; whatever it says beyond its promise is never read."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("no pipes")
    # Before this it is not confined, so it gets nothing.
    if await child.stdout.readexactly(1) != picture_child.READY:
        raise ValueError("not ready")
    # One that hears no more may have said all the same what it has to say.
    with contextlib.suppress(ConnectionError):
        child.stdin.write(encoded)
        await child.stdin.drain()
    child.stdin.close()
    header = picture_child.HEADER
    size = Size(*header.unpack(await child.stdout.readexactly(header.size)))
    if is_odd(size):
        raise NoPicture("odd-size")
    raw = await child.stdout.readexactly(size.width * size.height * 3)
    pixels = np.frombuffer(raw, np.uint8).reshape(size.height, size.width, 3)
    # Grey is the mean here: it need only tell a picture from a plain area.
    if float(pixels.mean(axis=2).std()) < LEAST_CONTRAST:
        raise NoPicture("blank")
    return pixels


async def _end(started: "asyncio.Task[Process]", patience_s: float = 0.0) -> int | None:
    """Leave no process behind; return its exit code, None if it never began."""
    if not started.done():
        started.cancel()
        await asyncio.wait([started])
    if started.cancelled() or started.exception() is not None:
        return None
    child = started.result()
    with contextlib.suppress(TimeoutError):  # one that ends itself keeps its code
        async with asyncio.timeout(patience_s):
            return await ended(child)
    with contextlib.suppress(ProcessLookupError):
        child.kill()
    return await ended(child)
