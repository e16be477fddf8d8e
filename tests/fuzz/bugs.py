"""Our parsers with a bug put in, each of a kind that fuzzing must find.

Several were really there (they say so). A bug is put in by `make`, which runs in a
process of its own, so nobody else has it. Leaves to others: finding them.
"""

import base64
import ctypes
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import sqlalchemy as sa

from fuzz import campaign, reader_targets
from fuzz.campaign import Plan, Report
from fuzz.engine import Subject, Target
from fuzz.targets import TARGETS, named
from likeness import strict_toml
from likeness.carrier import tables
from likeness.core import card_frames, jws, pkcs11_uri
from likeness.core.card_answers import Record, parse_record
from likeness.edges import model_sets, sealer
from likeness.errors import Untrusted

KEPT: list[bytes] = []
_parse_uri = pkcs11_uri.parse


def _with(name: str, target: str, spoil: Callable[[], None]) -> Target:
    (sound,) = named([target])

    def make(folder: Path) -> Subject:
        spoil()
        return sound.make(folder)

    return replace(sound, name=name, make=make)


def _no_least_length() -> None:
    card_frames.FrameCutter.__init__.__defaults__ = (0,)


def _no_header_check() -> None:
    def unchecked(part: str) -> tuple[str, str, str]:
        header = jws.load_object(jws.decode(part))
        return header["alg"], header["kid"], header["typ"]

    jws._header = unchecked  # type: ignore[assignment]


def _bits_left_over() -> None:
    def decode(text: str) -> bytes:
        try:
            return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except ValueError as problem:
            raise Untrusted("not base64url") from problem

    jws.decode = decode


def _no_end_of_a_key() -> None:
    """This one was there."""
    strict_toml._ENDLESS_KEY = re.compile("(?!)")


def _no_header_of_ours() -> None:
    """This one was there."""
    vars(sealer)["_refuse_odd_header"] = lambda _token: None


def _no_text() -> None:
    """This one was there."""
    model_sets.UNREADABLE = (msgspec.DecodeError, RecursionError)  # type: ignore[assignment]


def _room_as_stated() -> None:
    """Take room for what a record says of itself, before looking."""

    def parse(data: bytes) -> Record | None:
        rows, columns = (int.from_bytes(data[at : at + 2], "big") for at in (0, 2))
        bytearray(rows * columns * 64)
        return parse_record(data)

    vars(reader_targets)["parse_record"] = parse


def _changes_stay() -> None:
    """This one was there: a change of keys outlived its record, and came into force."""
    delete = tables.key_changes.delete
    vars(tables.key_changes)["delete"] = lambda: delete().where(sa.false())


def _parse_as(before: Callable[[str], object]) -> Callable[[], None]:
    """Return what lets each name of a key go through `before` first."""

    def spoil() -> None:
        def parse(text: str) -> pkcs11_uri.Pkcs11Uri:
            before(text)
            return _parse_uri(text)

        pkcs11_uri.parse = parse

    return spoil


def _keep(text: str) -> None:
    KEPT.append(bytes(20_000) + text.encode("utf-8", "replace"))


def _fall(text: str) -> None:
    if text.count("id=") > 1:
        ctypes.string_at(0)


def _wait(text: str) -> None:
    if text.count("id=") > 1:
        time.sleep(3600)


def _square(text: str) -> None:
    """Look at each pair of signs."""
    sum(one == other for one in text[:30_000] for other in text[:30_000])


# Bug, the kind of finding that it must be, and among how many inputs.
BUGS: tuple[tuple[Target, str, int], ...] = (
    (_with("no least length", "reader frames", _no_least_length), "crash", 1000),
    (_with("KeyError", "jws", _no_header_check), "crash", 1000),
    (_with("two spellings", "jws", _bits_left_over), "crash", 3000),
    (_with("library's TypeError", "jwe", _no_header_of_ours), "crash", 1000),
    (_with("UnicodeDecodeError", "model ledger", _no_text), "crash", 1000),
    (_with("change taken out", "carrier's chains", _changes_stay), "crash", 150),
    (_with("endless key", "visit file", _no_end_of_a_key), "hang", 3000),
    (_with("square", "pkcs11 uri", _parse_as(_square)), "hang", 3000),
    (_with("wait", "pkcs11 uri", _parse_as(_wait)), "hang", 3000),
    (_with("room as stated", "card record", _room_as_stated), "memory", 600),
    (_with("leak", "pkcs11 uri", _parse_as(_keep)), "leak", 6000),
    (_with("segmentation fault", "pkcs11 uri", _parse_as(_fall)), "crash", 3000),
)


def run_again(names: Sequence[str], plan: Plan) -> Report:
    """Run targets, sound ones or those with a bug, by their names."""
    known = {one.name: one for one in (*TARGETS, *(bug for bug, *_ in BUGS))}
    return campaign.run([known[name] for name in names], plan)
