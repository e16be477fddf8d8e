"""Makes all keys that a bench terminal and its carrier need, in one folder.

    OUT/terminals/NAME/   device.key, device.jwk, carrier-receipt.jwk,
                          carrier-visit.jwk, carrier-person.jwk, carrier-answer.jwk,
                          carrier-command.jwk
    OUT/carrier/          receipt.key, visit.key, person.key, answer.key, command.key,
                          register.key, audit.key, audit.jwk (for inspectors),
                          devices/NAME.json

What stands in `terminals/NAME` belongs on that terminal, what stands in `carrier` stays
with the carrier. In the field each side makes its own keys and hands over public halves
only. Leaves to others: certificates, secure elements.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from likeness.core.vocabulary import Environment
from likeness.edges import key_files, new_file
from likeness.errors import UsageError

REGISTER_KEY_BYTES = 32  # of HMAC-SHA-256; no terminal has any part of it
CARRIER_KEYS = ("receipt", "visit", "person", "answer", "command")


@dataclass(frozen=True, slots=True)
class BenchKeys:
    """Where the keys of one terminal and its carrier are."""

    terminal: Path
    carrier: Path

    @property
    def device_key(self) -> Path:
        """The terminal's private key."""
        return self.terminal / "device.key"

    def public(self, name: str) -> Path:
        """A carrier's public key by its name, as the terminal has it."""
        return self.terminal / f"carrier-{name}.jwk"

    def private(self, name: str) -> Path:
        """The same key's private half."""
        return self.carrier / f"{name}.key"

    @property
    def devices(self) -> Path:
        """The folder of devices that the carrier trusts."""
        return self.carrier / "devices"


def make(out: Path, device: str, environments: tuple[Environment, ...]) -> BenchKeys:
    """Make what is not there yet; the carrier's keys serve all terminals.

    Raises:
        UsageError: this terminal has keys already, or the folder cannot be written.
    """
    keys = BenchKeys(out / "terminals" / device, out / "carrier")
    try:
        keys.terminal.mkdir(parents=True)
        keys.devices.mkdir(parents=True, exist_ok=True)
    except FileExistsError as problem:
        raise UsageError(
            f"{keys.terminal}: keys are here already; no key is ever overwritten"
        ) from problem
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    for name in CARRIER_KEYS:
        path = keys.private(name)
        if not path.exists():
            key_files.make_private(path)
        public = key_files.load_private(path).public_key()
        _write(keys.public(name), key_files.public_jwk(public))
    if not keys.private("register").exists():
        new_file.create(
            keys.private("register"), secrets.token_bytes(REGISTER_KEY_BYTES)
        )
    if not keys.private("audit").exists():
        audit = key_files.make_private(keys.private("audit")).public_key()
        _write(keys.carrier / "audit.jwk", key_files.public_jwk(audit))
    jwk = key_files.public_jwk(key_files.make_private(keys.device_key).public_key())
    _write(keys.terminal / "device.jwk", jwk)
    trusted = {
        "device": device,
        "environments": [str(one) for one in environments],
        "keys": [jwk],
    }
    _write(keys.devices / f"{device}.json", trusted)
    return keys


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
