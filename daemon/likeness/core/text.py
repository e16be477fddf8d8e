"""Bytes as text without padding: base64url of RFC 4648 section 5, as RFC 7515 wants."""

import base64


def b64url(data: bytes) -> str:
    """Encode bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
