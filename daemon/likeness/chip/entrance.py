"""Chooses the way into a chip: PACE where it is named, BAC only as far as allowed.

    EF.CardAccess --names PACE--> PACE ------------> application
                  --does not, or PACE failed otherwise than by a wrong key
                    and the policy allows it--> application --> BAC

EF.CardAccess is not signed, so BAC in place of PACE is always recorded, also when only
the signed DG14 shows later that PACE had been there. A wrong key ends it: no other way
is tried with it.
"""

from collections.abc import Callable

from likeness.chip.access_policy import AccessPolicy, BacUse
from likeness.chip.bac import open_by_bac
from likeness.chip.card_access import (
    offers_pace,
    pace_infos,
    read_card_access,
    read_dg14,
)
from likeness.chip.channel import Channel, Talk
from likeness.chip.pace import PaceFailed, PaceUnsupported, best_way, open_by_pace
from likeness.chip.record import Access
from likeness.chip.trouble import ChipTrouble, broken_talk
from likeness.core import apdu, tlv
from likeness.core.apdu import Command
from likeness.core.card_trouble import Trouble
from likeness.core.mrz import AccessKey

APPLICATION = bytes.fromhex("A0000002471001")  # LDS1, ICAO 9303-10 clause 3.2
NO_APPLICATION = (
    apdu.NO_FILE,
    apdu.BAD_PARAMETERS,
    apdu.NO_FUNCTION,
    apdu.NO_INSTRUCTION,
    apdu.NO_CLASS,
    apdu.NOT_SELECTED,
)


def enter(
    channel: Channel,
    card_access: bytes | None,
    key: AccessKey,
    *,
    random: Callable[[int], bytes],
    policy: AccessPolicy,
) -> Talk[Access]:
    """Open the application of the travel document; say how that was done.

    Raises:
        ChipTrouble: ACCESS_KEY_WRONG, _BLOCKED or _OF_MRZ, DOWNGRADE, WRONG_CARD, or
            the talk broke.
    """
    needed, why = yield from _try_pace(channel, card_access, key, random, policy)
    if needed is None:
        yield from _select_application(channel)
        return Access.PACE
    if policy.bac < needed:
        raise ChipTrouble(Trouble.DOWNGRADE, why)
    yield from _select_application(channel)
    if key.can:
        raise ChipTrouble(Trouble.ACCESS_KEY_OF_MRZ, why)
    yield from open_by_bac(channel, key.mrz_information, random=random)
    return Access.BAC if needed <= BacUse.NO_PACE else Access.BAC_DOWNGRADE


def after_dg14(access: Access, dg14: bytes, policy: AccessPolicy) -> Access:
    """Correct how the chip was opened by what it says signed.

    Raises:
        ChipTrouble: DOWNGRADE; somebody has hidden that the chip has PACE, or changed
            it into a way that we do not know.
    """
    try:
        hidden = access is not Access.PACE and _names_pace(dg14, access, policy)
    except tlv.BadTlv:  # the examination will say so
        hidden = False
    if not hidden:
        return access
    if policy.bac < BacUse.PACE_FAILED:
        raise ChipTrouble(Trouble.DOWNGRADE, "DG14 names PACE, EF.CardAccess did not")
    return Access.BAC_DOWNGRADE


def _names_pace(dg14: bytes, access: Access, policy: AccessPolicy) -> bool:
    """Say whether DG14 names what should have been there: PACE, or one we know."""
    infos = read_dg14(dg14)
    if access is Access.BAC or not offers_pace(infos):
        return offers_pace(infos)
    try:
        best_way(pace_infos(infos), long_lengths=policy.long_lengths)
    except PaceUnsupported:
        return False
    return True


def _try_pace(
    channel: Channel,
    card_access: bytes | None,
    key: AccessKey,
    random: Callable[[int], bytes],
    policy: AccessPolicy,
) -> Talk[tuple[BacUse | None, str]]:
    """Return how far down BAC would have to go, and why; None: PACE is there."""
    if card_access is None:
        return BacUse.NO_PACE, "the chip has no EF.CardAccess"
    try:
        infos = read_card_access(card_access)
        if not offers_pace(infos):
            return BacUse.NO_PACE, "EF.CardAccess names no PACE"
        yield from open_by_pace(
            channel,
            key,
            pace_infos(infos),
            random=random,
            long_lengths=policy.long_lengths,
        )
    except PaceUnsupported as why:
        return BacUse.PACE_UNSUPPORTED, str(why)
    except (PaceFailed, tlv.BadTlv) as why:
        return BacUse.PACE_FAILED, str(why)
    return None, ""


def _select_application(channel: Channel) -> Talk[None]:
    answer = yield from channel.ask(Command(0x00, 0xA4, 0x04, 0x0C, APPLICATION))
    if answer.status in NO_APPLICATION:
        detail = f"no travel document, {answer.status:04X}"
        raise ChipTrouble(Trouble.WRONG_CARD, detail)
    if not answer.ok:
        raise broken_talk(f"selecting the application: {answer.status:04X}")
