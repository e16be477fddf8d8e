"""Makes a terminal's keys and its request, and takes what the carrier answers.

    make      device key, TLS key          where the configuration says
              OUT/NAME.csr                 the carrier's CA answers it
              OUT/NAME.json                goes to the carrier's folder `devices`
    install   the certificate and the CA of the broker, the carrier's public keys

Nothing that is there is overwritten, but a certificate by a newer one for the same key.
Everything is checked before the first file is written, and each file comes whole.
Leaves to others: the carrier's CA, the terminal's health (`doctor`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from likeness import config
from likeness.edges import certificates, credentials, key_files, new_file, signers
from likeness.errors import ConfigError, UsageError

PUBLIC = 0o644


@dataclass(frozen=True, slots=True)
class Made:
    """What `make` has put where; `kept` was there before."""

    request: Path
    device_file: Path
    kid: str
    key_tier: str
    kept: tuple[str, ...]


def make(settings: config.Config, out: Path) -> Made:
    """Make the keys that are missing, then the request and the device's file.

    Raises:
        UsageError: all was made before, or nothing can be written.
        ConfigError: a key that is there cannot be used.
    """
    name = settings.terminal.device
    request, device_file = out / f"{name}.csr", out / f"{name}.json"
    if device_file.exists():  # written last
        raise UsageError(
            f"{device_file}: this terminal's keys were made before; no key is ever"
            " overwritten"
        )
    tls_key = _tls_key(settings)
    kept = []
    if _is_there(lambda: signers.open_signer(settings.keys.device_key)):
        kept.append(settings.keys.device_key)
    else:
        _make_folder(settings.keys.device_key)
        signers.make_key(settings.keys.device_key)
    if tls_key.exists():
        kept.append(str(tls_key))
    else:
        _make_folder(str(tls_key))
        signers.make_key(str(tls_key))
    signer = signers.open_signer(settings.keys.device_key)
    private = key_files.load_private(tls_key)
    _refuse_one_key_for_both(signer.kid, key_files.public_jwk(private.public_key()))
    known = {
        "device": name,
        "environments": [str(settings.terminal.environment)],
        "keys": [signer.public_jwk()],
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        asked = certificates.request(private, name)
        new_file.replace(request, asked, mode=PUBLIC)
        text = json.dumps(known, indent=2) + "\n"
        new_file.create(device_file, text.encode(), mode=PUBLIC)
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    return Made(request, device_file, signer.kid, signer.key_tier, tuple(kept))


def install(
    settings: config.Config,
    *,
    cert: Path,
    issuer: Path,
    broker_ca: Path,
    carrier_keys: Path,
    now: datetime,
) -> list[str]:
    """Check the whole of what the carrier has sent, then put it in its place.

    Args:
        settings: where each file belongs.
        cert: this terminal's certificate, and what leads to its issuer.
        issuer: the CA that issues to terminals.
        broker_ca: the CA that issues to brokers, and to no terminal.
        carrier_keys: a folder with carrier-receipt.jwk, -visit.jwk, -person.jwk, and
            -command.jwk where commands are to be obeyed.
        now: an aware time.

    Returns:
        The files that were written.

    Raises:
        ConfigError: something does not fit; nothing was written.
        UsageError: something else is installed already, or cannot be written.
    """
    mqtt, keys = settings.mqtt, settings.keys
    if not (mqtt.ca_file and mqtt.cert_file and mqtt.key_file):
        raise ConfigError(
            "mqtt.ca_file, mqtt.cert_file and mqtt.key_file must name the files that"
            " are to be installed"
        )
    key = key_files.load_private(_tls_key(settings)).public_key()
    chain = certificates.load(_read(cert), str(cert))
    issuers = certificates.load(_read(issuer), str(issuer))
    certificates.check(
        chain, key=key, name=settings.terminal.device, issuers=issuers, now=now
    )
    certificates.refuse_own_ca(
        chain,
        issuers=issuers,
        brokers=certificates.load(_read(broker_ca), str(broker_ca)),
        where=str(broker_ca),
    )
    device = signers.open_signer(keys.device_key)
    _refuse_one_key_for_both(device.kid, key_files.public_jwk(key))
    wanted = {Path(mqtt.ca_file): _read(broker_ca)}
    places = {
        "receipt": keys.carrier_receipt_key,
        "visit": keys.carrier_visit_key,
        "person": keys.carrier_person_key,
        "command": keys.carrier_command_key,
        "answer": keys.carrier_answer_key,
    }
    for name, place in places.items():
        if not place:
            continue  # a terminal that obeys no command, or asks nothing
        source = carrier_keys / f"carrier-{name}.jwk"
        key_files.load_public(source)
        wanted[Path(place)] = _read(source)
    new = {path: data for path, data in wanted.items() if not _is_installed(path, data)}
    return _write(new, {Path(mqtt.cert_file): _read(cert)})


def _write(new: dict[Path, bytes], replaced: dict[Path, bytes]) -> list[str]:
    """The certificate comes last: with it the terminal is ready."""
    written = []
    try:
        for path, data in new.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            new_file.create(path, data, mode=PUBLIC)
            written.append(str(path))
        for path, data in replaced.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            new_file.replace(path, data, mode=PUBLIC)
            written.append(str(path))
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from problem
    return written


def _is_installed(path: Path, data: bytes) -> bool:
    if not path.exists():
        return False
    if _read(path) != data:
        raise UsageError(
            f"{path}: another one is installed; whom this terminal believes is changed"
            " by hand: move it away first"
        )
    return True


def _tls_key(settings: config.Config) -> Path:
    value = settings.mqtt.key_file
    if not value:
        raise ConfigError("mqtt.key_file is empty: it must name the key for TLS")
    if signers.is_token(value):
        raise ConfigError("mqtt.key_file: a TLS key in a token is not supported")
    return credentials.path_of(value)


def _refuse_one_key_for_both(device_kid: str, tls: key_files.Jwk) -> None:
    if device_kid == tls["kid"]:
        raise ConfigError(
            "mqtt.key_file and keys.device_key are one key: results and TLS need two,"
            " so that each can be replaced alone"
        )


def _is_there(open_it: Callable[[], object]) -> bool:
    try:
        open_it()
    except ConfigError:
        return False
    return True


def _make_folder(value: str) -> None:
    if signers.is_token(value):
        return
    folder = credentials.path_of(value).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"{folder}: cannot be made: {problem.strerror}") from problem


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise ConfigError(f"{path}: cannot be read: {problem.strerror}") from problem
