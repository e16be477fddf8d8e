"""TLS while nobody knows the time: certificates judged by what is certainly past.

A terminal without a battery clock starts in 1970, and by OpenSSL's rule every
certificate is then "not yet valid": no line, so no time, so no line. While the clock
cannot be believed, the validity period is left out of OpenSSL's check of the chain, and
a broker whose certificate had expired before the floor is refused after the handshake.
Who the broker is (chain, host name) is checked as ever. Leaves to others: the floor
(`core.time_floor`), the rest of the context (`broker_tls`).
"""

import ssl
from dataclasses import dataclass

# OpenSSL, X509_VERIFY_PARAM_set_flags(3): certificates and CRLs at any time.
NO_CHECK_TIME = ssl.VerifyFlags(0x20_0000)
HAS_EXPIRED = 10  # OpenSSL, X509_V_ERR_CERT_HAS_EXPIRED


@dataclass(frozen=True, slots=True)
class KnownTime:
    """What this machine knows about the time."""

    believed: bool  # the wall clock is right, as far as anybody can say
    earliest_s: int  # seconds since 1970 that have certainly passed


def sure() -> KnownTime:
    """Know the time, as a machine with a good clock does."""
    return KnownTime(believed=True, earliest_s=0)


def arm(context: ssl.SSLContext, known: KnownTime) -> None:
    """Set how a client's next connections judge time; to be called before each one."""
    if known.believed:
        context.verify_flags &= ~NO_CHECK_TIME
        context.sslsocket_class = ssl.SSLSocket
    else:
        context.verify_flags |= NO_CHECK_TIME
        context.sslsocket_class = _socket_class(known.earliest_s)


def _socket_class(earliest_s: int) -> type[ssl.SSLSocket]:
    class DatedSocket(ssl.SSLSocket):
        """Refuses a broker whose certificate has certainly expired."""

        def do_handshake(self, block: bool = False) -> None:
            super().do_handshake(block)
            expires_s = _expires_s(self)
            if expires_s < earliest_s:
                raise _expired(earliest_s - expires_s)

    return DatedSocket


def _expired(for_s: int) -> ssl.SSLCertVerificationError:
    """Return the fault in the form in which OpenSSL's own ones come."""
    text = f"certificate has expired: it ended {for_s} s before what is past for sure"
    fault = ssl.SSLCertVerificationError(ssl.SSL_ERROR_SSL, text)
    fault.verify_code, fault.verify_message = HAS_EXPIRED, text
    return fault


def _expires_s(line: ssl.SSLSocket) -> int:
    peer = line.getpeercert() or {}
    return ssl.cert_time_to_seconds(str(peer["notAfter"]))
