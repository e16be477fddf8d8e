"""Each step of passive authentication: it holds, and each thing that it should see."""

from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chip_states import (
    GROUPS,
    TODAY,
    Chip,
    chip,
    concerns,
    facts,
    signer,
    state,
    store,
)
from likeness.chip.certificate import read_certificate
from likeness.chip.passive import Passive, authenticate, read_object
from likeness.chip.trust_store import TrustStore, load
from likeness.core import tlv
from likeness.core.tlv import write
from likeness.core.vocabulary import Reason
from likeness.simulators.emrtd_authority import (
    BASIC,
    ENCIPHERS_KEYS,
    LONG_PAST,
    SIGNS_CERTIFICATES,
    CountryAuthority,
    DocumentSigner,
    extension,
)
from likeness.simulators.emrtd_der import TRUE, integer, octets, sequence
from likeness.simulators.emrtd_keys import Scheme, digest_algorithm
from likeness.simulators.emrtd_signed_data import (
    SECURITY_OBJECT,
    security_object,
    signed_data,
)

IN_ORDER = ["group_hashes", "sod_signature", "signer_valid", "issuer_chain"]
NO_LIST = "revocation:no_list"


def empty_list() -> tuple[str, bytes]:
    return ("state.crl", state().crl())


def test_a_chip_in_order() -> None:
    found = chip().judged(store(empty_list()))
    assert facts(found) == [*IN_ORDER, "revocation"]
    assert concerns(found) == []
    assert set(found.groups) == {"SOD", "DG1", "DG2", "DG11"}


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_each_way_to_sign(scheme: Scheme, digest: str) -> None:
    one = Chip.signed_by(signer(scheme, digest), digest=digest, version=1)
    trusted = store(("other.cer", state(scheme, digest).certificate))
    assert facts(one.judged(trusted)) == [*IN_ORDER, NO_LIST]


# --- hashes ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["DG1", "DG2", "DG11"])
def test_a_changed_group_is_tampered_with_and_not_believed(name: str) -> None:
    found = chip().flipped(name, -1).judged(store())
    assert facts(found) == [f"group_hashes:{name}_differs", *IN_ORDER[1:], NO_LIST]
    assert concerns(found) == [Reason.CARD_TAMPERED]
    assert name not in found.groups


@pytest.mark.parametrize("missing", [1, 2])
def test_zone_and_portrait_must_be_signed(missing: int) -> None:
    groups = {number: file for number, file in GROUPS.items() if number != missing}
    one = Chip.signed_by(signer(), groups).with_file(f"DG{missing}", GROUPS[missing])
    found = one.judged(store())
    assert facts(found)[0] == f"group_hashes:DG{missing}_not_signed"
    assert concerns(found) == [Reason.CARD_TAMPERED]
    assert f"DG{missing}" not in found.groups


def test_a_group_that_is_not_signed_is_not_believed() -> None:
    groups = {number: GROUPS[number] for number in (1, 2)}
    one = Chip.signed_by(signer(), groups).with_file("DG11", GROUPS[11])
    found = one.judged(store())
    assert facts(found)[:2] == ["group_hashes", "group_hashes:DG11_not_signed"]
    assert concerns(found) == []
    assert set(found.groups) == {"SOD", "DG1", "DG2"}


def test_a_portrait_that_was_not_read_is_told() -> None:
    found = chip().with_file("DG2", None).judged(store())
    assert facts(found)[:2] == ["group_hashes", "group_hashes:DG2_not_read"]


# --- the signature --------------------------------------------------------------------


def test_another_list_of_hashes_under_the_signature_is_seen() -> None:
    # Both are of the same signer: the list of the one, the signature of the other.
    forged = dict(GROUPS) | {1: GROUPS[1].replace(b"ERIKSSON", b"ERIKSSEN")}
    one = Chip.signed_by(signer(), forged)
    mine, theirs = (a.files["SOD"] for a in (one, chip()))
    old = sequence(integer(1), octets(_hash(GROUPS[1])))
    new = sequence(integer(1), octets(_hash(forged[1])))
    assert old in theirs
    assert new in mine
    found = one.with_file("SOD", theirs.replace(old, new)).judged(store())
    assert facts(found) == ["group_hashes", "sod_signature:wrong"]
    assert concerns(found) == [Reason.CARD_TAMPERED]
    assert found.groups == {}


def _hash(file: bytes) -> bytes:
    return sha256(file).digest()


def test_a_signature_of_another_key_is_seen() -> None:
    other = replace(state().signer(), certificate=signer().certificate)
    other = replace(other, serial=signer().serial)
    found = Chip.signed_by(other).judged(store())
    assert facts(found) == ["group_hashes", "sod_signature:wrong"]
    assert concerns(found) == [Reason.CARD_TAMPERED]


def test_without_the_signers_certificate_nothing_is_proved() -> None:
    other = replace(signer(), serial=signer().serial + 1)
    found = Chip.signed_by(other).judged(store())
    assert facts(found) == ["group_hashes", "sod_signature:no_certificate"]
    assert concerns(found) == [Reason.CARD_UNSUPPORTED]
    assert found.groups == {}


def test_without_a_security_object_nothing_is_proved() -> None:
    found = chip().with_file("SOD", None).judged(store())
    assert facts(found) == ["sod_signature:absent"]
    assert concerns(found) == [Reason.CARD_UNSUPPORTED]
    assert found.groups == {}


@pytest.mark.parametrize(
    "sod",
    [
        b"",
        write(0x77, b""),
        write(0x77, b"\x30\x03\x02\x01\x05"),
        write(0x61, b"\x30\x03\x02\x01\x05"),
    ],
)
def test_a_broken_security_object(sod: bytes) -> None:
    found = chip().with_file("SOD", sod).judged(store())
    assert facts(found) == ["sod_signature:unreadable"]
    assert concerns(found) == [Reason.CARD_TAMPERED]


def test_a_master_list_is_no_security_object() -> None:
    sod = write(0x77, state().master_list())
    found = chip().with_file("SOD", sod).judged(store())
    assert facts(found) == ["sod_signature:unreadable"]


def test_another_kind_of_message_is_no_security_object() -> None:
    content = sequence(
        integer(0),
        digest_algorithm("sha256"),
        sequence(
            *(sequence(integer(n), octets(_hash(GROUPS[n]))) for n in sorted(GROUPS))
        ),
    )
    for kind, fact in (
        ("1.2.3", "sod_signature:unreadable"),
        (SECURITY_OBJECT, NO_LIST),
    ):
        sod = write(0x77, signed_data(kind, content, signer()))
        assert facts(chip().with_file("SOD", sod).judged(store()))[-1] == fact


def _object(version: int, digest: bytes, *hashes: bytes) -> Chip:
    content = sequence(integer(version), digest, sequence(*hashes))
    sod = write(0x77, signed_data(SECURITY_OBJECT, content, signer()))
    return chip().with_file("SOD", sod)


@pytest.mark.parametrize("numbers", [(1, 1), tuple(range(1, 18))])
def test_a_group_stands_in_the_list_once(numbers: tuple[int, ...]) -> None:
    hashes = (sequence(integer(n), octets(_hash(GROUPS[1]))) for n in numbers)
    found = _object(0, digest_algorithm("sha256"), *hashes).judged(store())
    assert facts(found) == ["sod_signature:unreadable"]


def test_what_we_cannot_compute_is_no_forgery() -> None:
    found = _object(2, digest_algorithm("sha256")).judged(store())
    assert facts(found) == ["sod_signature:unsupported"]
    assert concerns(found) == [Reason.CARD_UNSUPPORTED]
    md5 = bytes.fromhex("300C06082A864886F70D02050500")
    found = _object(0, md5).judged(store())
    assert facts(found) == ["sod_signature:unsupported"]


# --- the signer's time ----------------------------------------------------------------


def test_an_expired_signer_is_its_own_outcome() -> None:
    late = state().signer(end=LONG_PAST)
    found = Chip.signed_by(late).judged(store())
    assert facts(found) == [
        "group_hashes",
        "sod_signature",
        "signer_valid:expired",
        "issuer_chain",
        NO_LIST,
    ]
    assert concerns(found) == [Reason.SIGNER_EXPIRED]
    assert "DG1" in found.groups


def test_the_days_of_a_certificate_belong_to_it() -> None:
    one = Chip.signed_by(state().signer(end=datetime(2026, 11, 22, 1, tzinfo=UTC)))
    assert facts(one.judged(store(), date(2026, 11, 22)))[2] == "signer_valid"
    late = one.judged(store(), date(2026, 11, 23))
    assert facts(late)[2] == "signer_valid:expired"


def test_a_signer_to_come() -> None:
    early = state().signer(begin=datetime(2027, 1, 1, tzinfo=UTC))
    found = Chip.signed_by(early).judged(store())
    assert facts(found)[2] == "signer_valid:not_yet_valid"
    assert concerns(found) == [Reason.ISSUER_NOT_VERIFIED]


def test_a_signature_from_before_the_signers_time() -> None:
    sod = security_object(GROUPS, signer(), signed_at=datetime(2019, 1, 1, tzinfo=UTC))
    found = chip().with_file("SOD", sod).judged(store())
    assert facts(found)[2] == "signer_valid:signed_out_of_its_time"
    unsaid = security_object(GROUPS, signer(), signed_at=None)
    found = chip().with_file("SOD", unsaid).judged(store())
    assert facts(found)[2] == "signer_valid"


def unsure(one: Chip, trusted: TrustStore, today: date = TODAY) -> Passive:
    """As a terminal without a clock judges: it is this day, or a later one."""
    return authenticate(one.files, trusted, today, is_known=False)


def test_without_a_clock_nothing_is_said_to_be_within_its_time() -> None:
    found = unsure(chip(), store(empty_list()))
    assert facts(found)[2:] == [
        "signer_valid:day_unknown",
        "issuer_chain",
        "revocation:day_unknown",
    ]
    assert concerns(found) == []
    early = CountryAuthority("UT", begin=datetime(2027, 1, 1, tzinfo=UTC))
    one = Chip.signed_by(early.signer(begin=datetime(2027, 2, 1, tzinfo=UTC)))
    found = unsure(one, load([("early.cer", early.certificate)]))
    assert facts(found)[3] == "issuer_chain"


def test_without_a_clock_what_has_ended_has_ended() -> None:
    late = Chip.signed_by(state().signer(end=LONG_PAST))
    assert concerns(unsure(late, store())) == [Reason.SIGNER_EXPIRED]
    old = CountryAuthority("XO", end=LONG_PAST)
    found = unsure(Chip.signed_by(old.signer()), store(("old.cer", old.certificate)))
    assert facts(found)[3] == "issuer_chain:issuer_expired"
    revoking = store(("state.crl", state().crl(signer().serial)))
    assert facts(unsure(chip(), revoking))[4] == "revocation:revoked"


# --- the issuer -----------------------------------------------------------------------


def test_without_a_store_the_issuer_is_not_verified() -> None:
    found = chip().judged(None)
    assert facts(found)[3:] == ["issuer_chain:no_store", "revocation:no_store"]
    assert concerns(found) == [Reason.ISSUER_NOT_VERIFIED]
    assert "DG1" in found.groups


@pytest.mark.parametrize("country", ["UT", "XO"])
def test_a_signer_of_an_unknown_issuer(country: str) -> None:
    # "UT": it has the very name of the one that is trusted, and another key.
    foreign = CountryAuthority(country)
    found = Chip.signed_by(foreign.signer()).judged(store())
    assert facts(found)[3:] == [
        "issuer_chain:unknown_issuer",
        "revocation:unknown_issuer",
    ]
    assert concerns(found) == [Reason.ISSUER_NOT_VERIFIED]


def test_an_empty_store_knows_nobody() -> None:
    found = chip().judged(TrustStore())
    assert facts(found)[3] == "issuer_chain:unknown_issuer"


def test_a_renewed_issuer_is_found_by_its_key_and_by_a_link() -> None:
    newer = CountryAuthority("UT", number=2)
    one = Chip.signed_by(newer.signer())
    assert facts(one.judged(store()))[3] == "issuer_chain:unknown_issuer"
    linked = store(("link.cer", state().link_to(newer)))
    assert facts(one.judged(linked))[3] == "issuer_chain"


@pytest.mark.parametrize("purpose", ["2.23.136.1.1.3", "1.3.6.1.5.5.7.3.1"])
def test_a_certificate_for_something_else_signs_no_chip(purpose: str) -> None:
    found = Chip.signed_by(state().signer(purpose=purpose)).judged(store())
    assert facts(found)[3] == "issuer_chain:signer_for_something_else"
    assert concerns(found) == [Reason.ISSUER_NOT_VERIFIED]


def test_an_issuer_itself_signs_no_chip() -> None:
    one = replace(signer(), key=state().key, certificate=state().certificate)
    one = replace(one, serial=read_certificate(state().certificate).serial)
    found = Chip.signed_by(one).judged(store())
    assert facts(found)[3] == "issuer_chain:signer_for_something_else"


@pytest.mark.parametrize(
    "one",
    [
        state().signer(usage=ENCIPHERS_KEYS),
        state().signer(usage=SIGNS_CERTIFICATES),
        # It may sign data, but also issue: what it signs could be a certificate.
        state().signer(more=extension(BASIC, sequence(TRUE), critical=True)),
    ],
    ids=["enciphers", "issues", "authority"],
)
def test_a_key_for_something_else_signs_no_chip(one: DocumentSigner) -> None:
    found = Chip.signed_by(one).judged(store())
    assert facts(found)[3] == "issuer_chain:signer_for_something_else"
    assert concerns(found) == [Reason.ISSUER_NOT_VERIFIED]


def test_an_expired_issuer() -> None:
    old = CountryAuthority("XO", end=LONG_PAST)
    one = Chip.signed_by(old.signer())
    found = one.judged(store(("old.cer", old.certificate)))
    assert facts(found)[3] == "issuer_chain:issuer_expired"
    assert concerns(found) == [Reason.SIGNER_EXPIRED]


@pytest.mark.parametrize("older_first", [True, False])
def test_a_key_that_was_certified_again_is_judged_by_its_newer_time(
    older_first: bool,
) -> None:
    older = CountryAuthority("UT", key=state().key, end=LONG_PAST)
    files = [("a.cer", older.certificate), ("b.cer", state().certificate)]
    found = chip().judged(load(files if older_first else files[::-1]))
    assert facts(found)[3] == "issuer_chain"
    found = chip().judged(load(files[:1]))
    assert facts(found)[3] == "issuer_chain:issuer_expired"


# --- revocation -----------------------------------------------------------------------


def test_a_revoked_signer_is_its_own_outcome() -> None:
    lists = ("state.crl", state().crl(signer().serial))
    found = chip().judged(store(lists))
    assert facts(found)[3:] == ["issuer_chain", "revocation:revoked"]
    assert concerns(found) == [Reason.SIGNER_REVOKED]


def test_a_revoked_issuer_takes_its_signers_along() -> None:
    serial = read_certificate(state().certificate).serial
    found = chip().judged(store(("state.crl", state().crl(serial))))
    assert facts(found)[4] == "revocation:revoked"


def test_another_revoked_signer_is_not_ours() -> None:
    lists = ("state.crl", state().crl(signer().serial + 1))
    assert facts(chip().judged(store(lists)))[4] == "revocation"


def test_a_list_of_another_issuer_says_nothing() -> None:
    foreign = CountryAuthority("XO")
    trusted = store(
        ("foreign.cer", foreign.certificate),
        ("foreign.crl", foreign.crl(signer().serial)),
    )
    assert facts(chip().judged(trusted))[4] == NO_LIST


def test_a_list_of_changes_alone_is_not_the_list() -> None:
    trusted = store(("new.crl", state().crl(changes=True)))
    assert facts(chip().judged(trusted))[4] == NO_LIST
    assert "not the whole" in trusted.rejected[0]


def test_an_outdated_list_is_told_and_still_revokes() -> None:
    late = date(2041, 1, 1)
    one = Chip.signed_by(signer())
    assert facts(one.judged(store(empty_list()), late))[4] == "revocation:list_outdated"
    revoking = store(("state.crl", state().crl(signer().serial)))
    assert facts(one.judged(revoking, late))[4] == "revocation:revoked"


# --- any bytes ------------------------------------------------------------------------


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_judged(data: bytes, tagged: bool) -> None:
    sod = write(0x77, data) if tagged else data
    found = chip().with_file("SOD", sod).judged(None)
    assert found.groups == {}
    assert found.findings


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(min_value=0), st.integers(1, 255))
def test_one_changed_byte_never_makes_other_hashes_hold(at: int, by: int) -> None:
    sod = bytearray(chip().files["SOD"])
    sod[at % len(sod)] ^= by
    found = chip().with_file("SOD", bytes(sod)).judged(store())
    if found.groups:  # what was changed is not signed, and says nothing
        hashes = read_object(tlv.one(bytes(sod), 0x77).value).hashes
        assert hashes == read_object(tlv.one(chip().files["SOD"], 0x77).value).hashes
