"""Basic access control: the older way into a chip, by what is printed in the MRZ.

ICAO 9303-11 clause 4.3: both sides show that they know the keys made out of the MRZ,
and make session keys out of two secrets; always 3DES. Whoever listens and guesses the
MRZ can read along later, so PACE goes first wherever a chip has it (`reading`).
"""

import hashlib
from collections.abc import Callable
from hmac import compare_digest

from likeness.chip.channel import Channel, Talk
from likeness.chip.ciphers import MAC_SIZE, SessionKeys, Suite
from likeness.chip.secure_messaging import SecureMessaging
from likeness.chip.trouble import ChipTrouble, broken_talk, refused_key
from likeness.core.apdu import Command
from likeness.core.card_trouble import Trouble

SEED_SIZE = 16
CHALLENGE_SIZE = 8
SECRET_SIZE = 16
ANSWER_SIZE = 2 * CHALLENGE_SIZE + SECRET_SIZE
GET_CHALLENGE = Command(0x00, 0x84, 0x00, 0x00, expected=CHALLENGE_SIZE)


def document_keys(mrz_information: str) -> SessionKeys:
    """Return the keys that the MRZ stands for (clause 9.7.2)."""
    digest = hashlib.sha1(mrz_information.encode("latin-1"), usedforsecurity=False)
    return SessionKeys.derive(Suite.TRIPLE_DES, digest.digest()[:SEED_SIZE])


def open_by_bac(
    channel: Channel, mrz_information: str, *, random: Callable[[int], bytes]
) -> Talk[None]:
    """Begin the channel's protected session; the application is selected already.

    Raises:
        ChipTrouble: ACCESS_KEY_WRONG, or the chip has no BAC, or the talk broke.
    """
    keys = document_keys(mrz_information)
    given = yield from channel.ask(GET_CHALLENGE)
    if not given.ok:
        detail = f"the chip gives no challenge for BAC, {given.status:04X}"
        raise ChipTrouble(Trouble.CARD_UNSUPPORTED, detail)
    if len(given.data) != CHALLENGE_SIZE:
        raise broken_talk("a BAC challenge of another size")
    theirs, ours, secret = given.data, random(CHALLENGE_SIZE), random(SECRET_SIZE)
    shown = keys.suite.encrypt(keys.encryption, ours + theirs + secret)
    shown += keys.suite.mac(keys.authentication, shown)
    answer = yield from channel.ask(
        Command(0x00, 0x82, 0x00, 0x00, shown, expected=len(shown))
    )
    if not answer.ok:
        raise refused_key(answer) or broken_talk(f"BAC ended by {answer.status:04X}")
    their_secret = _their_secret(keys, answer.data, ours=ours, theirs=theirs)
    seed = bytes(a ^ b for a, b in zip(secret, their_secret, strict=True))
    half = CHALLENGE_SIZE // 2
    channel.session = SecureMessaging(
        SessionKeys.derive(Suite.TRIPLE_DES, seed),
        int.from_bytes(theirs[-half:] + ours[-half:]),
    )


def _their_secret(
    keys: SessionKeys, answer: bytes, *, ours: bytes, theirs: bytes
) -> bytes:
    """Return the chip's part of the secret, if it is this chip's to us."""
    sealed, mac = answer[:-MAC_SIZE], answer[-MAC_SIZE:]
    if len(sealed) != ANSWER_SIZE:
        raise broken_talk("a BAC answer of another size")
    if not compare_digest(keys.suite.mac(keys.authentication, sealed), mac):
        raise broken_talk("a BAC answer that is not by the key")
    opened = keys.suite.decrypt(keys.encryption, sealed)
    if not compare_digest(opened[: 2 * CHALLENGE_SIZE], theirs + ours):
        raise broken_talk("a BAC answer to another challenge")
    return opened[2 * CHALLENGE_SIZE :]
