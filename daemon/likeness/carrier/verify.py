"""Judges one signed record.

Rules, in this order; the first that fails names the problem:

- it is a JWS of ours: ES256, our header members only, a type that is a record;
- the signature is good for the given key;
- the claims are whole and of the right types.

Signatures are checked with a JOSE library that is not the one that signed; where
thousands come each second, with what that library calls, and a test holds the two
together. Leaves to others: which key belongs to whom (`trust`), the chain (`store`).
"""

from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from joserfc import jws as jose
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from likeness.core import jws, messages
from likeness.errors import Untrusted

Claims = messages.Result | messages.EpochBegins | messages.KeyChange
_KINDS: dict[str, type[Claims]] = {
    messages.RESULT: messages.Result,
    messages.EPOCH: messages.EpochBegins,
    messages.KEY: messages.KeyChange,
}
RECORDS = tuple(_KINDS)
_ECDSA = ec.ECDSA(hashes.SHA256())
_P256 = ec.SECP256R1.name


class Problem(StrEnum):
    """What can be wrong with a record, or between records."""

    MALFORMED = "malformed"
    UNKNOWN_DEVICE = "unknown_device"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    WRONG_DEVICE = "wrong_device"  # signed by one, sent as another
    WRONG_ENVIRONMENT = "wrong_environment"
    FORK = "fork"  # two different records for one place, or for one predecessor
    GAP = "gap"
    NEW_EPOCH = "new_epoch"
    NONCE = "nonce"  # it is not the one that was given for this visit
    REFUSED = "refused"
    KEY_CHANGED = "key_changed"  # was it we who asked for it?
    KEY_PROOF = "key_proof"  # a new key that does not say that it is one
    KEY_KNOWN = "key_known"  # a new key that this device has, or had, already
    WRONG_KEY = "wrong_key"  # a key of this device, but not for this place
    DECISION = "decision"  # attendants contradict what was decided before
    CLOCK = "clock"  # it was set, but to a time to come


class BadRecord(Untrusted):
    """A record that is not taken, and why."""

    def __init__(self, problem: Problem, detail: str = "") -> None:
        super().__init__(f"{problem}: {detail}" if detail else problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Record:
    """One record whose signature and claims are good."""

    claims: Claims
    hash: str
    token: str = field(repr=False)

    @property
    def prev(self) -> str:
        """The hash of the record before; empty for the first of an epoch."""
        claims = self.claims
        return "" if isinstance(claims, messages.EpochBegins) else claims.prev


def parse(token: str | bytes) -> jws.Unverified:
    """Take a record apart, so that its key can be found.

    Raises:
        BadRecord: it is no record of ours.
    """
    try:
        return jws.parse(token, types=RECORDS)
    except Untrusted as fault:
        raise BadRecord(Problem.MALFORMED, str(fault)) from fault


def check_signature(token: str | bytes, key: ECKey) -> None:
    """Check an ES256 signature.

    Raises:
        BadRecord: it is not good for this key.
    """
    try:
        jose.deserialize_compact(token, key, algorithms=[jws.ES256])
    except (JoseError, ValueError) as problem:
        raise BadRecord(Problem.BAD_SIGNATURE) from problem


def check_quickly(parsed: jws.Unverified, key: ECKey) -> None:
    """Check an ES256 signature as `check_signature` does, in half the time.

    Raises:
        BadRecord: it is not good for this key.
    """
    half = jws.SIGNATURE_BYTES // 2
    r, s = parsed.signature[:half], parsed.signature[half:]
    numbers = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    try:
        public = key.get_op_key("verify")
        if public.curve.name != _P256:
            raise BadRecord(Problem.BAD_SIGNATURE)
        der = utils.encode_dss_signature(*numbers)
        public.verify(der, parsed.signing_input, _ECDSA)
    except (InvalidSignature, JoseError, ValueError) as problem:
        raise BadRecord(Problem.BAD_SIGNATURE) from problem


def verify(token: str | bytes, key: ECKey) -> Record:
    """Judge one record with its device's public key.

    Raises:
        BadRecord: with the problem.
    """
    parsed = parse(token)
    check_signature(token, key)
    return judge_claims(parsed, token)


def judge_claims(parsed: jws.Unverified, token: str | bytes) -> Record:
    """Judge what a well signed record says.

    Raises:
        BadRecord: with the problem.
    """
    try:
        claims = messages.from_json(parsed.payload, _KINDS[parsed.typ])
    except Untrusted as fault:
        raise BadRecord(Problem.MALFORMED, str(fault)) from fault
    if (parsed.typ == messages.EPOCH) != (claims.seq == 0):
        raise BadRecord(Problem.MALFORMED, "only row 0 begins an epoch")
    if isinstance(claims, messages.KeyChange):
        _check_proof(claims, former=parsed.kid)
    text = token if isinstance(token, str) else token.decode("ascii")
    return Record(claims, jws.hash_of(parsed.signing_input), text)


def jwk_of(key: messages.PublicKey) -> ECKey:
    """Build the key that a key change names.

    Raises:
        BadRecord: no point on the curve, or another thumbprint than it says.
    """
    members = {name: getattr(key, name) for name in ("kty", "crv", "x", "y")}
    try:
        built = ECKey.import_key(members)
        thumbprint = built.thumbprint()  # builds the point
    except (JoseError, ValueError) as problem:
        raise BadRecord(Problem.KEY_PROOF, "not a public key") from problem
    if thumbprint != key.kid:
        raise BadRecord(Problem.KEY_PROOF, "its name is not its thumbprint")
    return built


def _check_proof(change: messages.KeyChange, former: str) -> None:
    """The new key has signed that it takes just this place after just this key."""
    try:
        parsed = jws.parse(change.proof, types=(messages.KEY_PROOF,))
        check_signature(change.proof, jwk_of(change.key))
        proof = messages.from_json(parsed.payload, messages.KeyProof)
    except Untrusted as fault:
        raise BadRecord(Problem.KEY_PROOF, str(fault)) from fault
    meant = messages.KeyProof(
        iss=change.iss,
        epoch=change.epoch,
        seq=change.seq,
        prev=change.prev,
        former=former,
    )
    if parsed.kid != change.key.kid or proof != meant:
        raise BadRecord(Problem.KEY_PROOF, "for another place, device or key")


class Place(msgspec.Struct, frozen=True):
    """Where a record stands, though the rest of it may be wrong."""

    epoch: messages.Epoch
    seq: messages.Seq


def place_in(payload: bytes) -> Place | None:
    """Return where a well signed record stands, if it says so."""
    try:
        return messages.from_json(payload, Place)
    except Untrusted:
        return None


def place_of(token: str | bytes) -> Place | None:
    """Return where a well signed record stands, if it says so."""
    try:
        return place_in(parse(token).payload)
    except Untrusted:
        return None
