"""Reads a command whose signature is good; what cannot be read is a fault in it.

Each fault is answered, so it is a value. Leaves to others: the signature, whether the
command may be obeyed (`commands`).
"""

import msgspec

from likeness.core import commands, jws, messages, orders
from likeness.errors import Untrusted

CORRELATION_BYTES = 64  # a longer one is not given back


def read(
    signed: jws.Unverified,
    of: str,
    correlation: bytes,
    *,
    earliest_s: int,
    epoch: str,
    believed_s: int | None = None,
) -> commands.Heard:
    """Read what a good signature stands under; the rest is as in `commands.Heard`."""
    given_back = correlation if len(correlation) <= CORRELATION_BYTES else b""
    asked = commands.Asked(of, None, given_back)
    if signed.typ != messages.COMMAND:
        return commands.Heard(
            asked, None, None, commands.Why.WRONG_TYPE, earliest_s, epoch
        )
    try:
        claims = messages.from_json(signed.payload, orders.Command)
    except Untrusted:
        return commands.Heard(
            asked, None, None, commands.Why.MALFORMED, earliest_s, epoch
        )
    asked = commands.Asked(of, claims.jti, given_back)
    action, fault = _action_of(claims.command)
    return commands.Heard(asked, claims, action, fault, earliest_s, epoch, believed_s)


class _Named(msgspec.Struct):
    name: str


def _action_of(raw: msgspec.Raw) -> tuple[orders.Action | None, commands.Why | None]:
    try:
        named = msgspec.json.decode(raw, type=_Named)
        if named.name not in orders.ACTIONS:
            return None, commands.Why.UNKNOWN_COMMAND
        return msgspec.json.decode(raw, type=orders.Action), None
    except msgspec.DecodeError:
        return None, commands.Why.BAD_ARGUMENTS
