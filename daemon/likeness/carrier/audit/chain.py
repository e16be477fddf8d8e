"""Walks along one chain, token by token, and says where it breaks.

Everything is computed anew from the tokens: the signature, by a key that is good at
that place; the hash of the record before; no place left out; row 0 begins it. The same
walk serves the carrier's own tables and an inspector's file. Leaves to others: where
the tokens come from, columns (`columns`), how chains follow each other
(`former`).
"""

from dataclasses import dataclass, field

from likeness.carrier import verify
from likeness.carrier.audit import findings as audit_findings
from likeness.carrier.audit.findings import Finding, Kind, found, lasted, span
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.doubts import GAP_AFTER_S
from likeness.carrier.verify import BadRecord, Record
from likeness.core import jws, messages
from likeness.core.chain import Link

NOTHING = -1
# So many are listed of one chain; what a wrong key does to a million is one thing.
FINDINGS_AT_MOST = 20


@dataclass(frozen=True, slots=True)
class Given:
    """One record as it was handed over to be judged."""

    seq: int
    token: str = field(repr=False)
    refusal: str  # why the carrier keeps it but did not take it; empty: taken
    kept_utc_s: int


class Walk:
    """One chain of one device, in order of places."""

    def __init__(
        self,
        device: str,
        epoch: str,
        keys: KeyBook,
        *,
        now_s: int,
        begins_at: int = 0,
        follows: str | None = None,
        taken_upto: int = NOTHING,
    ) -> None:
        """Begin.

        Args:
            device: whose chain.
            epoch: which.
            keys: those of the device; changes in this chain are added.
            now_s: seconds since 1970, to say how long something is missing.
            begins_at: the first place.
            follows: hash of the record before that; None: not known, and not asked.
            taken_upto: the head, as the carrier's table has it; -1: not known.
        """
        self._device, self._epoch, self._keys = device, epoch, keys
        self._now_s, self._taken_upto = now_s, taken_upto
        self._next, self._begins_at = begins_at, begins_at
        # Hash of the record before; None: it cannot be said, and so not be compared.
        self._head: str | None = "" if begins_at == 0 else follows
        self._last = ""  # the token before
        self.whole_upto: Link | None = None  # up to the first break
        self.begins: messages.EpochBegins | None = None
        self.findings: list[Finding] = []
        self.more = 0  # findings that are not listed
        self.is_whole = True
        self.kids: dict[str, None] = {}

    @property
    def next(self) -> int:
        """The place that comes next."""
        return self._next

    def take(self, given: Given) -> Record | None:
        """Judge the next record; return it if it can be read and is well signed."""
        before = self.is_whole
        record, is_signed = self._judge(given)
        self._link(given, record)
        own = jws.chain_hash(given.token)
        self._next = given.seq + 1
        self._head = own if is_signed else None
        self._last = given.token
        if before and self.is_whole:
            self.whole_upto = Link(self._epoch, given.seq, own)
        if record is not None and isinstance(record.claims, messages.EpochBegins):
            self.begins = record.claims
        if record is not None and not given.refusal and self.is_whole:
            self._keys.learn(record)
        return record

    def report(
        self, kind: Kind, seq: int, said: str, evidence: tuple[str, ...] = ()
    ) -> None:
        """Note what is wrong; only the first ones are listed."""
        self.add(found(kind, self._epoch, seq, said, evidence))

    def add(self, finding: Finding) -> None:
        """Note one that was found elsewhere."""
        self.is_whole = self.is_whole and finding.kind in audit_findings.NOTED
        if len(self.findings) < FINDINGS_AT_MOST:
            self.findings.append(finding)
        else:
            self.more += 1

    def end(self, taken_upto: int) -> None:
        """Say what is missing behind the last record, if the head lies beyond it."""
        if taken_upto < self._next:
            return
        missing = span(self._next, taken_upto)
        here = f"the last one here is seq {self._next - 1}" if self._next else "none is"
        self.report(
            Kind.DELETED,
            self._next,
            f"{missing} were taken and signed for, and are not here any more; {here}",
        )

    def _judge(self, given: Given) -> tuple[Record | None, bool]:
        """Return the record, and whether its hash can be believed."""
        seq, is_signed = given.seq, False
        try:
            parsed = verify.parse(given.token)
            kid = parsed.kid
            self.kids.setdefault(kid)
            key = self._keys.find(kid)
            if key is None:
                self.report(Kind.KEY, seq, _unknown(seq, kid), (given.token,))
                return None, True
            verify.check_quickly(parsed, key)
            is_signed = True
            record = verify.judge_claims(parsed, given.token)
        except BadRecord as fault:
            if given.refusal and is_signed:
                return None, True  # that is why it was refused
            said = f"the token at seq {seq} is not what was signed: {fault}"
            self.report(Kind.SIGNATURE, seq, said, (given.token,))
            return None, False
        self._check_place(given, record)
        doubt = self._keys.doubt(kid, self._epoch, seq)
        if doubt and not given.refusal:
            self.report(Kind.KEY, seq, f"seq {seq}: {doubt}", (given.token,))
        return record, True

    def _check_place(self, given: Given, record: Record) -> None:
        claims = record.claims
        says = (claims.epoch, claims.seq)
        other_device = claims.iss != self._device and not given.refusal
        if says != (self._epoch, given.seq) or other_device:
            self.report(
                Kind.TAMPERED,
                given.seq,
                f"at seq {given.seq} stands the token of another place: it says seq"
                f" {claims.seq} of epoch {claims.epoch[:8]} of {claims.iss}",
                (given.token,),
            )

    def _link(self, given: Given, record: Record | None) -> None:
        seq = given.seq
        if seq > self._next:
            self._missing(given)
        elif (
            record is not None and self._head is not None and record.prev != self._head
        ):
            self._unlinked(given)

    def _missing(self, given: Given) -> None:
        first, seq = self._next, given.seq
        missing = span(first, seq - 1)
        if seq - 1 <= self._taken_upto:
            said = (
                f"{missing} were taken and signed for, and are not here any more;"
                f" the next one here is seq {seq}"
            )
            self.report(Kind.DELETED, first, said)
            return
        waits_s = self._now_s - given.kept_utc_s
        said = f"{missing} are not here; seq {seq} is, since {lasted(waits_s)}"
        if waits_s < GAP_AFTER_S:
            said += ": they may be on their way"
        self.report(Kind.GAP, first, said)

    def _unlinked(self, given: Given) -> None:
        seq, both = given.seq, (self._last, given.token)
        if seq <= self._taken_upto:
            said = (
                f"seq {seq} was taken, but does not follow the record that stands at"
                f" seq {seq - 1} now: one of the two was put in the place of another"
            )
            self.report(Kind.LINK, seq, said, both)
            return
        said = (
            f"seq {seq} does not follow the record at seq {seq - 1}: the terminal, or"
            " a copy of it, has signed another record there that is not here"
        )
        self.report(Kind.FORK, seq, said, both)


def _unknown(seq: int, kid: str) -> str:
    return (
        f"seq {seq} is signed by key {kid[:64]}, which is neither in the device's file"
        " nor brought by a key change: its signature cannot be checked"
    )
