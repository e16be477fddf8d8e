"""Updates: TUF metadata that is signed anew after it was changed, and bundles.

Leaves to others: what a bundle's models compute; the ledger (`file_targets`).
"""

import hashlib
import json
import logging
import shutil
import struct
import time
from pathlib import Path
from typing import Any

from securesystemslib.formats import encode_canonical

from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, any_bytes, json_bytes, json_of, json_value
from likeness.carrier.update_repository import UpdateRepository
from likeness.core.update import Bundle, Ledger, refuse_unfit
from likeness.core.update import Here as UpdateHere
from likeness.core.vocabulary import Moment
from likeness.edges.bundle_file import pack, unpack
from likeness.edges.tuf_source import Source, TufSource
from likeness.errors import UpdateRefused

ROLES = ("timestamp", "snapshot", "targets", "root")
FITS = Bundle(number=1, min_daemon="0.1.0", variants=("w8",))


# --- metadata -----------------------------------------------------------------------
# An input is a byte for the file, then its text. It is signed anew when it is tried.
def _metadata(folder: Path) -> Subject:
    repository = UpdateRepository.create(folder / "given", folder / "keys")
    bundle = folder / "bundle.tar"
    _pack(folder, bundle)
    repository.publish(bundle, FITS)
    root = repository.root_file.read_bytes()
    paths = [_newest(folder / "given", role) for role in ROLES]
    # The next root is looked for by its number.
    paths[3] = paths[3].with_name("2.root.json")
    texts = [*(one.read_bytes() for one in paths[:3]), root]
    tried = folder / "tried"
    cache = folder / "cache"
    now_s = int(time.time())  # python-tuf asks the machine's clock
    moment = Moment(now_s, "ntp", "boot-1", 1)
    logging.getLogger("tuf").setLevel(logging.CRITICAL)

    def run(data: bytes) -> str:
        role, text = (data[0] & 3, data[1:]) if data else (0, b"")
        for path in (tried, cache):
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(folder / "given", tried)
        (tried / "metadata" / paths[role].name).write_bytes(text)
        source = TufSource(
            Source(place=str(tried), root=root, target="models.tar", cache=cache),
            moment,
            now_s,
        )
        offer = source.offer()
        refuse_unfit(offer, Ledger(), UpdateHere("0.4.0", "x86_64", "w8"))
        source.fetch(offer)
        return "bundle"

    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        if dice.random() < 0.25:
            return data[:1] + json_bytes(dice, data[1:], other[1:])
        try:
            value, near = json_of(data[1:]), json_of(other[1:])
            value["signed"] = json_value(dice, value["signed"], near)
            return data[:1] + _signed_anew(repository, value)
        except (ValueError, KeyError, TypeError, RecursionError):
            return any_bytes(dice, data, other)

    seeds = [bytes([number]) + text for number, text in enumerate(texts)]
    return Subject(seeds, mutate, run)


def _signed_anew(repository: UpdateRepository, value: dict[str, Any]) -> bytes:
    """Sign with each key that is at hand, as far as TUF's own form can be written."""
    try:
        canonical = (encode_canonical(value["signed"]) or "").encode()
    except Exception:  # noqa: BLE001 - securesystemslib's own, for floats and the like
        return json.dumps(value).encode("utf-8", "replace")
    value["signatures"] = [
        {"keyid": keyid, "sig": signer.sign(canonical).signature}
        for keyid, signer in repository._signers.items()
    ]
    return json.dumps(value).encode("utf-8", "replace")


def _newest(folder: Path, role: str) -> Path:
    found = sorted((folder / "metadata").glob(f"*{role}.json"))
    return found[-1]


# --- bundles ------------------------------------------------------------------------
def _pack(folder: Path, out: Path) -> None:
    files = {"manifest.toml": folder / "m.toml", "built/a.tflite": folder / "a"}
    files["policy.toml"] = folder / "p.toml"
    for number, path in enumerate(files.values()):
        path.write_bytes(b"x" * 700 * number)
    pack(files, out)


def _bundle(folder: Path) -> Subject:
    bundle, out = folder / "bundle.tar", folder / "out"
    _pack(folder, bundle)
    good = bundle.read_bytes()

    def run(data: bytes) -> str:
        shutil.rmtree(out, ignore_errors=True)
        bundle.write_bytes(data)
        unpack(bundle, hashlib.sha256(data).hexdigest(), out)
        written = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
        if written > len(data):
            raise AssertionError("more came out than went in")
        if any(path.is_symlink() for path in out.rglob("*")):
            raise AssertionError("a link")
        return "unpacked"

    return Subject([good, good[: 1536 + 1024]], _tar, run)


def _tar(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Change fields of a header, and let its checksum fit again (POSIX ustar)."""
    done = bytearray(data)
    heads = [at for at in range(0, len(done) - 511, 512) if done[at + 257 : at + 262]]
    if heads and dice.random() < 0.7:
        at = dice.choice(heads)
        head = bytearray(done[at : at + 512])
        field, size = dice.choice(
            ((0, 100), (124, 12), (156, 1), (157, 100), (345, 155))
        )
        value = dice.choice(_FIELDS)
        head[field : field + size] = value[:size].ljust(size, b"\0")
        head[148:156] = b" " * 8
        head[148:156] = b"%06o\0 " % (sum(head) & 0o777777)
        done[at : at + 512] = head
    if dice.random() < 0.4:
        return any_bytes(dice, bytes(done), other)
    return bytes(done)


_FIELDS = (
    *(b"manifest.toml", b"built/b", b"../x", b"/etc/x", b"built/../../x", b"built/a\n"),
    *(b"77777777777", b"00000000000", b"\x80" + b"\xff" * 11, b"-1", b"0", b"5", b"2"),
    *(
        b"\x80" + struct.pack(">QI", 2**63, 0)[:11],
        b"1",
        b"L",
        b"x",
        b"S",
        b"\xff" * 100,
    ),
)

REFUSED = (UpdateRefused,)
TARGETS = (
    Target("tuf metadata", _metadata, REFUSED, share=0.3, cpu_s=5.0),
    Target("bundle", _bundle, REFUSED, share=2, room_mib=96),
)
