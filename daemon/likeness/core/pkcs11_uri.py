"""Reads the name of a key in a token: a PKCS#11 URI (RFC 7512), strictly.

    pkcs11:token=likeness;object=device;type=private
        ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=credential:token.pin

- Which token (`token`, `serial`, or both) and which key (`object`, `id`, or both).
- `type` may be left out, or say `private`.
- `module-path` is an absolute path; `pin-source` is one, or `file:` before one, or a
  systemd credential. A PIN itself (`pin-value`) never stands in a configuration.
- Any other attribute, and any attribute twice, is refused: it would change which key
  is meant, and we would not know.

Leaves to others: the token, the PIN's file.
"""

import re
from dataclasses import dataclass, replace
from urllib.parse import quote, unquote_to_bytes

from likeness.errors import ConfigError

SCHEME = "pkcs11:"
LONGEST = 1024
_PATH = ("token", "serial", "object", "id", "type")
_QUERY = ("module-path", "pin-source")
_VALUE = re.compile(r"(?:[A-Za-z0-9._~:\[\]@!$'()*+,=/?-]|%[0-9A-Fa-f]{2})+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Uri:
    """One key in one token; what is empty was not named."""

    module_path: str
    pin_source: str
    token: str = ""
    serial: str = ""
    object: str = ""
    id: bytes = b""

    def with_object(self, label: str) -> "Pkcs11Uri":
        """Return the name of another key in the same token."""
        return replace(self, object=label, id=b"")

    def __str__(self) -> str:
        """Write it so that `parse` reads the same."""
        path = {
            "token": quote(self.token, safe=""),
            "serial": quote(self.serial, safe=""),
            "object": quote(self.object, safe=""),
            "id": "".join(f"%{byte:02x}" for byte in self.id),
            "type": "private",
        }
        query = {
            "module-path": quote(self.module_path),
            "pin-source": quote(self.pin_source, safe="/:"),
        }
        named = ";".join(f"{name}={value}" for name, value in path.items() if value)
        return f"{SCHEME}{named}?{'&'.join(f'{n}={v}' for n, v in query.items())}"


def parse(text: str) -> Pkcs11Uri:
    """Read a PKCS#11 URI.

    Raises:
        ConfigError: with what is missing, or more than there may be.
    """
    if not text.startswith(SCHEME) or len(text) > LONGEST:
        raise _wrong(f"it must begin with '{SCHEME}' and be no longer than {LONGEST}")
    path, _, query = text.removeprefix(SCHEME).partition("?")
    named = _attributes(path, ";", _PATH)
    asked = _attributes(query, "&", _QUERY)
    if named.get("type", b"private") != b"private":
        raise _wrong("'type' must be 'private': a key that signs")
    if not named.keys() & {"token", "serial"}:
        raise _wrong("name the token with 'token' or 'serial'")
    if not named.keys() & {"object", "id"}:
        raise _wrong("name the key with 'object' or 'id'")
    module = _text(asked, "module-path")
    if not module.startswith("/"):
        raise _wrong("'module-path' must be the module's absolute path")
    pin_source = _text(asked, "pin-source").removeprefix("file:")
    if not pin_source.startswith(("/", "credential:")):
        raise _wrong(
            "'pin-source' must be the absolute path of a file with the PIN, or"
            " 'credential:' and a name"
        )
    return Pkcs11Uri(
        module_path=module,
        pin_source=pin_source,
        token=_text(named, "token"),
        serial=_text(named, "serial"),
        object=_text(named, "object"),
        id=named.get("id", b""),
    )


def _attributes(text: str, mark: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in filter(None, text.split(mark)):
        name, equals, value = one.partition("=")
        if name == "pin-value":
            raise _wrong("a PIN stands in a file, never here; use 'pin-source'")
        if name not in known:
            raise _wrong(f"{name[:32]!r} is not understood; known: {', '.join(known)}")
        if name in found:
            raise _wrong(f"'{name}' stands there twice")
        if not equals or not _VALUE.match(value):
            raise _wrong(f"'{name}' has no value, or one that must be written as %XX")
        found[name] = unquote_to_bytes(value)
    return found


def _text(found: dict[str, bytes], name: str) -> str:
    try:
        text = found.get(name, b"").decode("utf-8")
    except UnicodeDecodeError as problem:
        raise _wrong(f"'{name}' is not UTF-8") from problem
    if not text.isprintable():
        raise _wrong(f"'{name}' holds a sign that cannot be printed")
    return text


def _wrong(what: str) -> ConfigError:
    return ConfigError(f"not a PKCS#11 URI of ours: {what}")
