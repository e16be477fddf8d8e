"""Which keys a device has, from when and until when: by its file and its own tokens.

The rule is that of `key_history` and decision 15, judged anew from what the terminal
has signed, not from a table: a change counts if the key before it is known and has
signed it, and the new key has signed its proof. Leaves to others: which tokens there
are (`rows`), what follows for a record (`chain`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.verify import Record
from likeness.core import messages
from likeness.core.chain import Link
from likeness.errors import Untrusted


@dataclass(frozen=True, slots=True)
class Change:
    """One change of keys, as it stands in its token."""

    old_kid: str
    new_kid: str
    at: Link
    still_open: Mapping[str, int]  # epoch → last place that the old key may still sign


class KeyBook:
    """The keys of one device."""

    def __init__(self, trusted: Mapping[str, ECKey]) -> None:
        """Begin with those of its file, by thumbprint."""
        self._trusted = frozenset(trusted)
        self._keys = dict(trusted)
        self.changes: list[Change] = []

    def find(self, kid: str) -> ECKey | None:
        """Return a key that is known by now."""
        return self._keys.get(kid)

    def learn_all(self, tokens: Iterable[str]) -> None:
        """Learn from tokens of key changes, each after the one that it needs."""
        waiting = list(tokens)
        while waiting:
            left = [token for token in waiting if not self._learn_token(token)]
            if len(left) == len(waiting):
                return
            waiting = left

    def learn(self, record: Record) -> bool:
        """Take a well signed change; False: it is none, or brings a former key back."""
        change = record.claims
        if not isinstance(change, messages.KeyChange):
            return False
        if self.knows_change(record.hash):
            return True
        used = {kid for one in self.changes for kid in (one.old_kid, one.new_kid)}
        if change.key.kid in used:
            return False
        self._keys[change.key.kid] = verify.jwk_of(change.key)
        self.changes.append(
            Change(
                old_kid=verify.parse(record.token).kid,
                new_kid=change.key.kid,
                at=Link(change.epoch, change.seq, record.hash),
                still_open={one.epoch: one.seq for one in change.open},
            )
        )
        return True

    def knows_change(self, record_hash: str) -> bool:
        """Say whether this change was learned."""
        return any(one.at.hash == record_hash for one in self.changes)

    def doubt(self, kid: str, epoch: str, seq: int) -> str:
        """Say why this key may not sign this place; empty if it may."""
        for one in self.changes:
            at = f"the key change at seq {one.at.seq} of epoch {one.at.epoch[:8]}"
            here = epoch == one.at.epoch
            last = one.at.seq if here else one.still_open.get(epoch, -1)
            if kid == one.old_kid and seq > last:
                return f"its key was replaced by {at}"
            if kid == one.new_kid and here and seq <= one.at.seq:
                return f"its key came only with {at}"
        return ""

    def since(self, kid: str) -> str:
        """Say why this key is trusted, and from which place to which."""
        came = next((one for one in self.changes if one.new_kid == kid), None)
        went = next((one for one in self.changes if one.old_kid == kid), None)
        if came is not None:
            said = f"brought by the key change at seq {came.at.seq} of {came.at.epoch}"
        elif kid in self._trusted:
            said = "in the device's file"
        else:
            return "not known"
        until = f", until seq {went.at.seq} of {went.at.epoch}" if went else ""
        return said + until

    def listed(self) -> Iterator[tuple[str, ECKey]]:
        """Give every key with its thumbprint, those of the file first."""
        yield from self._keys.items()

    def in_file(self, kid: str) -> bool:
        """Say whether the carrier itself was given this key."""
        return kid in self._trusted

    def _learn_token(self, token: str) -> bool:
        try:
            key = self.find(verify.parse(token).kid)
            return key is not None and self.learn(verify.verify(token, key))
        except Untrusted:
            return False
