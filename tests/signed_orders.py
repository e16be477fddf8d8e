"""Orders as a carrier signs them, and as others would like to; and a shop to order in.

Written with the product's `jws` and keys, but by hand where a test needs what the
product's own carrier would never say.
"""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import msgspec

from likeness.core import desired, jws, messages
from likeness.core.line import Arrived
from likeness.edges.signer import FileSigner
from likeness.errors import StoreFull

CORRELATION = b"correlation-1"


def signed(key: Path, claims: dict[str, Any] | bytes, typ: str) -> bytes:
    """Sign any claims with any key."""
    signer = FileSigner(key)
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    return jws.compact(
        payload, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
    ).encode()


def command_claims(
    device: str, epoch: str, counter: int, action: object, /, **other: object
) -> dict[str, Any]:
    """A good command, but for what the test says; a name alone is an action."""
    now_s = int(time.time())
    usual = {
        "aud": device,
        "jti": f"jti-{counter}",
        "iat": now_s,
        "exp": now_s + 60,
        "counter": counter,
        "epoch": epoch,
        "command": {"name": action} if isinstance(action, str) else action,
    }
    return {**usual, **other}


def desired_claims(
    device: str, version: int, config: object, /, **other: object
) -> dict[str, Any]:
    """A good desired configuration, but for what the test says."""
    now_s = int(time.time())
    usual = {
        "aud": device,
        "jti": f"jti-{version}",
        "iat": now_s,
        "exp": now_s + 60,
        "version": version,
        "digest": desired.digest_of(msgspec.json.encode(config)),
        "config": config,
    }
    return {**usual, **other}


def arrived(device: str, leaf: str, token: bytes) -> Arrived:
    """The message, as the line hands it over."""
    return Arrived(messages.topic(device, leaf), token, correlation=CORRELATION)


def said(token: bytes) -> dict[str, Any]:
    """Read what a token says, unverified."""
    payload: dict[str, Any] = json.loads(jws.decode(token.decode().split(".")[1]))
    return payload


class Shop:
    """Visits that a test begins and ends."""

    def __init__(self) -> None:
        self._rest = asyncio.Event()
        self._rest.set()
        self.closed = ""
        self.hasty = 0  # so many come in the very moment in which it is found empty

    @property
    def idle(self) -> bool:
        return self._rest.is_set()

    async def at_rest(self) -> None:
        while not self.idle:
            await self._rest.wait()
        if self.hasty:
            self.hasty -= 1
            self.visitor_comes()

    def close(self, why: str) -> None:
        self.closed = why

    def visitor_comes(self) -> None:
        self._rest.clear()

    def visitor_goes(self) -> None:
        self._rest.set()


class Post:
    """Keeps what is said, while there is a line."""

    def __init__(self) -> None:
        self.is_up = True
        self.messages: list[tuple[str, bytes, bool, bytes]] = []

    def __call__(
        self,
        leaf: str,
        payload: bytes,
        *,
        retain: bool = False,
        correlation: bytes = b"",
    ) -> int | None:
        if not self.is_up:
            return None
        self.messages.append((leaf, payload, retain, correlation))
        return len(self.messages)

    def replies(self) -> list[tuple[str, str]]:
        """Outcome and reason of each reply."""
        found = [said(token) for leaf, token, *_ in self.messages if leaf == "reply"]
        return [(one["outcome"], one.get("reason", "")) for one in found]

    def reported(self) -> list[dict[str, Any]]:
        """What was reported, one after another."""
        return [
            json.loads(token) for leaf, token, *_ in self.messages if leaf == "reported"
        ]


class FullMemory:
    """A disk without room."""

    async def recall(self, name: str) -> str | None:
        return None

    async def remember(self, name: str, value: str) -> None:
        raise StoreFull("remembering: no room")


class Levels:
    """A log whose level is told."""

    def __init__(self) -> None:
        self.set: list[str | None] = []

    def recent(self) -> list[str]:
        return ["INFO event=ready"]

    def set_level(self, level: str | None) -> None:
        self.set.append(level)
