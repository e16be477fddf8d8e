"""Says of which places a device has signed two records, with both as proof.

What came second is not among the records: it stands in its alarm. Each is judged by its
own token; an alarm whose token nobody has signed is no proof. Leaves to others: what
does not follow its predecessor (`chain`).
"""

from likeness.carrier import verify
from likeness.carrier.audit.findings import Finding, Kind, found
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Row
from likeness.carrier.verify import BadRecord, Problem
from likeness.core import jws

_KEYS = {Problem.WRONG_KEY, Problem.UNKNOWN_KEY}


class Doubles:
    """Hears of a device's alarms by kind and place, as `audit_rows.alarms` gives."""

    def __init__(self, keys: KeyBook) -> None:
        """Take the device's keys."""
        self._keys = keys
        self._last: tuple[str, int, str] = ("", 0, "")  # epoch, seq, hash
        self._resumed: set[str] = set()  # epochs

    def hear(self, alarm: Row, stands: Row | None) -> list[Finding]:
        """Return what follows from an alarm; `stands` is the record at its place."""
        if alarm.kind in _KEYS:
            said = f"a record was sent by a key that may not sign it: {alarm.detail}"
            return [found(Kind.KEY, alarm.epoch, alarm.seq, said, (alarm.token,))]
        if alarm.kind != Problem.FORK:
            return []
        if stands is not None and jws.chain_hash(stands.token) == alarm.hash:
            return []  # it does not follow, and its chain says so
        try:
            kid = verify.parse(alarm.token).kid
            key = self._keys.find(kid)
            if key is None or jws.chain_hash(alarm.token) != alarm.hash:
                raise BadRecord(Problem.BAD_SIGNATURE)  # noqa: TRY301 - one way out
            verify.check_signature(alarm.token, key)
        except BadRecord:
            said = f"the alarm for a fork at seq {alarm.seq} holds no good proof"
            return [found(Kind.TAMPERED, alarm.epoch, alarm.seq, said, (alarm.token,))]
        return self._double(alarm, stands)

    def _double(self, alarm: Row, stands: Row | None) -> list[Finding]:
        epoch, seq = alarm.epoch, alarm.seq
        tokens = (*((stands.token,) if stands else ()), alarm.token)
        here = "both are kept" if stands else "the first is not here any more"
        said = f"two records were signed for seq {seq}; {here}"
        told = [found(Kind.FORK, epoch, seq, said, tokens)]
        before, self._last = self._last, (epoch, seq, alarm.hash)
        follows = before == (epoch, seq - 1, _prev(alarm.token))
        if follows and epoch not in self._resumed:
            self._resumed.add(epoch)
            said = (
                f"the terminal went on from an earlier place, seq {seq - 1}, as if what"
                " it had recorded since had never been: it came back with an older"
                " copy of its database"
            )
            told.append(found(Kind.ROLLBACK, epoch, seq - 1, said, (alarm.token,)))
        return told


def _prev(token: str) -> object:
    """Return what a token, whose signature is good, says stands before it."""
    return jws.load_object(verify.parse(token).payload).get("prev")
