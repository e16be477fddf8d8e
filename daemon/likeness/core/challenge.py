"""Draws the order and the pauses of the acts from both sides' nonces.

Neither side can choose: the terminal commits to its nonce before it learns the
carrier's, and the carrier can draw again from the two nonces in the result.

The generator, so that anyone can write it again (HMAC is RFC 2104, SHA-256 FIPS 180-4):

    seed     = HMAC-SHA-256(key = carrier nonce, message = device nonce ‖ transaction)
    block i  = HMAC-SHA-256(key = seed, message = i as 4 bytes, big-endian), i = 0, 1, …
    a draw below n takes the next byte b of the blocks, skips it while
    b >= 256 - 256 mod n (so that no value is favoured), and is b mod n

For each act in turn: one draw below 3 (blink, turn_left, turn_right), then one draw
below 91 for the pause before its prompt: 300 ms + 10 ms × draw (0.3 … 1.2 s).
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from likeness.core.vocabulary import Act, Alternative

CHOICES = (Act.BLINK, Act.TURN_LEFT, Act.TURN_RIGHT)
# What is asked in a drawn act's place; the order stays as it was drawn, so that no wish
# makes it foreseeable and the carrier can still draw it again.
INSTEAD = {
    Act.BLINK: (Alternative.CLOSE_EYES, Act.CLOSE_EYES),
    Act.TURN_LEFT: (Alternative.NOD, Act.RAISE_CHIN),
    Act.TURN_RIGHT: (Alternative.NOD, Act.LOWER_CHIN),
}
PAUSE_FROM_MS = 300
PAUSE_STEP_MS = 10
PAUSE_STEPS = 91
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Challenge:
    """Which acts are asked, in order, and how long to wait before each prompt."""

    acts: tuple[Act, ...]
    pauses_s: tuple[float, ...]


def commitment(device_nonce: bytes) -> bytes:
    """Return what the terminal publishes before it sees the carrier's nonce."""
    return hashlib.sha256(device_nonce).digest()


def draw(
    *, carrier_nonce: bytes, device_nonce: bytes, transaction: str, count: int
) -> Challenge:
    """Draw `count` acts with their pauses, each act equally likely."""
    return drawn_from(seed_of(carrier_nonce, device_nonce, transaction), count)


def seed_of(carrier_nonce: bytes, device_nonce: bytes, transaction: str) -> bytes:
    """Return what the generator begins with, 32 bytes.

    Without the carrier's nonce nobody can test by it what the transaction was.
    """
    return hmac.digest(carrier_nonce, device_nonce + transaction.encode(), "sha256")


def drawn_from(seed: bytes, count: int) -> Challenge:
    """Draw `count` acts with their pauses from a seed."""
    numbers = numbers_from(seed)
    acts, pauses = [], []
    for _ in range(count):
        acts.append(CHOICES[below(len(CHOICES), numbers)])
        step = below(PAUSE_STEPS, numbers)
        pauses.append((PAUSE_FROM_MS + PAUSE_STEP_MS * step) / 1000)
    return Challenge(tuple(acts), tuple(pauses))


def scripted(acts: tuple[Act, ...]) -> Challenge:
    """Ask for these acts, each as soon as the one before is answered."""
    return Challenge(acts, (0.0,) * len(acts))


def form(act: Act, chosen: Set[Alternative]) -> Act:
    """Return what is asked in this act's place of who has chosen so."""
    alternative, other = INSTEAD.get(act, (None, act))
    return other if alternative in chosen else act


def fits(asked: Sequence[str], drawn: Sequence[Act]) -> bool:
    """Say whether these acts are the drawn ones, or what may stand in their places.

    A wish holds from then on: after another act was asked in the place of one, no more
    of its kind can have been asked.
    """
    chosen: set[Alternative] = set()
    for name, act in zip(asked, drawn, strict=True):
        alternative, other = INSTEAD[act]
        if name == other:
            chosen.add(alternative)
        elif name != act or alternative in chosen:
            return False
    return True


def numbers_from(seed: bytes) -> Iterator[int]:
    """Give the bytes of blocks 0, 1, … without end."""
    block = 0
    while True:
        yield from hmac.digest(seed, block.to_bytes(4, "big"), "sha256")
        block += 1


def below(limit: int, numbers: Iterator[int]) -> int:
    """Draw 0 … limit - 1, none favoured; `limit` is at most 256."""
    fair = 256 - 256 % limit
    return next(number for number in numbers if number < fair) % limit
