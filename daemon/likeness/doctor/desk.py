"""Checks the clerk's desk: its token, its certificate, and whether it answers.

Leaves to others: what a configuration may say (`config`).
"""

import ssl
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

from cryptography import x509

from likeness import config
from likeness.doctor.finding import Finding, fail, fail_by, ok, warn
from likeness.edges import credentials, desk_token
from likeness.edges.desk_tls import DeskTls
from likeness.errors import ConfigError

WITHIN_S = 5.0
SOON = timedelta(days=30)
MAKE = "'likeness desk token --out FILE' makes one"


def desk(
    settings: config.Desk, *, in_use: bool, now: datetime | None = None
) -> Finding:
    """Look at the desk as it is configured; ask it too where a daemon runs."""
    where = f"{settings.listen}:{settings.port}"
    try:
        holders = desk_token.read(credentials.path_of(settings.token_file))
    except ConfigError as fault:
        return fail_by(str(fault), MAKE)
    if settings.cert_file:
        try:
            DeskTls(settings.cert_file, settings.key_file)
        except (ConfigError, OSError) as fault:
            return fail(str(fault), "give the desk's own certificate and key")
        if late := _ends_soon(Path(settings.cert_file), now or datetime.now(UTC)):
            return late
    if in_use and (silent := _silent(settings)):
        return fail(f"{where}: {silent}", "see desk.listen, desk.port and the journal")
    if settings.two_persons and not all(one.attendant for one in holders):
        return warn(
            f"{where}: two persons are asked for, but not each token names its holder",
            "give each attendant a token: 'likeness desk token --attendant …'",
        )
    return ok(f"{where}{' answers' if in_use else ''}, {len(holders)} token(s)")


def _ends_soon(path: Path, now: datetime) -> Finding | None:
    ends = x509.load_pem_x509_certificates(path.read_bytes())[0].not_valid_after_utc
    if ends <= now:
        return fail(f"{path}: ended on {ends:%Y-%m-%d}", "renew it; see also the clock")
    if ends - now < SOON:
        return warn(f"{path}: ends on {ends:%Y-%m-%d}", "renew it")
    return None


def _silent(settings: config.Desk) -> str:
    """Ask the desk for its document; return why it does not answer, or ""."""
    line: HTTPConnection
    if settings.cert_file:
        # Only whether it speaks is asked; clients judge its certificate.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        line = HTTPSConnection(
            settings.listen, settings.port, timeout=WITHIN_S, context=context
        )
    else:
        line = HTTPConnection(settings.listen, settings.port, timeout=WITHIN_S)
    try:
        line.request("GET", "/v1/openapi.json")
        status = line.getresponse().status
    except (OSError, HTTPException) as problem:
        return f"does not answer: {getattr(problem, 'strerror', '') or problem}"
    finally:
        line.close()
    return "" if status == 200 else f"answers {status}"  # noqa: PLR2004 - OK
