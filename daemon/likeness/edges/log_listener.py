"""Hands our own log lines to a listener on the loop, whatever thread they came from.

Leaves to others: what is done with them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from likeness.edges.journal import OURS


class LogListener(logging.Handler):
    """From `open` on the listener hears lines of "info" and above."""

    def __init__(self, listener: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self._listener = listener
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Begin to listen, on the loop that runs."""
        self._loop = asyncio.get_running_loop()
        logging.getLogger(OURS).addHandler(self)

    def close(self) -> None:
        """Stop listening."""
        logging.getLogger(OURS).removeHandler(self)
        super().close()

    def emit(self, record: logging.LogRecord) -> None:
        """Hand over one line; a loop that has ended hears nothing."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._listener, record.getMessage())
