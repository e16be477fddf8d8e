"""Judges a message as one record, by the keys that a device began with.

Needs no database, so that a batch can be judged while the one before it is committed.
A key that a key change has brought stands in the database: then nothing is said here.
Leaves to others: such keys, what is asked (`intake`), the judgement itself (`verify`).
"""

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.incoming import Incoming
from likeness.carrier.trust import Trust
from likeness.carrier.verify import BadRecord, Problem, Record
from likeness.core import jws, messages
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment
from likeness.errors import Untrusted

# A record; or why it is none; or None: whoever has the database must say.
Judged = Incoming | Untrusted | None


class RecordJudge:
    """May be used by two threads."""

    def __init__(self, trust: Trust, environment: Environment) -> None:
        """Take whom to believe, and for what."""
        self._trust = trust
        self._environment = environment

    def try_to_judge(self, message: Arrived) -> Judged:
        """Judge a message if it is a record by a key of the device's file."""
        try:
            device, leaf = messages.device_and_leaf(message.topic)
            if leaf != "result":
                return None
            parsed = verify.parse(message.payload)
            key = self._trust.key(device, parsed.kid)
            if key is None:
                return None
            return self.judge(device, message.payload, parsed, key)
        except Untrusted as fault:
            return fault

    def judge(
        self, device: str, token: bytes, parsed: jws.Unverified, key: ECKey
    ) -> Incoming:
        """Return the record, or a well signed one with the reason to refuse it.

        Raises:
            BadRecord: it is not well signed, or does not say where it stands.
        """
        verify.check_quickly(parsed, key)
        try:
            record = verify.judge_claims(parsed, token)
        except BadRecord as fault:
            place = verify.place_in(parsed.payload)
            if place is None:
                raise
            return Incoming(
                device=device,
                epoch=place.epoch,
                seq=place.seq,
                hash=jws.chain_hash(token),
                token=token.decode("ascii"),
                refusal=fault.problem,
            )
        return Incoming(
            device=device,
            epoch=record.claims.epoch,
            seq=record.claims.seq,
            hash=record.hash,
            token=record.token,
            claims=record.claims,
            refusal=self._refusal(device, record),
        )

    def _refusal(self, device: str, record: Record) -> str:
        claims = record.claims
        if claims.iss != device:
            return Problem.WRONG_DEVICE
        allowed = self._trust.allows(device, claims.environment)
        if claims.environment is not self._environment or not allowed:
            return Problem.WRONG_ENVIRONMENT
        return ""
