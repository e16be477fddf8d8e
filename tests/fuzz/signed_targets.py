"""Signed and sealed messages by themselves: JWS, claims, JWE, files of results."""

import json
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization

from fuzz import tokens
from fuzz.engine import Subject, Target
from fuzz.mutate import (
    Dice,
    Mutate,
    any_bytes,
    json_bytes,
    json_of,
    json_text,
    json_value,
)
from fuzz.tokens import NOW, TYPES, Resigned
from likeness.carrier.audit.inspect import describe, inspect
from likeness.carrier.verify import jwk_of
from likeness.core import command_reading, desired, jws, messages, orders
from likeness.core.chain import Link
from likeness.edges import key_files
from likeness.edges.sealer import PersonSealer, open_sealed
from likeness.edges.signer import FileSigner
from likeness.errors import ConfigError, Untrusted, UsageError
from results import EPOCH, bench

KINDS: tuple[type[msgspec.Struct], ...] = (
    *(messages.Result, messages.EpochBegins, messages.KeyChange, messages.KeyProof),
    *(messages.Ask, messages.TimeAnchor, messages.Visit, messages.Receipt),
    *(messages.Refusal, messages.Person, messages.Status, orders.Command),
    *(orders.Desired, orders.Overrides, orders.Reply, orders.Reported),
)


# --- JWS ----------------------------------------------------------------------------
def _jws(_folder: Path) -> Subject:
    payloads = (b"{}", b'{"a":1}', b"x" * 11_000)
    seeds = [tokens.unsigned(one, typ) for one in payloads for typ in TYPES[:4]]
    return Subject(seeds, _token, _parse)


def _token(dice: Dice, data: bytes, other: bytes) -> bytes:
    parts = data.split(b".")
    if dice.random() < 0.4 or len(parts) != 3:
        return any_bytes(dice, data, other)
    header = {"alg": "ES256", "kid": "A" * 43, "typ": dice.choice(TYPES)}
    text = json_text(dice, json_value(dice, header))
    parts[0] = jws.encode(text).encode()
    if dice.random() < 0.3:
        at = dice.randrange(3)
        parts[at] = any_bytes(dice, parts[at], other)
    return b".".join(parts)


def _parse(token: bytes) -> str:
    jws.chain_hash(token)
    found = jws.parse(token, types=TYPES)
    whole = found.signing_input + b"." + jws.encode(found.signature).encode()
    if whole != token or jws.encode(found.payload).encode() != token.split(b".")[1]:
        raise AssertionError("a token that can be written in two ways")
    jws.load_object(found.payload)
    return f"token {found.typ}"


# --- claims -------------------------------------------------------------------------
def _claims(folder: Path) -> Subject:
    """The first byte says which message the rest shall be."""
    near = bench(folder)
    said = tokens.from_terminal(near, folder)
    carrier = tokens.from_carrier(near, Link(EPOCH, 1, "h" * 43), EPOCH)
    texts = [one.encode() for one in (*said.records, *said.asks)]
    texts += [one for many in carrier.values() for one in many]
    whole = [jws.decode(one.split(b".")[1].decode()) for one in texts]
    whole += [
        b'{"number":"1","name":"n","salt":"s"}',
        b'{"status":"online","boot":"b"}',
        b'{"telemetry_every_s":30,"bundle":{"number":1,"digest":"' + b"0" * 64 + b'"}}',
    ]
    seeds = [
        bytes([n]) + one for one in whole for n in range(len(KINDS)) if _fits(n, one)
    ]
    return Subject(seeds, _kind_and_json, _read_claims)


def _fits(kind: int, text: bytes) -> bool:
    try:
        messages.from_json(text, KINDS[kind])
    except Untrusted:
        return False
    return True


def _kind_and_json(dice: Dice, data: bytes, other: bytes) -> bytes:
    return data[:1] + json_bytes(dice, data[1:], other[1:])


def _read_claims(data: bytes) -> str:
    kind = KINDS[data[0] % len(KINDS)] if data else KINDS[0]
    claims = messages.from_json(data[1:], kind)
    again = messages.to_json(claims)
    if messages.to_json(messages.from_json(again, kind)) != again:
        raise AssertionError("what was read is written as something else")
    # What follows the type: rules that read deeper.
    signed = jws.Unverified("ES256", "k", messages.DESIRED, data[1:], b"", b"")
    match claims:
        case orders.Command():
            _ = command_reading.read(
                _as_command(signed), "of", b"", earliest_s=NOW, epoch=EPOCH
            )
        case orders.Desired():
            desired.read(signed, "token", claims.aud)
        case messages.KeyChange():
            jwk_of(claims.key)
        case _:
            pass
    return f"claims {kind.__name__}"


def _as_command(signed: jws.Unverified) -> jws.Unverified:
    """Return the same as a command."""
    return jws.Unverified(
        signed.alg, signed.kid, messages.COMMAND, signed.payload, b"", b""
    )


# --- JWE ----------------------------------------------------------------------------
def _sealed(folder: Path) -> Subject:
    private = key_files.make_private(folder / "person.key")
    jwk = key_files.public_jwk(private.public_key())
    (folder / "person.jwk").write_text(json.dumps(jwk))
    sealer = PersonSealer(folder / "person.jwk")
    seeds = [sealer.seal(b"x" * size).encode() for size in (0, 1, 100, 4000)]

    def run(token: bytes) -> str:
        open_sealed(token.decode("utf-8", "replace"), private)
        return "opened"

    return Subject(seeds, _jwe, run)


def _jwe(dice: Dice, data: bytes, other: bytes) -> bytes:
    parts = data.split(b".")
    if dice.random() < 0.4 or len(parts) != 5:
        return any_bytes(dice, data, other)
    try:
        header = json_of(jws.decode(parts[0].decode()))
    except (ValueError, Untrusted):
        return any_bytes(dice, data, other)
    if isinstance(header, dict) and dice.random() < 0.3:
        header |= dice.choice(
            (
                {"zip": "DEF"},
                {"crit": ["exp"]},
                {"apu": 1, "apv": "%"},
                {"enc": "A128CBC-HS256"},
                {"alg": "dir"},
                {"alg": "PBES2-HS256+A128KW", "p2c": 10**9, "p2s": "AAAA"},
            )
        )
    parts[0] = jws.encode(json_text(dice, json_value(dice, header))).encode()
    return b".".join(parts)


# --- files of results ---------------------------------------------------------------
def _results(folder: Path) -> Subject:
    said = tokens.from_terminal(bench(folder), folder)
    key = jwk_of(msgspec.convert(said.old.signer.public_jwk(), messages.PublicKey))
    path = folder / "results.jsonl"
    lined = "\n".join(said.records).encode()
    objects = [{"result": one, "verdict": "refused"} for one in said.records]
    listed = "\n".join(json.dumps(one) for one in objects).encode()

    def run(text: bytes) -> str:
        path.write_bytes(text)
        found = inspect([path], key)
        for one in found:
            if one.record is not None:
                describe(one.record)
        return f"read {min(3, sum(not one.problem for one in found))}"

    return Subject([lined, listed], _some_line(Resigned(said.signers)), run)


def _some_line(resigned: Mutate) -> Mutate:
    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        rows = data.split(b"\n")
        at = dice.randrange(len(rows))
        if dice.random() < 0.5 and rows[at].count(b".") == 2:
            rows[at] = resigned(dice, rows[at], dice.choice(rows))
        elif dice.random() < 0.5:
            rows.insert(at, dice.choice(other.split(b"\n")))
            dice.shuffle(rows)
        else:
            rows[at] = json_bytes(dice, rows[at], other)
        return b"\n".join(rows)[: 1 << 16]

    return mutate


# --- keys ---------------------------------------------------------------------------
def _keys(folder: Path) -> Subject:
    private = key_files.make_private(folder / "one.key")
    public = FileSigner(folder / "one.key").public_jwk()
    path = folder / "tried"
    path.touch(mode=0o600)
    seeds = [json.dumps(public).encode(), (folder / "one.key").read_bytes()]
    seeds.append(
        private.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
    )

    def run(data: bytes) -> str:
        path.write_bytes(data)
        if b"PRIVATE" in data:
            key_files.load_private(path)
            return "private key"
        key_files.load_public(path)
        return "public key"

    return Subject(seeds, json_bytes, run)


TARGETS = (
    Target("jws", _jws, (Untrusted,), share=12),
    Target("claims", _claims, (Untrusted,), share=12),
    Target("jwe", _sealed, (Untrusted,), share=2),
    Target("result files", _results, (UsageError,), share=0.25),
    Target("key files", _keys, (ConfigError,), share=2),
)
