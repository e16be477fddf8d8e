"""The issuers that an operator trusts: certificates, revocation and master lists.

Files are given as bytes with their names, DER or PEM. What counts in the end:

- a CSCA certificate (`csca_profile`) that signs itself;
- one that a trusted one vouches for (a link to a newer key);
- a master list whose signer one of the operator's own certificates vouches for, or one
  in the list itself: who puts a list into the folder chose to believe it;
- a revocation list that a trusted issuer signed.

All else is left out and named. None of it is shipped: lists have owners, and grow old.
Leaves to others: reading the folder, and what a card's signer is held against it for
(`passive`).
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from likeness.chip.certificate import (
    Certificate,
    Crl,
    Signed,
    read_certificate,
    read_crl,
)
from likeness.chip.csca_profile import why_none
from likeness.chip.der import BadDer, Unsupported
from likeness.chip.master_list import MasterList, read_master_list
from likeness.chip.signatures import BadSignature
from likeness.core import tlv
from likeness.core.tlv import BadTlv

# No dash within: a file full of beginnings would else be searched for each of them.
PEM = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----")
SEQUENCE, OID, VERSION = 0x30, 0x06, 0xA0
LIST_VERSION = tlv.Tlv(0x02, b"\x01")  # 2; a list of version 1 does not state it
NO_SUCH_KIND = "is no certificate, revocation list or master list"


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file holds; `rejected` says why, one per part that was left out."""

    certificates: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    lists: tuple[MasterList, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Whom the operator trusts. Empty: nobody, which is not the same as no store."""

    issuers: tuple[Certificate, ...] = field(default=(), repr=False)
    crls: tuple[Crl, ...] = field(default=(), repr=False)
    lists: tuple[MasterList, ...] = ()
    rejected: tuple[str, ...] = ()  # "file: why", for the operator

    def candidates(self, signed: Signed, key_id: bytes) -> tuple[Certificate, ...]:
        """Return the issuers that may have signed, the likeliest first.

        By the key's identifier where the certificate names one, else by the issuer's
        name; a key that was identified comes before one that has the name only.
        """
        by_key = [one for one in self.issuers if key_id and one.key_id == key_id]
        by_name = [one for one in self.issuers if one.subject == signed.issuer]
        return tuple(dict.fromkeys(by_key + by_name))

    def lists_of(self, issuer: Certificate) -> tuple[Crl, ...]:
        """Return the revocation lists under an issuer's name."""
        return tuple(one for one in self.crls if one.signed.issuer == issuer.subject)


def parse(data: bytes, name: str) -> Contents:
    """Read one file, DER or PEM, of whatever kind.

    Broken parts are named in `rejected`; nothing is raised.
    """
    blocks = PEM.findall(data) if b"-----BEGIN " in data else None
    parts = [data] if blocks is None else [_unarmoured(body) for _, body in blocks]
    found = Contents()
    for part in parts or [b""]:
        try:
            found = _joined(found, _part(part))
        except BadTlv:
            found = _joined(found, Contents(rejected=(f"{name}: {NO_SUCH_KIND}",)))
        except (BadDer, BadSignature, Unsupported) as wrong:
            found = _joined(found, Contents(rejected=(f"{name}: {wrong}",)))
    return found


def load(files: Iterable[tuple[str, bytes]]) -> TrustStore:
    """Make the store of a folder's files, (name, content) each.

    Nothing is raised: what cannot be trusted is named in `rejected`.
    """
    found = Contents()
    for name, data in files:
        found = _joined(found, parse(data, name))
    lists = [one for one in found.lists if _has_a_home(one, found.certificates)]
    homeless = len(found.lists) - len(lists)
    offered = [*found.certificates, *(c for one in lists for c in one.certificates)]
    issuers = _trusted(dict.fromkeys(offered))
    offered_crls = dict.fromkeys(found.crls)
    crls = tuple(crl for crl in offered_crls if _vouched(crl.signed, issuers))
    rejected = [
        *found.rejected,
        *(f"{one.signer.label}: {why}" for one in lists for why in one.rejected),
        *["a master list: no known issuer vouches for its signer"] * homeless,
        *(
            f"{one.label}: {why_none(one) or 'no trusted issuer vouches for it'}"
            for one in dict.fromkeys(offered)
            if one not in issuers
        ),
        *["a revocation list: no trusted issuer signed it"]
        * (len(offered_crls) - len(crls)),
    ]
    return TrustStore(issuers, crls, tuple(lists), tuple(rejected))


def _trusted(offered: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Take those that sign themselves, then, over and over, those they vouch for."""
    waiting = [one for one in offered if not why_none(one)]
    trusted = [one for one in waiting if one.vouches_for(one.signed)]
    waiting = [one for one in waiting if one not in trusted]
    fresh = trusted
    while fresh:
        fresh = [one for one in waiting if _vouched(one.signed, trusted)]
        waiting = [one for one in waiting if one not in fresh]
        trusted = trusted + fresh
    return tuple(trusted)


def _vouched(signed: Signed, issuers: Iterable[Certificate]) -> bool:
    named = (one for one in issuers if one.subject == signed.issuer)
    return any(one.vouches_for(signed) for one in named)


def _has_a_home(one: MasterList, own: tuple[Certificate, ...]) -> bool:
    known = (c for c in (*own, *one.certificates) if not why_none(c))
    return _vouched(one.signer.signed, known)


def _unarmoured(body: bytes) -> bytes:
    try:
        return base64.b64decode(b"".join(body.split()), validate=True)
    except binascii.Error:
        return b""


def _part(der: bytes) -> Contents:
    """Tell by its first elements what it is: a message, a certificate, a list."""
    outer = _first(tlv.one(der, SEQUENCE))
    if outer.tag == OID:
        return Contents(lists=(read_master_list(der),))
    begin = _first(outer)
    if begin.tag == VERSION:
        return Contents(certificates=(read_certificate(der),))
    if begin.tag == SEQUENCE or begin == LIST_VERSION:
        return Contents(crls=(read_crl(der),))
    raise BadTlv("of another kind")  # a request, a key


def _first(element: tlv.Tlv) -> tlv.Tlv:
    for inside in tlv.elements(element.value):
        return inside
    raise BadTlv("an element with nothing inside")


def _joined(one: Contents, other: Contents) -> Contents:
    return Contents(
        one.certificates + other.certificates,
        one.crls + other.crls,
        one.lists + other.lists,
        one.rejected + other.rejected,
    )
