"""A token in software: SoftHSM 2, as its own files in a test's folder.

The module reads its settings once for each process, so all tests of one process share
one folder of tokens, and each test makes a token of its own in it.
"""

import atexit
import functools
import os
import secrets
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
)
PIN = "246810"


@dataclass(frozen=True)
class Token:
    """One token, its module, and the file with its PIN."""

    label: str
    module: str
    folder: Path  # of all tokens
    pin_file: Path

    def uri(self, *, object_: str = "device", **changes: str) -> str:
        """Name a key in it."""
        named = {"token": self.label, "object": object_, "type": "private"}
        asked = {"module-path": self.module, "pin-source": str(self.pin_file)}
        for part in (named, asked):
            part.update({k: v for k, v in changes.items() if k in part})
        return (
            "pkcs11:"
            + ";".join(f"{name}={value}" for name, value in named.items())
            + "?"
            + "&".join(f"{name}={value}" for name, value in asked.items())
        )

    def pull_out(self) -> None:
        """Take the token away, as a hand would."""
        self.folder.rename(self.folder.with_name("pulled-out"))

    def put_back(self) -> None:
        """Put it back."""
        if self.folder.exists():  # the module makes an empty one when it looks
            shutil.rmtree(self.folder)
        self.folder.with_name("pulled-out").rename(self.folder)


def find() -> str | None:
    """Return the module, if SoftHSM is installed."""
    return next((place for place in PLACES if Path(place).exists()), None)


def make_token(folder: Path) -> Token:
    """Make a token with its PIN file below `folder`."""
    module = find()
    assert module is not None, "SoftHSM is missing"
    tokens = _tokens()
    label = f"likeness-{secrets.token_hex(4)}"
    subprocess.run(
        f"softhsm2-util --init-token --free --label {label}"
        f" --pin {PIN} --so-pin 13579".split(),
        check=True,
        capture_output=True,
    )
    pin = folder / "token.pin"
    pin.touch(mode=0o600)
    pin.write_text(f"{PIN}\n")
    return Token(label, module, tokens, pin)


@functools.cache
def _tokens() -> Path:
    """Return this process's folder of tokens; made at first use."""
    home = Path(tempfile.mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    (home / "tokens").mkdir()
    (home / "softhsm2.conf").write_text(
        f"directories.tokendir = {home / 'tokens'}\n"
        "objectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(home / "softhsm2.conf")
    return home / "tokens"
