"""Checks an inspector's file by itself: no database, no secret, the audit key alone.

Two readings, a line at a time. The first takes the digest, the seal and the summary;
the second walks along each chain by the same rules as the carrier's own audit. What is
found is told whether the carrier has stated it or not. Leaves to others: the form
(`export_lines`), the frame (`export_seal`), the walk (`chain`).
"""

from pathlib import Path

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.audit.chain import Given, Walk
from likeness.carrier.audit.export_lines import Chain, Line, Opening
from likeness.carrier.audit.export_seal import Checked, lines, parse, read_frame
from likeness.carrier.audit.findings import NOTED, Finding
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.verify import BadRecord
from likeness.core import jws
from likeness.errors import Untrusted, UsageError


def check(path: Path, audit_key: ECKey) -> Checked:
    """Check a file.

    Raises:
        UsageError: it cannot be read, or is no export.
    """
    told = Checked()
    try:
        read_frame(path, audit_key, told)
        if told.opening is not None:
            _Chains(told, told.opening).walk(path)
    except BadRecord as fault:
        told.troubles.append(f"line 1: a key of the device's is none: {fault}")
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
    _state(told)
    return told


class _Chains:
    """Walks along the records in the order in which they stand."""

    def __init__(self, told: Checked, opening: Opening) -> None:
        self._told, self._opening = told, opening
        self._keys = KeyBook(
            {k.jwk.kid: verify.jwk_of(k.jwk) for k in opening.keys if k.in_file}
        )
        self._keys.learn_all(opening.key_changes)
        chains = told.summary.chains if told.summary else []
        self._said: dict[str, Chain] = {one.epoch: one for one in chains}
        self._open: tuple[str, Walk] | None = None
        self._count, self._seen = 0, 0
        self._last: tuple[int, str] = (-1, "")
        self._walked: set[str] = set()

    def walk(self, path: Path) -> None:
        for number, data in lines(path):
            line = parse(number, data, self._told)
            if line is None:
                continue
            if line.result is not None:
                self._record(number, line, line.result)
            elif line.alarm is not None:
                self._alarm(number, line.alarm.token)
        self._close()
        for epoch in self._said.keys() - self._walked:
            self._told.troubles.append(f"chain {epoch}: all its records are missing")

    def _record(self, number: int, line: Line, token: str) -> None:
        place = verify.place_of(token)
        if place is None:
            self._told.troubles.append(f"line {number}: no record")
            return
        walk = self._walk_of(place.epoch, place.seq)
        if place.seq < walk.next:
            self._told.troubles.append(
                f"line {number}: seq {place.seq} stands after seq {walk.next - 1}:"
                " lines were put into another order, or twice"
            )
            return
        walk.take(Given(place.seq, token, line.refusal, line.received))
        self._count += 1
        self._last = (place.seq, jws.chain_hash(token))
        self._tell(walk, f"line {number}")

    def _walk_of(self, epoch: str, seq: int) -> Walk:
        if self._open is not None and self._open[0] == epoch:
            return self._open[1]
        self._close()
        said = self._said.get(epoch)
        if said is None or epoch in self._walked:
            why = "is not in the summary" if said is None else "stands in two pieces"
            self._told.troubles.append(f"chain {epoch}: {why}")
        before = said.before if said else None
        begins_at = (before.seq + 1 if before else 0) if said else seq
        walk = Walk(
            self._opening.device,
            epoch,
            self._keys,
            now_s=self._opening.made_utc_s,
            begins_at=begins_at,
            follows=before.hash if before else None,
        )
        self._open, self._count, self._seen = (epoch, walk), 0, 0
        self._last = (begins_at - 1, "")
        self._walked.add(epoch)
        return walk

    def _close(self) -> None:
        """Compare what was walked with what the summary says of it."""
        if self._open is None:
            return
        epoch, self._open = self._open[0], None
        seq, own = self._last
        self._told.chains.append(
            f"chain {epoch}: {self._count} record(s), up to seq {seq}"
        )
        said = self._said.get(epoch)
        if said is None:
            return
        if (said.last.seq, said.last.hash) != (seq, own):
            self._told.troubles.append(
                f"chain {epoch}: it ends at seq {seq} here, and at seq"
                f" {said.last.seq} by the summary: what is between is missing"
            )
        if said.records != self._count:
            self._told.troubles.append(
                f"chain {epoch}: {self._count} record(s) here, {said.records} by the"
                " summary"
            )

    def _tell(self, walk: Walk, where: str) -> None:
        for finding in walk.findings[self._seen :]:
            if not self._is_stated(finding):
                said = f"{where}: {finding.kind}: {finding.said}"
                self._told.troubles.append(f"{said}; the carrier does not state it")
        self._seen = len(walk.findings)

    def _is_stated(self, finding: Finding) -> bool:
        summary = self._told.summary
        if summary is None or finding.kind in NOTED:
            return finding.kind in NOTED
        if summary.more:  # it may be among those that are not listed
            return True
        place = (finding.epoch, finding.seq)
        return any((one.epoch, one.seq) == place for one in summary.findings)

    def _alarm(self, number: int, token: str) -> None:
        """An alarm's proof may be of a key that is not this device's; then it says so.

        Statements are proof as well: any signed token of this device will do.
        """
        try:
            kid = str(jws.load_object(jws.decode(token.partition(".")[0])).get("kid"))
            key = self._keys.find(kid)
            if key is not None:
                verify.check_signature(token, key)
        except Untrusted:
            self._told.troubles.append(f"line {number}: the alarm's proof is not good")


def _state(told: Checked) -> None:
    if told.summary is None:
        return
    for one in told.summary.findings:
        where = f"seq {one.seq} of epoch {one.epoch[:8]}" if one.epoch else "no place"
        said = f"{one.kind} at {where}: {one.said}"
        (told.notes if one.kind in NOTED else told.stated).append(said)
    if told.summary.more:
        told.stated.append(f"and {told.summary.more} more")
