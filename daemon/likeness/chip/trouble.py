"""Says why a chip could not be read; a value for the caller, not yet an outcome."""

from likeness.core import apdu
from likeness.core.card_trouble import Trouble
from likeness.errors import LikenessError

# What chips say to a wrong key besides 63XX: they differ.
WRONG_KEY = (apdu.SECURITY_STATUS, apdu.CONDITIONS)


class ChipTrouble(LikenessError):
    """The chip was not read. The detail is for the log, without personal data.

    `tries_left`: how many wrong keys the chip still takes, if it said so.
    `smaller_block`: with a CARD_COMM, blocks of so many bytes may do better; it broke
    the talk over the size of one. `bare`: the answer that came without protection
    where there should have been some.
    """

    def __init__(
        self,
        kind: Trouble,
        detail: str,
        *,
        tries_left: int | None = None,
        smaller_block: int | None = None,
        bare: apdu.Response | None = None,
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind
        self.detail = detail
        self.tries_left = tries_left
        self.smaller_block = smaller_block
        self.bare = bare


def broken_talk(detail: str, *, bare: apdu.Response | None = None) -> ChipTrouble:
    """Return the trouble of a talk that must begin anew."""
    return ChipTrouble(Trouble.CARD_COMM, detail, bare=bare)


def refused_key(answer: apdu.Response) -> ChipTrouble | None:
    """Return the trouble if this answer says that the key was wrong; None: it does not.

    Only to be asked about the answer to a proof that we know the key.
    """
    left = answer.tries_left
    if answer.status == apdu.BLOCKED or left == 0:
        detail = f"the chip takes no key any more, {answer.status:04X}"
        return ChipTrouble(Trouble.ACCESS_KEY_BLOCKED, detail, tries_left=0)
    if answer.status >> 8 == apdu.COUNTED or answer.status in WRONG_KEY:
        detail = f"the chip refused the key, {answer.status:04X}"
        return ChipTrouble(Trouble.ACCESS_KEY_WRONG, detail, tries_left=left)
    return None
