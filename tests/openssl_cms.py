"""openssl's judgement of a signed message: it knows nothing of us."""

import subprocess
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding


def openssl_complaint(
    folder: Path, certificate: bytes, message: bytes, *options: str
) -> str:
    """Return what openssl says against a CMS message; empty: it is satisfied.

    Args:
        folder: for its files; what was signed is left there as `content`.
        certificate: of whom it is to trust, DER.
        message: DER.
        options: more words for `openssl cms`.
    """
    (folder / "cms").write_bytes(message)
    root = x509.load_der_x509_certificate(certificate)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    words = ["-purpose", "any", "-inform", "DER", "-in", str(folder / "cms")]
    words += ["-CAfile", str(folder / "root.pem"), "-out", str(folder / "content")]
    words += ["-no_check_time", *options]
    done = subprocess.run(
        ["openssl", "cms", "-verify", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    return "" if done.returncode == 0 else done.stderr
