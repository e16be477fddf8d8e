"""What makes a certificate one of a CSCA, by what it says of itself (ICAO 9303-12).

A state's authority is told from one of the web by its form only; which key is really a
state's, only its publisher can say. Leaves to others: signatures (`trust_store`).
"""

import re

from likeness.chip.certificate import Certificate

SIGNS = frozenset({"key_cert_sign", "crl_sign"})
COUNTRY = re.compile(r"[A-Za-z]{2,3}")


def why_none(certificate: Certificate) -> str:
    """Say why a certificate is none of a CSCA; "": it is."""
    if not certificate.is_authority:
        return "no authority (basicConstraints without CA)"
    if certificate.most_below != 0:  # what tells it from nearly all of the web
        return "no CSCA: it may have authorities below it (pathLenConstraint is not 0)"
    if not (certificate.usage or frozenset()) >= SIGNS:
        return "no CSCA: keyUsage is not keyCertSign and cRLSign"
    if not COUNTRY.fullmatch(certificate.country):
        return "no CSCA: no country of two or three letters in its name"
    if certificate.purposes:
        return "no CSCA: made for something else (extendedKeyUsage)"
    if certificate.has_hosts:
        return "no CSCA: it names hosts of a network (subjectAltName)"
    return ""
