"""An event loop whose clock jumps to the next deadline as soon as nobody works.

Everything on it runs unchanged: sleeps and time-outs last as long as they say, on this
clock. While the real world owes an answer (a job on a thread, a program, the far side
of the line) the clock stands still. Leaves to others: who owes what.
"""

import asyncio
import contextlib
import selectors
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Any, TypeVar

Answer = TypeVar("Answer")

PATIENCE_S = 0.5  # real: the far side answers in milliseconds, or is not there
LOOK_EVERY_S = 0.02


class WarpSelector(selectors.EpollSelector):
    """Where an event loop waits: here time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        self.jobs = 0  # on threads and in programs: they end
        self.owed: Callable[[], bool] = lambda: False  # by who may never answer
        self.let_off: Callable[[], None] = lambda: None
        self.passed: Callable[[float], None] = lambda _now_s: None

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; with nothing ready, move the clock."""
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if self.jobs:
            return super().select(None)
        until_s = time.monotonic() + PATIENCE_S
        while self.owed():
            if ready := super().select(LOOK_EVERY_S):
                return ready
            if time.monotonic() > until_s:
                self.let_off()
                break
        if timeout is None:
            return super().select(None)
        self.now_s += timeout
        self.passed(self.now_s)
        return []


class WarpLoop(asyncio.SelectorEventLoop):
    """Its `time()` is the soak's clock, in seconds since the loop was made."""

    def __init__(self) -> None:
        self.warp = WarpSelector()
        super().__init__(self.warp)

    def time(self) -> float:
        """Return the soak's time."""
        return self.warp.now_s

    @contextlib.contextmanager
    def standing(self) -> Iterator[None]:
        """Let the clock stand for the length of a block."""
        self.warp.jobs += 1
        try:
            yield
        finally:
            self.warp.jobs -= 1

    # Any: a signature of asyncio.
    def run_in_executor(  # type: ignore[override]
        self,
        executor: Executor | None,
        func: Callable[..., Answer],
        *args: Any,
    ) -> asyncio.Future[Answer]:
        """Let the clock stand until the job is done."""
        self.warp.jobs += 1
        job = super().run_in_executor(executor, func, *args)
        job.add_done_callback(self._job_done)
        return job

    def _job_done(self, _job: asyncio.Future[Any]) -> None:
        self.warp.jobs -= 1
