"""Whom an operator trusts: what a folder's files make of it, and what is left out."""

import base64
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from chip_states import signer, state
from likeness.chip.certificate import read_certificate, read_crl
from likeness.chip.der import BadDer
from likeness.chip.master_list import read_master_list
from likeness.chip.signatures import BadSignature
from likeness.chip.trust_store import Contents, load, parse
from likeness.simulators.emrtd_authority import (
    MASTER_LIST,
    MASTER_LIST_SIGNER,
    SIGNS_CERTIFICATES,
    SIGNS_LISTS,
    CountryAuthority,
)
from likeness.simulators.emrtd_der import integer, sequence, set_of
from likeness.simulators.emrtd_signed_data import signed_data

OTHER, THIRD = CountryAuthority("XO"), CountryAuthority("XP")


def armoured(der: bytes, label: str = "CERTIFICATE") -> bytes:
    body = base64.encodebytes(der)
    return (
        f"-----BEGIN {label}-----\n".encode()
        + body
        + f"-----END {label}-----\n".encode()
    )


def fingerprints(*authorities: CountryAuthority) -> set[str]:
    return {read_certificate(one.certificate).fingerprint for one in authorities}


def test_an_empty_folder_trusts_nobody() -> None:
    assert load([]).issuers == ()


def test_certificates_in_both_forms() -> None:
    both = b"a comment\n" + armoured(OTHER.certificate) + armoured(THIRD.certificate)
    found = load([("one.cer", state().certificate), ("two.pem", both)])
    assert {one.fingerprint for one in found.issuers} == fingerprints(
        state(), OTHER, THIRD
    )
    assert found.rejected == ()


def test_a_file_of_beginnings_is_soon_told_to_be_nothing() -> None:
    # 2 MB: by the time that searching anew at each one takes, hours.
    beginnings = b"-----BEGIN CERTIFICATE-----\n" * 70_000
    assert load([("a.pem", beginnings)]).issuers == ()
    found = load([("a.pem", beginnings + armoured(OTHER.certificate))])
    assert {one.fingerprint for one in found.issuers} == fingerprints(OTHER)


def test_a_broken_block_is_named_among_good_ones() -> None:
    broken = armoured(THIRD.certificate).replace(b"MI", b"!!", 1)
    found = load([("a.pem", broken + armoured(OTHER.certificate))])
    assert {one.fingerprint for one in found.issuers} == fingerprints(OTHER)
    assert len(found.rejected) == 1


def test_the_same_certificate_twice_is_one() -> None:
    files = [("a.cer", OTHER.certificate), ("b.pem", armoured(OTHER.certificate))]
    assert len(load(files).issuers) == 1


def test_a_signer_is_no_issuer() -> None:
    found = load([("a.cer", state().certificate), ("b.cer", signer().certificate)])
    assert {one.fingerprint for one in found.issuers} == fingerprints(state())
    assert found.rejected[0].endswith("no authority (basicConstraints without CA)")


def test_a_changed_certificate_is_left_out() -> None:
    broken = bytearray(OTHER.certificate)
    broken[-1] ^= 1
    found = load([("a.cer", bytes(broken))])
    assert found.issuers == ()
    assert len(found.rejected) == 1


def test_a_link_is_taken_if_the_older_one_is_trusted() -> None:
    newer = CountryAuthority("XO", number=2)
    newest = CountryAuthority("XO", number=3)
    links = [("3.cer", newer.link_to(newest)), ("2.cer", OTHER.link_to(newer))]
    assert load(links).issuers == ()
    assert len(load(links).rejected) == 2
    chain = load([*links, ("1.cer", OTHER.certificate)])
    assert len(chain.issuers) == 3
    assert chain.rejected == ()


@pytest.mark.parametrize("usage", [SIGNS_CERTIFICATES, SIGNS_LISTS])
def test_an_authority_that_may_not_sign_both_is_none(usage: bytes) -> None:
    one = CountryAuthority("XO", usage=usage)
    found = load([("a.cer", one.certificate), ("a.crl", one.crl(7))])
    assert (found.issuers, found.crls) == ((), ())
    assert "keyUsage" in found.rejected[0]


def test_the_same_revocation_list_twice_is_one() -> None:
    lists = [("a.crl", OTHER.crl(7)), ("o.cer", OTHER.certificate)]
    assert len(load([*lists, ("b.pem", armoured(OTHER.crl(7), "X509 CRL"))]).crls) == 2
    assert len(load([*lists, ("b.crl", lists[0][1])]).crls) == 1


def test_an_issuer_revokes_nothing_of_another() -> None:
    both = [("a.cer", OTHER.certificate), ("b.cer", THIRD.certificate)]
    found = load([*both, ("a.crl", OTHER.crl(7, name=THIRD.name))])
    assert len(found.issuers) == 2
    assert found.crls == ()


def test_a_master_list_brings_its_certificates() -> None:
    found = load([("all.ml", state().master_list(OTHER, THIRD))])
    assert {one.fingerprint for one in found.issuers} == fingerprints(
        state(), OTHER, THIRD
    )
    (one,) = found.lists
    assert "Country: UT" in one.signer.label


def test_what_a_list_holds_is_read_one_by_one() -> None:
    broken = OTHER.certificate[:-1] + bytes([OTHER.certificate[-1] ^ 1])
    content = sequence(
        integer(0), set_of(state().certificate, broken, sequence(integer(7)))
    )
    listing = signed_data(
        MASTER_LIST, content, state().signer(purpose=MASTER_LIST_SIGNER)
    )
    found = load([("all.ml", listing)])
    assert {one.fingerprint for one in found.issuers} == fingerprints(state())
    assert len(found.rejected) == 2  # one is no certificate, one is not signed


def test_a_changed_list_is_left_out_whole() -> None:
    listing = state().master_list(OTHER)
    changed = listing.replace(b"XO", b"XX")
    assert changed != listing
    with pytest.raises(BadSignature):
        read_master_list(changed)
    found = load([("all.ml", changed)])
    assert (found.issuers, found.lists) == ((), ())
    assert found.rejected[0].startswith("all.ml: ")


def test_a_list_that_another_key_signed_is_left_out() -> None:
    signing = state().signer(purpose=MASTER_LIST_SIGNER)
    other = replace(signing, key=state().signer().key)
    content = sequence(integer(0), set_of(state().certificate))
    with pytest.raises(BadSignature):
        read_master_list(signed_data(MASTER_LIST, content, other))


@pytest.mark.parametrize("purpose", ["", "1.3.6.1.5.5.7.3.1"])
def test_who_may_sign_no_lists_signs_none(purpose: str) -> None:
    content = sequence(integer(0), set_of(state().certificate))
    listing = signed_data(MASTER_LIST, content, state().signer(purpose=purpose))
    with pytest.raises(BadSignature):
        read_master_list(listing)


def test_a_list_whose_signer_has_no_issuer_is_left_out() -> None:
    content = sequence(integer(0), set_of(OTHER.certificate))
    signing = state().signer(purpose=MASTER_LIST_SIGNER)
    files = [("all.ml", signed_data(MASTER_LIST, content, signing))]
    found = load(files)
    assert (found.issuers, found.lists) == ((), ())
    assert "master list" in found.rejected[0]
    # The operator's own certificate gives it a home.
    assert len(load([*files, ("ut.cer", state().certificate)]).issuers) == 2


def test_a_list_for_another_purpose_is_no_master_list() -> None:
    content = sequence(integer(0), set_of(OTHER.certificate))
    signing = state().signer(purpose=MASTER_LIST_SIGNER)
    with pytest.raises(BadDer):
        read_master_list(signed_data("2.23.136.1.1.1", content, signing))


def test_a_revocation_list_needs_a_trusted_issuer() -> None:
    lists = ("a.crl", armoured(state().crl(7), "X509 CRL"))
    assert load([lists]).crls == ()
    assert "revocation list" in load([lists]).rejected[0]
    trusted = load([lists, ("a.cer", state().certificate)])
    assert [one.revoked for one in trusted.crls] == [frozenset({7})]


def test_a_forged_revocation_list_is_left_out() -> None:
    namesake = CountryAuthority("UT")  # the same name, another key
    found = load([("a.cer", state().certificate), ("a.crl", namesake.crl(7))])
    assert found.crls == ()
    assert len(found.rejected) == 1


def test_candidates_come_by_key_then_by_name() -> None:
    namesake = CountryAuthority("UT")
    found = load([("a.cer", namesake.certificate), ("b.cer", state().certificate)])
    child = read_certificate(signer().certificate)
    by_key = found.candidates(child.signed, child.issuer_key_id)
    expected = [read_certificate(one.certificate) for one in (state(), namesake)]
    assert list(by_key) == expected
    by_name = found.candidates(child.signed, b"")
    assert set(by_name) == set(expected)
    assert found.candidates(replace(child.signed, issuer="nobody"), b"none") == ()


def test_a_critical_extension_that_is_not_known_is_not_passed_over() -> None:
    key_usage, unknown = (
        bytes.fromhex("0603551D0F0101FF"),
        bytes.fromhex("0603551D7F0101FF"),
    )
    changed = state().certificate.replace(key_usage, unknown)
    assert changed != state().certificate
    found = parse(changed, "a.cer")
    assert found.certificates == ()
    assert "critical" in found.rejected[0]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x30\x00",
        b"\x30\x02\x30\x00",
        armoured(b"hello"),
        b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA",
        armoured(bytes(20_000)),
    ],
)
def test_what_is_nothing_is_named(data: bytes) -> None:
    found = parse(data, "a.cer")
    assert found == Contents(rejected=found.rejected)
    assert found.rejected
    assert found.rejected == (
        "a.cer: is no certificate, revocation list or master list",
    )


def test_a_request_and_a_key_are_of_another_kind() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(
        key, hashes.SHA256()
    )
    private = key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    for data in (request.public_bytes(Encoding.DER), private):
        (why,) = parse(data, "a.pem").rejected
        assert why == "a.pem: is no certificate, revocation list or master list"


WHOLE = (state().certificate, state().crl(7), state().master_list())


@given(st.sampled_from(WHOLE), st.integers(min_value=0), st.integers(1, 255))
def test_any_change_is_read_or_named(whole: bytes, at: int, by: int) -> None:
    changed = bytearray(whole)
    changed[at % len(whole)] ^= by
    found = load([("a", bytes(changed))])
    trusted = {one.fingerprint for one in found.issuers}
    assert trusted <= fingerprints(state())


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_named(data: bytes) -> None:
    assert load([("a", data)]).issuers == ()


def test_sizes_are_bounded() -> None:
    with pytest.raises(BadDer, match="too long"):
        read_certificate(bytes(20_000))
    with pytest.raises(BadDer, match="too long"):
        read_crl(bytes(1_000_001))
