"""The ways in which a simulated chip may misbehave or lie, and their names.

A fault is written NAME[:TIMES][@FILE]: `sm-bad-mac:1@DG1` spoils one answer while DG1
is selected. Without TIMES it never ends, without @FILE it meets every file. Faults of
what is *on* the chip (`tampered-dg2`, `expired-signer`) hold from the first byte on.
Leaves to others: right answers (emrtd_card), how a chip is made (emrtd_personalise),
what goes wrong on the line (pn532_faults).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from likeness.errors import UsageError
from likeness.simulators.emrtd_apdu import Command
from likeness.simulators.emrtd_files import NAMES
from likeness.simulators.emrtd_session import Harm, SecureSession

LATE_S = 1.0
READ_BINARY, GENERAL_AUTHENTICATE = (0xB0, 0xB1), 0x86
NOT_FOUND_SAID = bytes.fromhex("99026A82")


class Kind(StrEnum):
    """What goes wrong."""

    # while it talks
    BAD_MAC = "sm-bad-mac"
    NO_STATUS = "sm-no-status"  # DO'99' is missing, the MAC is right
    OTHER_STATUS = "sm-other-status"  # DO'99' is not what stands outside
    SM_MISSING = "sm-6987"
    SM_INCORRECT = "sm-6988"
    SESSION_LOST = "session-lost"  # in the middle of a file
    REMOVED = "removed"  # in the middle of a file
    SHORT_ANSWERS = "short-answers"  # half of what was asked for
    PACE_FAILS = "pace-fails"  # though EF.CardAccess offers it
    SILENT = "silent"
    LATE = "late"  # each answer comes a second late
    # what is on it
    OVERSIZE = "oversize"  # DG2 (or @FILE) claims to have 2 GiB
    TRUNCATED = "truncated"  # half of DG2 (or @FILE) is there
    TAMPERED_DG1 = "tampered-dg1"
    TAMPERED_DG2 = "tampered-dg2"
    BAD_SIGNATURE = "bad-signature"
    WRONG_SIGNER = "wrong-signer"  # of an authority that only has the same name
    EXPIRED_SIGNER = "expired-signer"
    REVOKED_SIGNER = "revoked-signer"
    CLONED = "cloned"  # the files of another chip, without its keys
    BOMB = "bomb-image"
    IMAGE_2019 = "image-39794"  # ISO/IEC 39794-5
    NO_IMAGE = "no-image"  # bytes that are no picture


ON_THE_CHIP = frozenset(
    {
        Kind.OVERSIZE,
        Kind.TRUNCATED,
        Kind.TAMPERED_DG1,
        Kind.TAMPERED_DG2,
        Kind.BAD_SIGNATURE,
        Kind.WRONG_SIGNER,
        Kind.EXPIRED_SIGNER,
        Kind.REVOKED_SIGNER,
        Kind.CLONED,
        Kind.BOMB,
        Kind.IMAGE_2019,
        Kind.NO_IMAGE,
    }
)
OF_PROTECTION = frozenset(
    {
        Kind.BAD_MAC,
        Kind.NO_STATUS,
        Kind.OTHER_STATUS,
        Kind.SM_MISSING,
        Kind.SM_INCORRECT,
    }
)
IN_THE_MIDDLE = frozenset({Kind.SESSION_LOST, Kind.REMOVED})
OF_ONE_FILE = IN_THE_MIDDLE | {Kind.OVERSIZE, Kind.TRUNCATED}
_FORM = re.compile(
    r"(?P<kind>[a-z0-9-]+)(:(?P<times>[0-9]+))?(@(?P<file>[A-Za-z0-9]+))?"
)


@dataclass(slots=True)
class Fault:
    """One switch; `times` counts down."""

    kind: Kind
    times: float = float("inf")
    file: str = ""  # a name of emrtd_files.NAMES; empty: every file

    def strikes(self, file: str, possible: frozenset[Kind]) -> bool:
        """Say whether a command is met, and count it.

        Args:
            file: which file is selected; empty: none.
            possible: what can go wrong with this command.
        """
        if self.times <= 0 or self.kind not in possible or self.file not in ("", file):
            return False
        self.times -= 1
        return True


def possible(command: Command, *, begun: bool) -> frozenset[Kind]:
    """Say what can go wrong with a command; `begun`: a file is read from on."""
    kinds = {Kind.LATE, Kind.SILENT}
    if command.is_protected:
        kinds |= OF_PROTECTION
    elif command.ins == GENERAL_AUTHENTICATE:
        kinds.add(Kind.PACE_FAILS)
    if command.ins in READ_BINARY:
        kinds.add(Kind.SHORT_ANSWERS)
        if begun:
            kinds |= IN_THE_MIDDLE
    return frozenset(kinds)


def parse(text: str) -> Fault:
    """Read one fault.

    Raises:
        UsageError: naming the faults, or the files, that there are.
    """
    form = _FORM.fullmatch(text)
    kinds = [kind.value for kind in Kind]
    if form is None and text.partition(":")[0].partition("@")[0] in kinds:
        raise UsageError(
            f"fault '{text}': write NAME[:TIMES][@FILE]; TIMES is a whole number"
        )
    if form is None or form["kind"] not in kinds:
        raise UsageError(
            f"unknown fault '{text}'; write NAME[:TIMES][@FILE] with a name of "
            + ", ".join(kinds)
        )
    kind = Kind(form["kind"])
    file = form["file"] or ("DG2" if kind in OF_ONE_FILE else "")
    if file and file not in NAMES.values():
        raise UsageError(
            f"fault '{text}': no file '{file}'; there are {', '.join(NAMES.values())}"
        )
    if kind in ON_THE_CHIP and form["times"]:
        raise UsageError(f"fault '{text}': what is on the chip has no count")
    return Fault(kind, float(form["times"] or "inf"), file)


def on_the_chip(faults: Iterable[Fault]) -> frozenset[Kind]:
    """Return the kinds that a chip must be made with."""
    return frozenset(fault.kind for fault in faults) & ON_THE_CHIP


def harm(kinds: Iterable[Kind], session: SecureSession) -> Harm | None:
    """Return what spoils the next protected answer, or None."""
    for kind in kinds:
        match kind:
            case Kind.BAD_MAC:
                return lambda content, said, mac: (content, said, _flipped(mac))
            case Kind.NO_STATUS:
                return lambda content, said, mac: (
                    content,
                    b"",
                    session.reseal(content, b""),
                )
            case Kind.OTHER_STATUS:
                return lambda content, said, mac: (
                    content,
                    NOT_FOUND_SAID,
                    session.reseal(content, NOT_FOUND_SAID),
                )
            case _:
                pass
    return None


def _flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])
