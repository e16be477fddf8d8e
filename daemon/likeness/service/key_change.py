"""Hands over from one device key to the next: a record in the chain says so.

The record is kept, sent again and receipted like a result, so it cannot be lost; from
the next place on only the new key signs. It is made once: a start after a crash finds
it in the chain and goes on from there. Leaves to others: the keys (`key_ring`), what
the carrier makes of it.
"""

import logging
from collections.abc import Iterable

from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.errors import StoreFull, Untrusted
from likeness.service.notary import Notary
from likeness.service.ports_carrier import Keys, Signer
from likeness.service.ports_keeping import ResultStore

log = logging.getLogger(__name__)

MOST_OPEN = 32  # other epochs with records on their way; more than one is rare


async def hand_over(keys: Keys, store: ResultStore, notary: Notary) -> Signer | None:
    """Change to the key that is prepared; call it at the start, with the store open.

    Returns:
        The key that signs from now on; None: no key is prepared, or there is no room
        to say so, and the old one goes on.

    Raises:
        ConfigError, KeyLost: the new key cannot be used or kept; nothing may be signed
            until that is mended, since the chain may say already that it has changed.
    """
    new = keys.next()
    if new is None:
        return None
    try:
        await change_key(store, notary, new)
    except StoreFull as fault:
        log.error("event=key_not_changed why=%r", str(fault))  # noqa: TRY400
        return None
    keys.switch()
    notary.sign_with(new)
    log.warning("event=key_changed kid=%s tier=%s", new.kid, new.key_tier)
    return new


def sign_as_rescued(keys: Keys, notary: Notary, tokens: Iterable[str]) -> None:
    """Sign with the new key if a broken database held the change to it.

    Call it before the next epoch begins: the carrier has no answer for a first record
    that is signed with a key that was replaced. `hand_over` does the rest.

    Args:
        keys: a change may be on its way.
        notary: signs the first record.
        tokens: what could still be read.

    Raises:
        ConfigError: the new key cannot be used.
    """
    new = keys.next()
    if new is not None and any(_changes_to(token, new.kid) for token in tokens):
        notary.sign_with(new)


async def change_key(store: ResultStore, notary: Notary, new: Signer) -> bool:
    """Put the change to `new` into the chain, unless it is there.

    Call it before anything is signed with `new`, and after it sign with nothing else.

    Args:
        store: the open store.
        notary: signs with the key that is replaced.
        new: the key that comes next.

    Returns:
        Whether a record was made; False: it was there before.

    Raises:
        StoreFull: there is no room; the old key goes on.
        KeyLost: one of the keys does not sign; the same.
    """
    last: dict[str, Link] = {}
    for row in await store.waiting():
        token = await store.token(row.link.epoch, row.link.seq)
        if token is not None and _changes_to(token, new.kid):
            return False
        if row.link.epoch != store.epoch:
            last[row.link.epoch] = row.link  # they come in the order of their places
    still_open = list(last.values())[-MOST_OPEN:]
    await store.append(lambda head: notary.change_key(head, new, still_open))
    return True


def _changes_to(token: str, kid: str) -> bool:
    try:
        payload = jws.parse(token, types=(messages.KEY,)).payload
        return messages.from_json(payload, messages.KeyChange).key.kid == kid
    except Untrusted:
        return False  # another record
