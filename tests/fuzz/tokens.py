"""Signed messages to begin with, and changes that are signed anew.

Leaves to others: who reads them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fuzz.mutate import (
    Dice,
    any_bytes,
    json_of,
    json_text,
    json_value,
)
from likeness.core import asks, jws, messages, orders, visit_orders
from likeness.core.chain import Link
from likeness.core.desired import digest_of
from likeness.core.vocabulary import Moment, Purpose
from likeness.edges.signer import FileSigner
from likeness.errors import Untrusted
from results import EPOCH, FACTS, Bench, chain_of
from rotations import after, change, more, with_new_key

NOW = 1_795_000_000
ONE_KEY_PERCENT = 90
TYPES = (
    *(messages.RESULT, messages.EPOCH, messages.KEY, messages.KEY_PROOF, messages.ASK),
    *(messages.ANCHOR, messages.VISIT, messages.RECEIPT, messages.REFUSAL),
    *(messages.COMMAND, messages.DESIRED, messages.REPLY),
    *(*asks.KINDS, asks.ANSWER, asks.NUMBERS, *visit_orders.KINDS),
)


@dataclass(frozen=True)
class Resigned:
    """A `Mutate` for tokens: claims are changed, and the signature fits again."""

    signers: Mapping[str, FileSigner]  # by kid

    def __call__(self, dice: Dice, data: bytes, other: bytes) -> bytes:
        if dice.random() < 0.12:
            return any_bytes(dice, data, other)
        found, near = _taken_apart(data), _taken_apart(other)
        if found is None:
            return any_bytes(dice, data, other)
        header, claims = found
        typ, kid = header.get("typ"), header.get("kid")
        if dice.random() < 0.06:
            typ = dice.choice(TYPES)
        signer = self.signers.get(str(kid))
        if signer is None or dice.randrange(100) >= ONE_KEY_PERCENT:
            signer = dice.choice(list(self.signers.values()))
        claims = json_value(dice, claims, near[1] if near else None)
        if typ == messages.DESIRED and dice.random() < 0.7:
            claims = _with_digest(claims)
        payload = json_text(dice, claims)
        if dice.random() < 0.05:
            header = json_value(dice, header, None)
            first = jws.encode(json_text(dice, header))
        else:
            whole = jws.signing_input(
                payload, alg="ES256", kid=signer.kid, typ=str(typ)
            )
            first = whole.decode().partition(".")[0]
        signed = f"{first}.{jws.encode(payload)}".encode("ascii")
        return signed + b"." + jws.encode(signer.sign(signed)).encode()


def _taken_apart(token: bytes) -> tuple[dict[str, object], object] | None:
    try:
        header, payload, _ = token.decode("ascii").split(".")
        parts = [json_of(jws.decode(one)) for one in (header, payload)]
    except (ValueError, Untrusted):
        return None
    return (parts[0], parts[1]) if isinstance(parts[0], dict) else None


def _with_digest(claims: object) -> object:
    """Let a desired configuration say its own digest, whatever it has become."""
    if isinstance(claims, dict) and isinstance(claims.get("config"), dict):
        try:
            claims["digest"] = digest_of(json.dumps(claims["config"]).encode())
        except (ValueError, RecursionError, Untrusted):
            return claims
    return claims


def unsigned(payload: bytes, typ: str, kid: str = "A" * 43) -> bytes:
    """Return a token whose signature is good for nobody."""
    signed = jws.signing_input(payload, alg="ES256", kid=kid, typ=typ)
    return signed + b"." + jws.encode(bytes(64)).encode()


def signed_by(signer: FileSigner, message: object, typ: str) -> bytes:
    """Sign one message."""
    claims = messages.to_json(message)  # type: ignore[arg-type]
    return jws.compact(
        claims, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
    ).encode()


def from_carrier(near: Bench, link: Link, epoch: str) -> dict[str, list[bytes]]:
    """Return what the carrier says, valid for a terminal; by topic."""
    keys = {
        name: FileSigner(near.keys.private(name))
        for name in ("receipt", "visit", "command")
    }
    # Any: text and numbers, spread over structs whose members are typed.
    head: dict[str, Any] = {"aud": FACTS.device, "iat": NOW, "exp": NOW + 3600}
    receipt = messages.Receipt(
        **head, jti="r", epoch=link.epoch, upto=link.seq, head=link.hash
    )
    refusal = messages.Refusal(
        **head, jti="f", epoch=link.epoch, seq=link.seq, hash=link.hash, reason="fork"
    )
    visit = messages.Visit(
        **head,
        jti="v",
        counter=1,
        transaction="t-1",
        purpose=Purpose.NEW_NUMBER,
        nonce="n" * 43,
        commitment="c" * 42 + "A",
    )
    return {
        "receipt": [
            signed_by(keys["receipt"], receipt, messages.RECEIPT),
            signed_by(keys["receipt"], refusal, messages.REFUSAL),
        ],
        "visit": [signed_by(keys["visit"], visit, messages.VISIT)],
        "cmd": [
            signed_by(keys["command"], one, messages.COMMAND)
            for one in _commands(head, epoch)
        ],
        "desired": [
            signed_by(keys["command"], one, messages.DESIRED) for one in _desired(head)
        ],
    }


def _commands(head: dict[str, object], epoch: str) -> list[dict[str, object]]:
    actions: list[dict[str, object]] = [{"name": name} for name in orders.ACTIONS]
    actions[-1] |= {"level": "debug", "for_s": 60}
    return [
        {**head, "jti": f"c{n}", "counter": n + 1, "epoch": epoch, "command": action}
        for n, action in enumerate(actions)
    ]


def _desired(head: dict[str, object]) -> list[dict[str, object]]:
    configs: list[dict[str, object]] = [
        {},
        {"telemetry_every_s": 30, "log_level": "info", "profile": "standard"},
        {"profile": "strict", "keep_days": 3, "keep_mib": 8},
        {"bundle": {"number": 3, "digest": "0" * 64}},
    ]
    return [
        {
            **head,
            "jti": f"d{n}",
            "version": n + 1,
            "digest": digest_of(json.dumps(config).encode()),
            "config": config,
        }
        for n, config in enumerate(configs)
    ]


@dataclass(frozen=True)
class TerminalWords:
    """What one terminal says in its life, and the keys that it has, has not, had."""

    records: list[str]
    asks: list[str]
    signers: dict[str, FileSigner]
    old: Bench
    new: Bench
    thief: Bench


def from_terminal(near: Bench, folder: Path) -> TerminalWords:
    """Return a chain with a change of keys, and questions."""
    new, thief = (with_new_key(near, folder / name) for name in ("new", "thief"))
    records = chain_of(near, 2)
    records.append(change(near, new, after(records, EPOCH), _open()))
    records = more(new, records, 2, EPOCH)
    ask = near.notary.ask_visit(
        commitment="c" * 42 + "A", transaction="t-1", purpose=Purpose.NEW_NUMBER
    )
    anchor = near.notary.time_anchor(Moment(NOW, "ntp", "boot-1", 123_456))
    benches: Sequence[Bench] = (near, new, thief)
    return TerminalWords(
        records=records,
        asks=[ask, anchor],
        signers={one.signer.kid: one.signer for one in benches},
        old=near,
        new=new,
        thief=thief,
    )


def _open() -> tuple[Link, ...]:
    return (Link("f" * 32, 7, "h" * 43),)
