"""Keeps to the broker's Receive Maximum: what is over it waits here for a PUBACK.

A broker may end a connection that has more in flight (MQTT v5, 3.3.4). paho knows no
limit but its own. Not only records count: birth, status and replies do as well, so the
outbox alone could not keep it. Leaves to others: what is sent, and sending it again.
"""

from collections import deque
from collections.abc import Callable
from itertools import count

from likeness.core.line import MAX_WINDOW

Send = Callable[[], int | None]  # gives the packet identifier, None without a line

# Beyond 20 paho queues on its own, and one that is queued there is not in flight.
OWN_WINDOW = 20
BRISK_WINDOW = 1000  # of a client that does not leave its queue to paho


class SendWindow:
    """Numbers what is sent, and lets at most a window of it out unanswered."""

    def __init__(self, most: int = OWN_WINDOW) -> None:
        self._most = most
        self._numbers = count(1)
        self._room = most
        self._held: deque[tuple[int, Send]] = deque()
        self._in_flight: dict[int, int] = {}  # packet identifier to our number

    def open(self, receive_maximum: int = MAX_WINDOW) -> None:
        """Begin with a new connection: nothing is held, nothing in flight."""
        self._room = min(receive_maximum, self._most)
        self._held.clear()
        self._in_flight.clear()

    @property
    def oldest(self) -> int | None:
        """Return the number of the message that waits longest for its PUBACK."""
        return next(iter(self._in_flight.values()), None)

    def take(self, send: Send) -> int:
        """Send it now or as soon as there is room; return its number."""
        number = next(self._numbers)
        self._held.append((number, send))
        self._let_out()
        return number

    def answered(self, mid: int) -> int | None:
        """Return the number of what was answered; None if nobody waits for it."""
        number = self._in_flight.pop(mid, None)
        self._let_out()
        return number

    def _let_out(self) -> None:
        while self._held and len(self._in_flight) < self._room:
            number, send = self._held.popleft()
            mid = send()
            if mid is not None:  # else the line is gone, and everybody will hear so
                self._in_flight[mid] = number
