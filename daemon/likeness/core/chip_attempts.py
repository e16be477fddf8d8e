"""What follows when one attempt to read a chip failed.

A wrong key is asked for again, at most three times for one card and never so often that
the chip would block it. A talk that broke is begun anew once, and a few times with
smaller blocks if it broke over their size. Everything else ends it. Leaves to others:
the attempts (service), the words on the screen.
"""

from dataclasses import dataclass

from likeness.core.card_moments import CardTrouble
from likeness.core.card_trouble import Trouble
from likeness.core.chip_moments import KeyWanted, KeyWrong

KEYS = 3
RESTARTS = 1
SMALLER_BLOCKS = 4


@dataclass(frozen=True, slots=True)
class Again:
    """Begin anew with the same key."""


Next = Again | KeyWanted | KeyWrong | CardTrouble


class Attempts:
    """The attempts with one card, from its laying to its removal."""

    def __init__(self) -> None:
        self.block: int | None = None  # read no more bytes at once
        self._wrong_keys = 0
        self._restarts = 0
        self._smaller = 0

    def failed(
        self,
        kind: Trouble,
        detail: str,
        *,
        tries_left: int | None = None,
        smaller_block: int | None = None,
    ) -> Next:
        """Take in why one attempt failed; return what follows.

        Args:
            kind: the trouble.
            detail: more of it, for the log.
            tries_left: how many wrong keys the chip still takes, if it said so.
            smaller_block: what may do better, if it broke over the size of blocks.
        """
        match kind:
            case Trouble.ACCESS_KEY_WRONG:
                self._wrong_keys += 1
                left = KEYS - self._wrong_keys
                if tries_left is not None:
                    left = min(left, tries_left - 1)  # one stays for the card's holder
                return KeyWrong(left) if left > 0 else _blocked()
            case Trouble.ACCESS_KEY_OF_MRZ:
                return KeyWanted(mrz_only=True)
            case Trouble.CARD_COMM if self._may_go_on(smaller_block):
                return Again()
            case _:
                return CardTrouble(kind, detail)

    def _may_go_on(self, smaller_block: int | None) -> bool:
        if smaller_block is not None and self._smaller < SMALLER_BLOCKS:
            self._smaller += 1
            self.block = smaller_block
            return True
        self._restarts += 1
        return self._restarts <= RESTARTS


def _blocked() -> CardTrouble:
    return CardTrouble(Trouble.ACCESS_KEY_BLOCKED, "")
