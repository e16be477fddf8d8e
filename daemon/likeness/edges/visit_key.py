"""A P-256 key for one visit: what is sealed to it can be opened as long as it lives.

It is never written anywhere, so what the broker may have kept of an answer is noise
once the visit is over (RFC 7518, 4.6). Leaves to others: what is inside.
"""

from cryptography.hazmat.primitives.asymmetric import ec

from likeness.core import jws
from likeness.core.messages import PublicKey
from likeness.edges import key_files, sealer
from likeness.errors import Untrusted


class EphemeralKey:
    """`VisitKey` of `service.ports_carrier`."""

    def __init__(self) -> None:
        """Make a new one."""
        self._key = ec.generate_private_key(ec.SECP256R1())
        jwk = key_files.public_jwk(self._key.public_key())
        self.public = PublicKey(
            kty="EC", crv="P-256", x=jwk["x"], y=jwk["y"], kid=jwk["kid"]
        )

    def open(self, sealed: bytes) -> bytes:
        """Open what is sealed to it.

        Raises:
            Untrusted: too large, not for this key, or altered.
        """
        if len(sealed) > jws.MAX_TOKEN_BYTES:
            raise Untrusted(
                f"{len(sealed)} bytes, at most {jws.MAX_TOKEN_BYTES} are read"
            )
        try:
            token = sealed.decode("ascii")
        except UnicodeDecodeError as problem:
            raise Untrusted("not ASCII") from problem
        return sealer.open_sealed(token, self._key)
