"""How a chip lets us in and talks: infos on its protocols, protected answers, talks."""

import itertools
from collections.abc import Callable
from functools import cache
from pathlib import Path

from chip_talks import hold, in_turn
from fuzz.chip_proof_targets import change_pieces
from fuzz.engine import Subject, Target
from likeness.chip.access_policy import AccessPolicy, BacUse
from likeness.chip.card_access import (
    chip_keys,
    pace_infos,
    read_card_access,
    read_dg14,
)
from likeness.chip.chip_key import usable_key
from likeness.chip.ciphers import SessionKeys, Suite, pad
from likeness.chip.reading import read_chip
from likeness.chip.secure_messaging import SecureMessaging
from likeness.chip.trouble import ChipTrouble
from likeness.core.apdu import OK, Command, Response
from likeness.core.tlv import BadTlv, elements, one, write
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_files import CARD_ACCESS, DG2, DG14
from simulated_chips import chip_of, mrz_of

DG14_TAG = 0x6E
MOST_COMMANDS = 60
READ = Command(0x00, 0xB0, 0x00, 0x00, expected=223)


@cache
def _chip() -> Chip:
    """Make one with both ways in and both proofs, and a small portrait."""
    made = chip_of(proofs={"chip": "aes-128", "active": "ecdsa"}, image="jpeg")
    files = {**made.files, DG2: write(0x75, bytes(300))}
    return Chip(
        master=made.master,
        files=files,
        mrz_information=made.mrz_information,
        pace=made.pace,
        active_key=made.active_key,
        chip_key=made.chip_key,
    )


def _infos(_folder: Path) -> Subject:
    seeds = [_chip().master[CARD_ACCESS], _chip().files[DG14]]

    def read(data: bytes) -> str:
        if data[:1] != DG14_TAG.to_bytes():
            return f"{len(pace_infos(read_card_access(data)))} ways"
        usable = usable_key(chip_keys(read_dg14(data)))
        return "no key" if usable is None else usable.key.suite.name

    return Subject(seeds, change_pieces, read)


def _protected(_folder: Path) -> Subject:
    """The sum over what was changed is made anew: else nothing is looked into."""
    keys = [SessionKeys.derive(suite, b"a secret of this test") for suite in Suite]
    status = write(0x99, OK.to_bytes(2))
    seeds = []
    for number, one_of in enumerate(keys):
        counter = (2).to_bytes(one_of.suite.block)
        start = one_of.suite.start_vector(one_of.encryption, counter)
        sealed = one_of.suite.encrypt(
            one_of.encryption, pad(bytes(30), one_of.suite.block), start
        )
        for head in (write(0x87, b"\1", sealed), write(0x85, sealed), b""):
            seeds.append(bytes([number]) + head + status)

    def unprotect(data: bytes) -> str:
        chosen = keys[(data[:1] or b"\0")[0] % len(keys)]
        body, block = data[1:], chosen.suite.block
        counted = (2).to_bytes(block) + body
        mac = chosen.suite.mac_blocks(chosen.authentication, pad(counted, block))
        session = SecureMessaging(chosen)
        session.protect(READ)
        session.unprotect(Response(body + write(0x8E, mac), OK))
        return chosen.suite.name

    return Subject(seeds, change_pieces, unprotect)


def _fixed() -> Callable[[int], bytes]:
    """Draw the same numbers each time, so that recorded answers fit."""
    numbers = itertools.count(1)
    return lambda size: (next(numbers) * 0x9E3779B97F4A7C15).to_bytes(99)[-size:]


def _talks(_folder: Path) -> Subject:
    """In an input are the answers of one talk, one behind the other."""
    chip, policy = (
        _chip(),
        AccessPolicy(bac=BacUse.PACE_FAILED, most_commands=MOST_COMMANDS),
    )
    key = mrz_of(chip)

    def recorded(master: dict[int, bytes]) -> bytes:
        parts = {name: getattr(chip, name) for name in chip.__slots__}
        card = EmrtdCard(Chip(**{**parts, "master": master}), random=_fixed())
        card.power_on()
        answers = list[bytes]()

        def answer(command: bytes) -> bytes:
            answers.append(card.answer(command))
            return answers[-1]

        hold(read_chip(key, random=_fixed(), policy=policy), answer)
        return b"".join(write(0x04, one) for one in answers)

    def replay(data: bytes) -> str:
        answers = [element.value for element in elements(data)] or [b""]
        talk = read_chip(key, random=_fixed(), policy=policy)
        record = hold(talk, in_turn(itertools.cycle(answers)))
        portrait = one(record.files["DG2"], 0x75).value
        assert portrait == bytes(300)
        return f"{record.access} {record.chip}"

    seeds = [recorded({**chip.master}), recorded({})]
    return Subject(seeds, change_pieces, replay)


TARGETS = (
    Target("chip infos", _infos, (BadTlv,)),
    Target("protected answer", _protected, (ChipTrouble,)),
    Target("chip talk", _talks, (ChipTrouble, BadTlv), share=0.1),
)
