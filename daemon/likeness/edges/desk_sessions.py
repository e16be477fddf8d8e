"""Who has logged in at the desk page: a cookie for each, good while its token is.

The page shows the token once and keeps nothing itself: no script can read the cookie,
and no other site can make a browser send it. Leaves to others: tokens (desk_token.py).
"""

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from likeness.edges.desk_token import Holder, TokenFile

LAST_S = 12 * 3600.0  # a long day at the desk
MOST = 32


@dataclass(frozen=True, slots=True)
class _Session:
    holder: Holder
    until_s: float


class Sessions:
    """In memory only: after a restart everybody logs in again."""

    def __init__(self, tokens: TokenFile, seconds: Callable[[], float]) -> None:
        self._tokens = tokens
        self._seconds = seconds
        self._open: OrderedDict[bytes, _Session] = OrderedDict()

    def begin(self, holder: Holder) -> str:
        """Begin a session; return the cookie's value."""
        value = secrets.token_urlsafe(32)
        self._open[_name(value)] = _Session(holder, self._seconds() + LAST_S)
        if len(self._open) > MOST:
            self._open.popitem(last=False)
        return value

    def holder(self, value: str) -> Holder | None:
        """Return who has begun this session, if it still counts."""
        session = self._open.get(_name(value))
        if session is None:
            return None
        late = self._seconds() > session.until_s
        if late or not self._tokens.is_good(session.holder):
            self.end(value)
            return None
        return session.holder

    def end(self, value: str) -> None:
        """End it; harmless if there is none."""
        self._open.pop(_name(value), None)


def _name(value: str) -> bytes:
    """What is kept cannot be shown again as a cookie."""
    return hashlib.sha256(value.encode("utf-8", "surrogateescape")).digest()
