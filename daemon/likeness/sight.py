"""Gives vision its own thread: one look in flight, answers come back to the loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from likeness.core.vocabulary import Attention, Embedding, Observation
from likeness.service.ports import Frame
from likeness.vision.look import Looker

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


class SightOnThread:
    """A `Sight`: the models are not thread-safe, so one thread owns them."""

    def __init__(self, looker: Looker) -> None:
        self._looker = looker
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="vision")

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
            )

        return await self._there(look)

    def forget(self) -> None:
        """Drop the tracked face, after whatever is looked at now."""
        self._thread.submit(self._looker.forget)

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False)

    async def _there(
        self,
        call: Callable[Given, Answer],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: call(*args, **kwargs))
