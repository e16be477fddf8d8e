"""Hands over from one device key to the next: a record in the chain says so.

The record is kept, sent again and receipted like a result, so it cannot be lost; from
the next place on only the new key signs. It is made once: a start after a crash finds
it in the chain and goes on from there. Leaves to others: the keys (`key_ring`), what
the carrier makes of it.
"""

from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.errors import Untrusted
from likeness.service.notary import Notary
from likeness.service.ports import ResultStore, Signer

MOST_OPEN = 32  # other epochs with records on their way; more than one is rare


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
