"""Says what a reader can do, once each time it changes: to the log and to who listens.

Leaves to others: noticing it (`reading`, `chip_reading`).
"""

import logging
from collections.abc import Callable

from likeness.core.card_events import ReaderReady, ReaderTrouble

log = logging.getLogger(__name__)

News = ReaderReady | ReaderTrouble


class ReaderNews:
    """Remembers the last word: a reader that stays away must not fill the journal."""

    def __init__(self, tell: Callable[[News], None]) -> None:
        self._tell = tell
        self._told: News | None = None

    def tell(self, news: News, *, baud: int | None = None) -> None:
        """Say it if it is new; `baud` is the line's rate, for the log."""
        if news == self._told:
            return
        self._told = news
        match news:
            case ReaderReady(reader_id):
                rate = "" if baud is None else f" baud={baud}"
                log.info("event=reader_ready reader=%s%s", reader_id, rate)
            case ReaderTrouble(kind, detail):
                log.warning("event=reader_trouble kind=%s detail=%s", kind, detail)
        self._tell(news)
