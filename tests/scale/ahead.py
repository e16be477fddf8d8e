"""Makes ahead what costs time: ten thousand keys, device files, chains of results.

    OUT/receipt.jwk …  the carrier's public keys
    OUT/carrier/       its own, and devices/sim-00000.json …
    OUT/lives/000.bin  the terminals' lives: an anchor, an epoch record, results

A key follows from the seed, so it need not be kept; what is here already for the same
plan is used again. The person in each result is sealed, but one person for all: nobody
opens it here. Leaves to others: sending.
"""

import hashlib
import multiprocessing
import os
import shutil
from dataclasses import replace
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from likeness import RELEASED_UTC_S
from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead, record_id
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import (
    Card,
    CardKind,
    Conclusion,
    Environment,
    MatchFinding,
    Moment,
    Purpose,
    Reason,
    Verdict,
)
from likeness.edges import bench_keys, key_files
from likeness.edges.sealer import PersonSealer
from results import ACCEPTED
from scale.fleet import NAME, ROLES

SHARD = 250  # lives in one file
BETWEEN_S = 180  # two visits, by their own words
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
VERDICTS = (*([Verdict.ACCEPTED] * 8), Verdict.REFERRED, Verdict.REFUSED)
ALGORITHM = ec.ECDSA(hashes.SHA256())


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How many terminals live, and how many results each may make."""

    terminals: int
    results: int
    seed: int


class Life(msgspec.Struct, frozen=True, array_like=True):
    """All that one terminal will ever say; `records` begins with its epoch record."""

    number: int
    epoch: str
    anchor: bytes
    records: list[bytes]

    @property
    def device(self) -> str:
        """Its name."""
        return NAME.format(self.number)


def make(out: Path, plan: Plan) -> None:
    """Make what is not there; another plan's files are taken away."""
    note = out / "plan.json"
    if note.exists() and msgspec.json.decode(note.read_bytes(), type=Plan) == plan:
        return
    shutil.rmtree(out, ignore_errors=True)
    for folder in (out / "carrier/devices", out / "lives"):
        folder.mkdir(parents=True)
    for name in bench_keys.CARRIER_KEYS:
        key = key_files.make_private(out / f"carrier/{name}.key")
        jwk = key_files.public_jwk(key.public_key())
        (out / f"{name}.jwk").write_bytes(msgspec.json.encode(jwk))
    jobs = [(out, plan, first) for first in range(0, plan.terminals, SHARD)]
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        pool.starmap(_make_shard, jobs, chunksize=1)
    note.write_bytes(msgspec.json.encode(plan))


def lives(out: Path, first: int, until: int) -> list[Life]:
    """Read the lives with these numbers."""
    found: list[Life] = []
    for path in sorted((out / "lives").iterdir()):
        start = int(path.stem) * SHARD
        if start < until and start + SHARD > first:
            read = msgspec.msgpack.decode(path.read_bytes(), type=list[Life])
            found += [life for life in read if first <= life.number < until]
    return found


def _make_shard(out: Path, plan: Plan, first: int) -> None:
    person = PersonSealer(out / "person.jwk").seal(
        messages.to_json(
            messages.Person(number="1" * 18, name="made up", salt=jws.encode(b"s" * 16))
        )
    )
    until = min(first + SHARD, plan.terminals)
    made = [_live(out, plan, number, person) for number in range(first, until)]
    path = out / f"lives/{first // SHARD:03}.bin"
    path.write_bytes(msgspec.msgpack.encode(made))


class _Maker:
    """One terminal's key, and what it has in common in all its records."""

    def __init__(self, number: int, plan: Plan) -> None:
        self.number = number
        self.device = NAME.format(number)
        drawn = hashlib.sha256(f"{plan.seed}/{self.device}".encode()).digest()
        self._key = ec.derive_private_key(
            int.from_bytes(drawn) % (ORDER - 1) + 1, ec.SECP256R1()
        )
        self.jwk = key_files.public_jwk(self._key.public_key())
        self.epoch = hashlib.sha256(b"epoch" + drawn).hexdigest()[:32]
        self.facts = DeviceFacts(
            device=self.device,
            software="0.3.0",
            key_tier="tpm",
            environment=Environment.TEST,
            models={role: hashlib.sha256(role.encode()).hexdigest() for role in ROLES},
            policy=hashlib.sha256(b"policy").hexdigest(),
        )

    def sign(self, claims: bytes, typ: str) -> bytes:
        """Return a token."""
        return jws.compact(
            claims, alg=jws.ES256, kid=self.jwk["kid"], typ=typ, sign=self._signature
        ).encode()

    def _signature(self, data: bytes) -> bytes:
        pair = utils.decode_dss_signature(self._key.sign(data, ALGORITHM))
        return b"".join(number.to_bytes(32) for number in pair)


def _live(out: Path, plan: Plan, number: int, person: str) -> Life:
    maker = _Maker(number, plan)
    trusted = {"device": maker.device, "environments": ["test"], "keys": [maker.jwk]}
    path = out / f"carrier/devices/{maker.device}.json"
    path.write_bytes(msgspec.json.encode(trusted))
    boot = maker.epoch[::-1]
    # Before the release: no clock that runs this says that it is yet to come.
    start = Moment(RELEASED_UTC_S - 86_400, quality="ntp", boot=boot, mono_ms=60_000)
    begins = report.begin_epoch(
        facts=maker.facts,
        moment=start,
        head=ChainHead(maker.epoch, 0, ""),
        former=None,
    )
    records = [maker.sign(begins, messages.EPOCH)]
    for seq in range(1, plan.results + 1):
        records.append(_result(maker, seq, records[-1], start, person))
    anchor = messages.TimeAnchor(
        iss=maker.device,
        jti=hashlib.sha256(boot.encode()).hexdigest()[:32],
        iat=start.utc_s,
        ask=messages.ASK_TIME_ANCHOR,
        boot=boot,
        mono_ms=start.mono_ms,
        utc_s=start.utc_s,
        quality="ntp",
    )
    said = maker.sign(messages.to_json(anchor), messages.ANCHOR)
    return Life(number, maker.epoch, said, records)


def _result(
    maker: _Maker, seq: int, before: bytes, start: Moment, person: str
) -> bytes:
    head = ChainHead(maker.epoch, seq, jws.chain_hash(before))
    conclusion = _conclusion(record_id(head), maker.number + seq)
    claims = report.compose(
        conclusion,
        facts=maker.facts,
        moment=replace(
            start,
            utc_s=start.utc_s + seq * BETWEEN_S,
            mono_ms=start.mono_ms + seq * BETWEEN_S * 1000,
        ),
        head=head,
        salt=b"s" * 16,
        sealed_person=person if report.tells_who(conclusion) else None,
    )
    return maker.sign(claims, messages.RESULT)


def _conclusion(transaction: str, which: int) -> Conclusion:
    verdict = VERDICTS[which % len(VERDICTS)]
    reasons = {
        Verdict.REFUSED: (Reason.NOT_SAME_PERSON,),
        Verdict.REFERRED: (Reason.MATCH_IN_DOUBT,),
    }
    return replace(
        ACCEPTED,
        verdict=verdict,
        reasons=reasons.get(verdict, ()),
        purpose=tuple(Purpose)[which % len(Purpose)],
        transaction=transaction,
        match=MatchFinding(score=0.5 + which % 40 / 100, threshold=0.45),
        passive=0.9,
        passive_threshold=0.5,
        card=Card(
            kind=CardKind.RESIDENT,
            number="1" * 18,
            name="made up",
            issuer="made up",
            checked=("sam_authenticated",),
        ),
    )
