"""Lists of issuers' certificates that one state signs for others (ICAO 9303-12, 10).

A list is taken whole if its signature holds, and each certificate in it is then read by
itself: one that cannot be used is counted and left out. Leaves to others: whether the
list's own signer is trusted, and each certificate (`trust_store`).
"""

from dataclasses import dataclass, field

from asn1crypto import core

from likeness.chip.certificate import Certificate, read_certificate
from likeness.chip.der import BadDer, Unsupported, reading
from likeness.chip.signatures import BadSignature
from likeness.chip.signed_data import read_signed

MASTER_LIST = "2.23.136.1.1.2"
SIGNS_MASTER_LISTS = "2.23.136.1.1.3"  # extended key usage
CERTIFICATES_MOST = 4096


@dataclass(frozen=True, slots=True)
class MasterList:
    """What a list holds; its signature holds for `signer`, who is not yet trusted."""

    signer: Certificate
    certificates: tuple[Certificate, ...] = field(repr=False)
    rejected: tuple[str, ...]  # why, one per certificate that was left out


class _Certificates(core.SetOf):  # type: ignore[misc] # the library has no types
    _child_spec = core.Any


class _Content(core.Sequence):  # type: ignore[misc] # the library has no types
    _fields = [("version", core.Integer), ("certificates", _Certificates)]  # noqa: RUF012


def read_master_list(der: bytes) -> MasterList:
    """Read a list and check its own signature.

    Raises:
        BadDer: it is broken, or no master list.
        BadSignature: it was changed, or its signer may not sign lists.
        Unsupported: its signature is of a kind that is not computed.
    """
    message = read_signed(der)
    if message.kind != MASTER_LIST:
        raise BadDer("a signed message that is no master list")
    signer = message.certificate()
    if signer is None or SIGNS_MASTER_LISTS not in signer.purposes:
        raise BadSignature("a master list whose signer is not one for master lists")
    message.check_digest()
    message.check_signature(signer)
    with reading("a master list"):
        inside = _Content.load(message.content, strict=True)["certificates"]
        if len(inside) > CERTIFICATES_MOST:
            raise ValueError("too many certificates")
        encoded = [one.dump() for one in inside]
    certificates, rejected = [], []
    for one in encoded:
        try:
            certificates.append(read_certificate(one))
        except (BadDer, Unsupported) as wrong:
            rejected.append(str(wrong))
    return MasterList(signer, tuple(certificates), tuple(rejected))
