"""Judges whether a result used the nonce that this carrier gave for it.

The terminal committed to its own nonce before it learned ours, so neither side could
choose the order of the acts; here the order is drawn again from both. Leaves to others:
giving nonces out, keeping them.
"""

import hashlib
from dataclasses import dataclass

from likeness.core import jws, light
from likeness.core.challenge import draw, fits
from likeness.core.messages import Result
from likeness.core.vocabulary import Environment, LightOutcome, NonceSource
from likeness.errors import Untrusted


@dataclass(frozen=True, slots=True)
class Fresh:
    """A nonce that nobody has yet."""

    nonce: str  # base64url, 32 bytes
    expires_utc_s: int
    counter: int  # the least; greater than that of each visit before


@dataclass(frozen=True, slots=True)
class Issued:
    """A visit that the carrier opened."""

    counter: int
    transaction: str
    purpose: str
    nonce: str
    commitment: str
    expires_utc_s: int
    used_by: str  # hash of the result that used it; empty: none yet


def doubt(result: Result, issued: Issued | None) -> str:
    """Say what does not fit, or "" if all does; `issued` belongs to the result's nonce.

    A nonce of the device's own is no doubt: such a result is `referred` by its policy.
    """
    if result.nonce_source is NonceSource.DEVICE or result.nonce is None:
        return ""
    if issued is None:
        return "a nonce that was not given to this device"
    if issued.used_by:
        return "a nonce that another result had used"
    if issued.transaction != (result.transaction or ""):
        return "a nonce that was given for another transaction"
    try:
        device_nonce = jws.decode(result.device_nonce or "")
    except Untrusted:
        return "no device nonce"
    if jws.encode(hashlib.sha256(device_nonce).digest()) != issued.commitment:
        return "a device nonce that does not fit its commitment"
    return _doubt_order(result, device_nonce) or _doubt_light(result, device_nonce)


def _doubt_order(result: Result, device_nonce: bytes) -> str:
    """Draw the order again; a bench or test may ask for scripted acts instead."""
    if result.environment is not Environment.PRODUCTION or result.liveness is None:
        return ""
    asked = [act.act for act in result.liveness.acts]
    drawn = draw(
        carrier_nonce=jws.decode(result.nonce or ""),
        device_nonce=device_nonce,
        transaction=result.transaction or "",
        count=len(asked),
    )
    fit = fits(asked, drawn.acts)
    return "" if fit else "acts that were not drawn in this order"


def _doubt_light(result: Result, device_nonce: bytes) -> str:
    """Draw the colours again; without them nothing can have been answered."""
    said = result.liveness.light if result.liveness else None
    if said is None:
        return ""
    if not said.colours:
        skipped = said.outcome == LightOutcome.SKIPPED
        return "" if skipped else "an answer to colours that were not shown"
    drawn = light.draw(
        carrier_nonce=jws.decode(result.nonce or ""),
        device_nonce=device_nonce,
        transaction=result.transaction or "",
    )
    fit = tuple(said.colours) == drawn.words
    return "" if fit else "colours that were not drawn in this order"
