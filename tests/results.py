"""What tests of results need: conclusions, keys, and a store with its recorder."""

from dataclasses import dataclass, replace
from pathlib import Path

from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import (
    Act,
    ActFinding,
    Card,
    CardKind,
    Conclusion,
    Consent,
    Environment,
    MatchFinding,
    Moment,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from likeness.edges import bench_keys
from likeness.edges.bench_keys import BenchKeys
from likeness.edges.sealer import PersonSealer
from likeness.edges.signer import FileSigner
from likeness.edges.store import SqliteStore
from likeness.service.notary import Notary
from likeness.service.ports import WallClock
from likeness.service.recording import Recorder

# Marked, so that a test can look for them where they must not be.
NAME = "张无忌MARKEDNAME"
NUMBER = "11010119900307MARKEDNUMBER"

EPOCH = "0123456789abcdef" * 2

FACTS = DeviceFacts(
    device="shop-17",
    software="0.1.0",
    key_tier="file",
    environment=Environment.TEST,
    models={"embed": "ab" * 32, "mesh": "cd" * 32},
)
MOMENT = Moment(utc_s=1_795_000_000, quality="ntp", boot="boot-1", mono_ms=123_456)

ACCEPTED = Conclusion(
    visit=1,
    purpose=Purpose.NEW_NUMBER,
    verdict=Verdict.ACCEPTED,
    reasons=(),
    transaction="t-1",
    nonce="",
    nonce_source=NonceSource.DEVICE,
    device_nonce="",
    profile="standard",
    consent=Consent(text="2026-11", given="card_laid"),
    card=Card(
        kind=CardKind.RESIDENT,
        number=NUMBER,
        name=NAME,
        issuer="某某市公安局",
        checked=("sam_authenticated",),
    ),
    portrait_sha256="12" * 32,
    match=MatchFinding(score=0.7123456, threshold=0.45),
    acts=(
        ActFinding(Act.BLINK, asked_s=10.0, answered_s=11.25),
        ActFinding(Act.TURN_LEFT, asked_s=12.0, answered_s=12.9994),
    ),
)
REFUSED = replace(ACCEPTED, verdict=Verdict.REFUSED, reasons=(Reason.NOT_SAME_PERSON,))


class FixedClock:
    """A wall clock that stands still."""

    def __init__(self, moment: Moment = MOMENT) -> None:
        self.fixed = moment

    def moment(self) -> Moment:
        return self.fixed


@dataclass
class Bench:
    """One terminal's keys, its store and what signs for it."""

    keys: BenchKeys
    signer: FileSigner
    notary: Notary
    store: SqliteStore
    record: Recorder


def bench(
    folder: Path,
    *,
    facts: DeviceFacts = FACTS,
    store: str = "state",
    clock: WallClock | None = None,
) -> Bench:
    """Make keys (once for each folder) and a store that is not open yet."""
    clock = clock or FixedClock()
    keys = BenchKeys(folder / "keys/terminals" / facts.device, folder / "keys/carrier")
    if not keys.terminal.exists():
        environments = (Environment.TEST, Environment.PRODUCTION)
        keys = bench_keys.make(folder / "keys", facts.device, environments)
    signer = FileSigner(keys.device_key)
    notary = Notary(facts, signer=signer, clock=clock)
    kept = SqliteStore(folder / store, notary.begin_epoch)
    record = Recorder(
        append=kept.append,
        signer=signer,
        sealer=PersonSealer(keys.public("person")),
        facts=facts,
        clock=clock,
    )
    return Bench(keys, signer, notary, kept, record)


def result_at(
    near: Bench,
    head: ChainHead,
    conclusion: Conclusion = REFUSED,
    facts: DeviceFacts = FACTS,
) -> str:
    """Sign a result (a refused one: no person) for any place in a chain."""
    claims = report.compose(
        conclusion,
        facts=facts,
        moment=MOMENT,
        head=head,
        salt=b"s" * 16,
        sealed_person=None,
    )
    return signed(near, claims, messages.RESULT)


def signed(near: Bench, claims: bytes, typ: str) -> str:
    """Sign anything with the device's key."""
    signer = near.signer
    return jws.compact(
        claims, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
    )


def chain_of(
    near: Bench, count: int, epoch: str = EPOCH, facts: DeviceFacts = FACTS
) -> list[str]:
    """Sign an epoch record and `count` results that follow it."""
    tokens = [near.notary.begin_epoch(ChainHead(epoch, 0, ""), None)]
    for seq in range(1, count + 1):
        head = ChainHead(epoch, seq, jws.chain_hash(tokens[-1]))
        tokens.append(result_at(near, head, facts=facts))
    return tokens
