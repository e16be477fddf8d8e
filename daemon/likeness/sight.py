"""Gives vision its own thread: one look in flight, answers come back to the loop."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from likeness.core.seen import Attention, Embedding, Observation
from likeness.service.ports import Frame
from likeness.vision.look import Looker

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class SightOnThread:
    """A `Sight`: the models are not thread-safe, so one thread owns them."""

    def __init__(
        self,
        looker: Looker,
        *,
        wipes: bool = False,
        began: Callable[[], object] = lambda: None,
    ) -> None:
        """Take what looks.

        Args:
            looker: what the thread owns from now on.
            wipes: a visit leaves nothing in the networks' memory.
            began: called first on the thread.
        """
        self._looker = looker
        self._wipes = wipes
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix="vision", initializer=began
        )
        self._began_s: float | None = None

    @property
    def busy_since(self) -> float | None:
        """When the work that is being done was begun, in monotonic seconds."""
        return self._began_s

    async def enrol(self, portrait: bytes) -> Embedding | None:
        """Embed the card's portrait; None if it is not usable."""
        return await self._there(self._looker.enrol, portrait)

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        """Understand one frame."""

        def look() -> Observation:
            return self._looker.look(
                frame.image,
                captured_s=frame.captured_s,
                frame=frame.number,
                embed=attention.embed,
                eyes=attention.eyes,
                passive=attention.passive,
                parallax=attention.parallax,
                light=attention.light,
            )

        return await self._there(look)

    def forget(self) -> None:
        """Drop the tracked face, after whatever is looked at now."""
        self._thread.submit(self._timed, self._looker.forget)
        if self._wipes:
            self._thread.submit(self._timed, self._looker.wipe)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False)

    async def _there(
        self,
        call: Callable[Given, Answer],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Answer:
        def work() -> Answer:
            return self._timed(lambda: call(*args, **kwargs))

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _timed(self, call: Callable[[], Answer]) -> Answer:
        """Who waits may be gone before the end; the thread is busy all the same."""
        self._began_s = time.monotonic()
        try:
            return call()
        finally:
            self._began_s = None
