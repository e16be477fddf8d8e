"""Checks of what makes this terminal itself: its keys and its certificate.

Leaves to others: whether the broker agrees.
"""

from datetime import datetime, timedelta
from pathlib import Path

from likeness import config
from likeness.core.vocabulary import Environment
from likeness.doctor.finding import Finding, fail, ok, warn
from likeness.edges import broker_tls, certificates, credentials, key_files
from likeness.edges.key_ring import KeyRing
from likeness.errors import ConfigError

RENEW_WITHIN = timedelta(days=30)
ASK_ANEW = "ask the carrier for a new one: 'likeness provision make' wrote the request"


def keys(settings: config.Config) -> Finding:
    """The device key signs, the carrier's keys can be read, and TLS has its own."""
    given = settings.keys
    try:
        with key_files.advice_for(settings.terminal.environment):
            ring = KeyRing(Path(settings.terminal.state_dir), given.device_key)
            signer = ring.current()
            prepared = ring.next()
            signer.sign(b"likeness doctor")
            for path in (
                given.carrier_receipt_key,
                given.carrier_visit_key,
                given.carrier_person_key,
                *filter(None, [given.carrier_command_key, given.carrier_answer_key]),
            ):
                key_files.load_public(Path(path))
    except ConfigError as fault:
        return fail(str(fault), "mend [keys], or see 'likeness provision'")
    said = f"device key {signer.kid} ({signer.key_tier})"
    if _tls_key_id(settings) == signer.kid:
        todo = "make a key for TLS alone: each must be replaced alone"
        said = f"{said} is the TLS key as well"
        production = settings.terminal.environment is Environment.PRODUCTION
        return fail(said, todo) if production else warn(said, todo)
    if prepared is not None:
        return warn(f"{said}; a next one is prepared", "restart the daemon to take it")
    return ok(said)


def certificate(settings: config.Config, now: datetime) -> Finding:
    """Ours fits its key and our name, and is in date; so is the broker's CA."""
    mqtt = settings.mqtt
    if not mqtt.ca_file:
        return warn("no TLS", "nothing on a bench; a terminal needs mqtt.ca_file")
    if not mqtt.cert_file:
        return warn(
            "the broker is checked, we show it no certificate",
            "set mqtt.cert_file and mqtt.key_file; see 'likeness provision'",
        )
    try:
        key_file = credentials.path_of(mqtt.key_file)
        broker_tls.tls_context(
            name=settings.terminal.device,
            ca_file=mqtt.ca_file,
            cert_file=mqtt.cert_file,
            key_file=str(key_file),
        )
        files = (mqtt.cert_file, mqtt.ca_file)
        found = [
            one
            for path in files
            for one in certificates.load(Path(path).read_bytes(), path)
        ]
    except ConfigError as fault:
        return fail(str(fault), "see 'likeness provision install'")
    begins = max(one.not_valid_before_utc for one in found)
    ends = min(one.not_valid_after_utc for one in found)
    if now < begins:
        return fail(f"begins only on {begins:%Y-%m-%d}", "set the clock")
    if now > ends:
        return fail(f"ended on {ends:%Y-%m-%d}", ASK_ANEW)
    said = f"good until {ends:%Y-%m-%d}, {(ends - now).days} days"
    return ok(said) if ends - now > RENEW_WITHIN else warn(said, ASK_ANEW)


def _tls_key_id(settings: config.Config) -> str:
    """Return the TLS key's thumbprint; "" where there is none that could be shared."""
    if not settings.mqtt.key_file:
        return ""
    try:
        path = credentials.path_of(settings.mqtt.key_file)
        key = key_files.load_private(path).public_key()
    except ConfigError:
        return ""  # `certificate` says so
    return key_files.public_jwk(key)["kid"]
