"""Reads a chip from the first command to the last: the way in, the files, the proofs.

    EF.CardAccess --> the way in --> COM, SOD --> DG1, DG14, DG15, DG11, DG2 --> proofs

Only what EF.COM or the signed EF.SOD lists is asked for, and never fingers and irises
(DG3, DG4). The proofs that the chip is no copy come last, since a chip that fails them
ends the talk. Leaves to others: the transport, which drives this generator (`channel`),
and what of the record can be believed (`examination`).
"""

from collections.abc import Callable

from likeness.chip.access_policy import AccessPolicy
from likeness.chip.card_access import chip_keys, read_dg14
from likeness.chip.channel import Channel, ReadingStats, Talk
from likeness.chip.chip_auth import authenticate_chip
from likeness.chip.chip_key import usable_key
from likeness.chip.entrance import after_dg14, enter
from likeness.chip.file_reading import ChipFile, FileReader
from likeness.chip.listing import listed_groups
from likeness.chip.record import ActiveProof, ChipProof, ChipRecord
from likeness.chip.trouble import ChipTrouble
from likeness.core import apdu, tlv
from likeness.core.apdu import Command
from likeness.core.mrz import AccessKey

CARD_ACCESS = ChipFile("CardAccess", 0x011C)
CHIP_INFO = ChipFile("ATR/INFO", 0x2F01)
COM = ChipFile("COM", 0x011E)
SOD = ChipFile("SOD", 0x011D)
DG14 = ChipFile("DG14", 0x010E)
# DG2 is the largest by far.
GROUPS = (
    ChipFile("DG1", 0x0101),
    DG14,
    ChipFile("DG15", 0x010F),
    ChipFile("DG11", 0x010B),
    ChipFile("DG2", 0x0102),
)
ALWAYS = frozenset({"DG1", "DG2"})
CHIP_INFO_BYTES = 64
LENGTHS = 0x7F66  # in EF.ATR/INFO: the chip takes extended lengths
CHALLENGE_SIZE = 8
SHORT_KEY_FILE = 250  # bytes of DG15; no longer a key signs within a short answer
Random = Callable[[int], bytes]
Files = dict[str, bytes]
DEFAULT_POLICY = AccessPolicy()


def read_chip(
    key: AccessKey,
    *,
    random: Random,
    policy: AccessPolicy = DEFAULT_POLICY,
    stats: ReadingStats | None = None,
) -> Talk[ChipRecord]:
    """Read one chip that has just been powered up; yields commands, is sent answers.

    Args:
        key: what is printed on the document; tried once.
        random: returns so many unpredictable bytes.
        policy: what is allowed.
        stats: counted up, if given.

    Raises:
        ChipTrouble: it could not be read; see its kind.
    """
    channel = Channel(stats or ReadingStats(), most_commands=policy.most_commands)
    reader = FileReader(channel, block=policy.block_bytes, most_bytes=policy.most_bytes)
    files: Files = {}
    yield from _read_into(files, reader, CARD_ACCESS)
    long = policy.long_lengths and (yield from _takes_long(reader))
    card_access = files.get(CARD_ACCESS.name)
    access = yield from enter(channel, card_access, key, random=random, policy=policy)
    yield from _read_into(files, reader, COM, SOD)
    listed = listed_groups(files.get(COM.name), files.get(SOD.name))
    for group in GROUPS:
        if listed is None or group.name in listed | ALWAYS:
            yield from _read_into(files, reader, group)
        if group is DG14 and DG14.name in files:
            access = after_dg14(access, files[DG14.name], policy)
    chip = yield from _prove_chip(channel, reader, files, random)
    active = None
    if chip is not ChipProof.FAILED and "DG15" in files:
        active = yield from _sign(channel, files["DG15"], random(CHALLENGE_SIZE), long)
    return ChipRecord(access, files, active, chip)


def _read_into(files: Files, reader: FileReader, *wanted: ChipFile) -> Talk[None]:
    for file in wanted:
        data = yield from reader.read(file)
        if data is not None:
            files[file.name] = data


def _takes_long(reader: FileReader) -> Talk[bool]:
    """Say whether the chip takes extended lengths (ICAO 9303-10 clause 3.11.1).

    EF.ATR/INFO is many elements, so it has no length of its own. A chip that lets it be
    selected and not be read has said nothing.
    """
    if not (yield from reader.select(CHIP_INFO)):
        return False
    try:
        info = yield from reader.beginning(CHIP_INFO, CHIP_INFO_BYTES)
        return any(element.tag == LENGTHS for element in tlv.elements(info))
    except (ChipTrouble, tlv.BadTlv):
        return False


def _prove_chip(
    channel: Channel, reader: FileReader, files: Files, random: Random
) -> Talk[ChipProof]:
    """Hold chip authentication if DG14 offers it, and go on under its keys."""
    if DG14.name not in files:
        return ChipProof.NOT_OFFERED
    try:
        offered = chip_keys(read_dg14(files[DG14.name]))
    except tlv.BadTlv:
        return ChipProof.UNSUPPORTED
    if not offered:
        return ChipProof.NOT_OFFERED
    usable = usable_key(offered)
    if usable is None:
        return ChipProof.UNSUPPORTED
    try:
        if not (yield from authenticate_chip(channel, usable, random=random)):
            return ChipProof.FAILED
        # Whatever it answers: that it is under the new keys is the proof.
        yield from reader.select(DG14)
    except ChipTrouble:
        return ChipProof.FAILED
    return ChipProof.PROVED


def _sign(
    channel: Channel, dg15: bytes, challenge: bytes, long: bool
) -> Talk[ActiveProof | None]:
    """Let the chip sign a challenge (ICAO 9303-11 clause 6.1).

    None: the signature may be too long for the way to this chip, so a refusal would
    say nothing.
    """
    fits = len(dg15) <= SHORT_KEY_FILE
    most = apdu.EXPECTED_MOST if long and not fits else apdu.SHORT_EXPECTED_MOST
    command = Command(0x00, 0x88, 0x00, 0x00, challenge, most)
    try:
        answer = yield from channel.ask(command)
    except ChipTrouble as trouble:
        if trouble.bare is None:
            raise
        answer = apdu.Response(b"", apdu.CONDITIONS)  # nothing unprotected is taken
    if answer.ok and answer.data:
        return ActiveProof(challenge, answer.data)
    return ActiveProof(challenge, b"") if fits or long else None
