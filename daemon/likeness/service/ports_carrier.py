"""What the service needs to talk with the carrier: keys, who judges, the line.

One Protocol per edge, no implementation; see `ports`.
"""

from collections.abc import Callable
from typing import Protocol

from likeness.core.asks import Answer, Numbers
from likeness.core.jws import Unverified
from likeness.core.line import BrokerEvent
from likeness.core.messages import PublicKey, Receipt, Refusal, Visit


class Signer(Protocol):
    """The device's key; it may live in hardware and never leaves it."""

    @property
    def alg(self) -> str:
        """JWS algorithm, "ES256"."""
        ...

    @property
    def kid(self) -> str:
        """JWK thumbprint (RFC 7638) of the public key."""
        ...

    @property
    def key_tier(self) -> str:
        """Where the key is kept, e.g. "file"."""
        ...

    def sign(self, data: bytes) -> bytes:
        """Return r ‖ s, 64 bytes (RFC 7518, 3.4); raise KeyLost if that fails."""
        ...

    def public_jwk(self) -> dict[str, str]:
        """Return the public key (RFC 7517)."""
        ...


class Keys(Protocol):
    """The device's keys, of which one signs."""

    def next(self) -> Signer | None:
        """Open the key that is prepared, if there is one; raise ConfigError."""
        ...

    def prepare(self) -> Signer:
        """Make the next key, which takes over at the next start; raise ConfigError."""
        ...

    def switch(self) -> None:
        """The next key signs from now on; raise KeyLost if that cannot be kept."""
        ...


class Sealer(Protocol):
    """Makes things readable for the carrier only."""

    def seal(self, data: bytes) -> str:
        """Return a JWE in compact form (RFC 7516)."""
        ...


class Verifier(Protocol):
    """Judges what claims to come from the carrier."""

    def receipt(self, token: bytes, now_s: int | None) -> Receipt | Refusal:
        """Check a receipt or a refusal, and that it has not expired by `now_s`.

        None for `now_s`: nobody knows the time, and nothing has expired.

        Raises:
            Untrusted: with what is wrong.
        """
        ...

    def visit(self, token: bytes, now_s: int | None) -> Visit:
        """Check the answer to an `ask`, in the same way."""
        ...


class AnswerVerifier(Protocol):
    """Judges what claims to be the carrier's answer to a statement or a question."""

    def answer(self, token: bytes, now_s: int | None) -> Answer:
        """Check an answer that is not sealed; see `Verifier.receipt`."""
        ...

    def numbers(self, token: bytes, now_s: int | None) -> Numbers:
        """Check what was inside a sealed one, in the same way."""
        ...


class VisitKey(Protocol):
    """A private key for one visit's answer; it dies with this object."""

    @property
    def public(self) -> PublicKey:
        """The public half; its name is its thumbprint (RFC 7638)."""
        ...

    def open(self, sealed: bytes) -> bytes:
        """Open what is sealed to it (RFC 7516); raise Untrusted if it is not."""
        ...


class OrderVerifier(Protocol):
    """Judges who has signed an order: a command, or a desired configuration."""

    def order(self, token: bytes) -> Unverified:
        """Take apart what the carrier's command key has signed.

        Raises:
            Untrusted: it has not, or that is no order.
        """
        ...


class Broker(Protocol):
    """The line to the broker; it comes back by itself."""

    async def run(self, listener: Callable[[BrokerEvent], None]) -> None:
        """Hold a connection until cancelled; tell `listener` on the loop."""
        ...

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        """Hand one message over; return its number, or None while there is no line."""
        ...
