"""Who a result is about, as the register knows persons: a keyed digest, nothing else.

Opens the sealed person of a result for the moment in which the digest is computed.
Leaves to others: whether the result may be used (`core.binding`).
"""

from pathlib import Path

from likeness.core import messages
from likeness.core.numbering import Kind, document_of, number_digest, person_digest
from likeness.edges import key_files, sealer
from likeness.edges.bench_keys import REGISTER_KEY_BYTES
from likeness.errors import ConfigError, Untrusted

MAKE = "or make one: 32 random bytes, by 'likeness keys make' or your own means"


class Digests:
    """Holds register.key."""

    def __init__(self, keys: Path) -> None:
        """Read it from the folder of keys.

        Raises:
            ConfigError: missing, open to everybody, or not of 32 bytes.
        """
        path = keys / "register.key"
        self._key = key_files.read_secret(path, "register key", MAKE)
        if len(self._key) != REGISTER_KEY_BYTES:
            raise ConfigError(f"{path}: not {REGISTER_KEY_BYTES} bytes; {MAKE}")

    def of_person(
        self, person: messages.Person, card: messages.CardFacts | None
    ) -> str | None:
        """Return what stands for this person; None: the document tells nobody."""
        if card is None:
            return None
        document = document_of(card.kind, card.issuer or "", person.number)
        return person_digest(self._key, document) if document else None

    def of_number(self, kind: Kind, number: str) -> str:
        """Return what stands for a number that is not bound yet."""
        return number_digest(self._key, kind, number)


class Persons:
    """Holds register.key and person.key."""

    def __init__(self, keys: Path) -> None:
        """Read them from the folder of keys.

        Raises:
            ConfigError: one is missing, open to everybody, or not what it should be.
        """
        self.digests = Digests(keys)
        self._person_key = key_files.load_private(keys / "person.key")

    def of(self, result: messages.Result) -> str | None:
        """Return what stands for the person of a result; None: it tells nobody."""
        if result.person is None:
            return None
        try:
            inside = sealer.open_sealed(result.person, self._person_key)
            person = messages.from_json(inside, messages.Person)
        except Untrusted:
            return None
        return self.digests.of_person(person, result.card)
