"""Whole chips, simulated and read as in the field: what is proved, and the outcome."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import pytest

import simulated_chips
from likeness.chip.examination import examine
from likeness.chip.record import Access, ActiveProof, ChipProof, ChipRecord
from likeness.chip.trust_store import TrustStore, load
from likeness.core.card_fields import Unreadable
from likeness.core.card_trouble import Trouble
from likeness.core.chip_card import Examination, to_card
from likeness.core.vocabulary import Card, CardKind, Reason
from likeness.simulators.emrtd_keys import Scheme

TODAY = date(2026, 11, 22)
PASSIVE = ("group_hashes", "sod_signature", "signer_valid", "issuer_chain")


@cache
def store() -> TrustStore:
    state = simulated_chips.state()
    return load([("csca.cer", state.certificate), ("csca.crl", state.crl())])


def record(*, faults: Iterable[str] = (), **words: Any) -> ChipRecord:
    """Read a chip that is described by the words of a card file."""
    chip = simulated_chips.chip_of(faults=faults, **words)
    return simulated_chips.read(
        simulated_chips.powered(chip), simulated_chips.mrz_of(chip)
    )


def judged(*, faults: Iterable[str] = (), **words: Any) -> Examination:
    return examine(record(faults=faults, **words), store(), TODAY)


ACTIVE = {"active": "rsa", "chip": "none"}
EC_ACTIVE = {"active": "ecdsa", "chip": "none"}
CHIP = {"active": "none", "chip": "aes-128"}
BOTH = {"active": "rsa", "chip": "aes-128"}
NEITHER = {"active": "none", "chip": "none"}


# --- what holds -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("proofs", "proved"),
    [
        (ACTIVE, ("active_authentication",)),
        (EC_ACTIVE, ("active_authentication",)),
        (CHIP, ("chip_authentication",)),
        (BOTH, ("chip_authentication", "active_authentication")),
    ],
)
def test_a_chip_that_proves_all(proofs: dict[str, str], proved: tuple[str]) -> None:
    found = judged(proofs=proofs)
    assert found.checked == ("pace", *PASSIVE, "revocation", *proved)
    assert (found.unchecked, found.concerns) == ((), ())
    card = to_card(found, TODAY)
    assert isinstance(card, Card)
    assert (card.kind, card.number, card.doubts) == (CardKind.ICAO_ID, "X00000000", ())
    assert card.portrait_record


@pytest.mark.parametrize("scheme", Scheme)
def test_each_way_to_sign(scheme: Scheme) -> None:
    found = judged(signer={"scheme": scheme}, proofs=NEITHER)
    assert found.checked == ("pace", *PASSIVE, "revocation")


def test_a_chip_that_offers_no_proof_is_told_and_taken() -> None:
    found = judged(proofs=NEITHER)
    assert found.unchecked == ("clone:not_offered",)
    assert found.concerns == ()


def test_the_way_in_is_a_fact() -> None:
    found = judged(access={"pace": (), "bac": True}, proofs=NEITHER)
    assert found.checked[0] == "bac"
    down = replace(record(proofs=NEITHER), access=Access.BAC_DOWNGRADE)
    assert examine(down, store(), TODAY).checked[0] == "bac_downgrade"


def test_without_a_store_a_chip_is_whole_and_not_genuine() -> None:
    found = examine(record(proofs=BOTH), None, TODAY)
    assert found.checked == (
        "pace",
        *PASSIVE[:3],
        "chip_authentication",
        "active_authentication",
    )
    assert found.unchecked == ("issuer_chain:no_store", "revocation:no_store")
    assert found.concerns == (Reason.ISSUER_NOT_VERIFIED,)
    assert "genuine" not in " ".join(found.checked)


# --- each fault its own outcome -------------------------------------------------------


def test_a_tampered_portrait() -> None:
    found = judged(faults=["tampered-dg2"])
    assert "group_hashes:DG2_differs" in found.unchecked
    assert found.concerns == (Reason.CARD_TAMPERED,)
    card = to_card(found, TODAY)
    assert isinstance(card, Card)
    assert (card.concerns, card.portrait_record) == ((Reason.CARD_TAMPERED,), b"")


def test_a_tampered_zone() -> None:
    found = judged(faults=["tampered-dg1"])
    assert "group_hashes:DG1_differs" in found.unchecked
    assert to_card(found, TODAY) == Unreadable(Trouble.CARD_TAMPERED, "DG1")


def test_a_bad_signature() -> None:
    found = judged(faults=["bad-signature"])
    assert found.unchecked == ("sod_signature:wrong",)
    assert to_card(found, TODAY) == Unreadable(Trouble.CARD_TAMPERED, "SOD")


@pytest.mark.parametrize(
    ("fault", "fact", "reason"),
    [
        ("wrong-signer", "issuer_chain:unknown_issuer", Reason.ISSUER_NOT_VERIFIED),
        ("expired-signer", "signer_valid:expired", Reason.SIGNER_EXPIRED),
    ],
)
def test_a_signer_that_proves_too_little(fault: str, fact: str, reason: Reason) -> None:
    found = judged(faults=[fault])
    assert fact in found.unchecked
    assert found.concerns == (reason,)
    card = to_card(found, TODAY)
    assert isinstance(card, Card)
    assert card.concerns == (reason,)
    assert card.portrait_record


@pytest.mark.parametrize(
    ("proofs", "fact"),
    [
        (ACTIVE, "active_authentication:failed"),
        (EC_ACTIVE, "active_authentication:failed"),
        (CHIP, "chip_authentication:failed"),
    ],
)
def test_a_cloned_chip(proofs: dict[str, str], fact: str) -> None:
    found = judged(faults=["cloned"], proofs=proofs)
    assert fact in found.unchecked
    assert found.concerns == (Reason.CARD_CLONED,)


def test_a_portrait_of_the_new_encoding() -> None:
    card = to_card(judged(faults=["image-39794"]), TODAY)
    assert isinstance(card, Card)
    assert "portrait:unsupported_encoding" in card.unchecked
    assert card.portrait_record == b""


# --- what a copy may try --------------------------------------------------------------


def without(whole: ChipRecord, *names: str) -> ChipRecord:
    files = {name: file for name, file in whole.files.items() if name not in names}
    return replace(whole, files=files, active=None, chip=ChipProof.NOT_OFFERED)


@pytest.mark.parametrize(
    ("proofs", "hidden", "fact"),
    [
        (ACTIVE, "DG15", "active_authentication:withheld"),
        (CHIP, "DG14", "chip_authentication:withheld"),
    ],
)
def test_a_copy_that_hides_its_key_is_in_doubt(
    proofs: dict[str, str], hidden: str, fact: str
) -> None:
    # EF.COM is not signed, so a copy can leave a group out; the SOD tells of it.
    found = examine(without(record(proofs=proofs), hidden), store(), TODAY)
    assert found.unchecked == (fact,)
    assert found.concerns == (Reason.CLONE_IN_DOUBT,)


@pytest.mark.parametrize(
    ("active", "fact"),
    [
        (None, "active_authentication:not_asked"),
        (ActiveProof(bytes(8), b""), "active_authentication:no_answer"),
    ],
)
def test_a_chip_that_does_not_sign_is_in_doubt(
    active: ActiveProof | None, fact: str
) -> None:
    silent = replace(record(proofs=ACTIVE), active=active)
    found = examine(silent, store(), TODAY)
    assert found.unchecked == (fact,)
    assert found.concerns == (Reason.CLONE_IN_DOUBT,)


def test_one_proof_is_enough() -> None:
    silent = replace(record(proofs=BOTH), active=ActiveProof(bytes(8), b""))
    found = examine(silent, store(), TODAY)
    assert "chip_authentication" in found.checked
    assert found.unchecked == ("active_authentication:no_answer",)
    assert found.concerns == ()


def test_one_proof_does_not_excuse_a_failed_one() -> None:
    other = replace(record(proofs=BOTH), active=ActiveProof(bytes(8), bytes(256)))
    found = examine(other, store(), TODAY)
    assert "chip_authentication" in found.checked
    assert found.concerns == (Reason.CARD_CLONED,)


def test_a_key_of_the_copys_own_proves_nothing() -> None:
    # The copy has a key of its own in a DG15 of its own, and signs with it.
    own = record(proofs=ACTIVE)
    victim = record(proofs=NEITHER)
    files = {**victim.files, "DG15": own.files["DG15"]}
    found = examine(replace(victim, files=files, active=own.active), store(), TODAY)
    assert "active_authentication" not in found.checked
    assert found.unchecked == ("group_hashes:DG15_not_signed", "clone:not_offered")
    own_chip = record(proofs=CHIP)
    files = {**victim.files, "DG14": own_chip.files["DG14"]}
    forged = replace(victim, files=files, chip=ChipProof.PROVED)
    found = examine(forged, store(), TODAY)
    assert "chip_authentication" not in found.checked
    assert "chip_authentication:key_not_signed" in found.unchecked


def test_a_proof_over_a_tampered_key_counts_as_tampering() -> None:
    whole = record(proofs=ACTIVE)
    files = {**whole.files, "DG15": record(proofs=ACTIVE).files["DG15"]}
    found = examine(replace(whole, files=files), store(), TODAY)
    assert "active_authentication" not in found.checked
    assert Reason.CARD_TAMPERED in found.concerns


def test_what_cannot_be_computed_is_told_and_no_doubt() -> None:
    unsupported = replace(record(proofs=CHIP), chip=ChipProof.UNSUPPORTED)
    found = examine(unsupported, store(), TODAY)
    assert found.unchecked == ("chip_authentication:unsupported",)
    assert found.concerns == ()


def test_nothing_personal_shows() -> None:
    found = judged(surname="ERIKSSON", number="L898902C3")
    shown = repr(found) + repr(to_card(found, TODAY))
    assert "ERIKSSON" not in shown
    assert "L898902C3" not in shown
