"""Reads result files and says of each record what was decided, when, by whom.

A file holds one JWS, one JWS a line, or one JSON object a line with the JWS in
`result` (`results.jsonl`). Only public keys are needed: those given, and those that key
changes in the files bring. Leaves to others: the signature (`verify`), printing.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from joserfc.jwk import ECKey

from likeness.carrier.verify import BadRecord, Problem, Record, jwk_of, parse, verify
from likeness.core import jws, messages
from likeness.errors import Untrusted, UsageError


@dataclass(frozen=True, slots=True)
class Finding:
    """One record of one file; `problem` is empty when all is well."""

    where: str  # file and line
    record: Record | None
    problem: str


def inspect(files: Iterable[Path], *keys: ECKey) -> list[Finding]:
    """Judge every record, then the chains that they form together.

    Args:
        files: what to read.
        keys: the device's public keys; a key that it had later may be left out if the
            record of its change is in the files.

    Raises:
        UsageError: a file cannot be read or holds no record.
    """
    lines = [
        (f"{path}:{line}", token, said)
        for path in files
        for line, (token, said) in _tokens(path)
    ]
    by_kid = {key.thumbprint(): key for key in keys}
    _learn_keys([token for _, token, _ in lines], by_kid)
    found = []
    for where, token, said in lines:
        try:
            record = _judge(token, by_kid)
            found.append(Finding(where, record, _contradiction(record, said)))
        except BadRecord as fault:
            found.append(Finding(where, None, str(fault)))
    return _with_keys(_with_chains(found))


def _judge(token: str, by_kid: Mapping[str, ECKey]) -> Record:
    some = next(iter(by_kid.values()))  # any: the signature will not be good for it
    return verify(token, by_kid.get(parse(token).kid, some))


def _learn_keys(tokens: list[str], by_kid: dict[str, ECKey]) -> None:
    """Add the keys that good key changes bring, each change after the one before."""
    before = -1
    while len(by_kid) != before:
        before = len(by_kid)
        for token in tokens:
            try:
                if parse(token).typ == messages.KEY:
                    change = _judge(token, by_kid).claims
                    if isinstance(change, messages.KeyChange):
                        by_kid.setdefault(change.key.kid, jwk_of(change.key))
            except BadRecord:
                continue  # its own line says so


def _with_keys(found: list[Finding]) -> list[Finding]:
    """Name what a key signed beyond the change that replaced it, or before its own."""
    changes = [
        (parse(one.record.token).kid, one.record.claims)
        for one in found
        if one.record and isinstance(one.record.claims, messages.KeyChange)
    ]
    return [
        replace(one, problem=one.problem or _wrong_key(one.record, changes))
        for one in found
    ]


def _wrong_key(
    record: Record | None, changes: list[tuple[str, messages.KeyChange]]
) -> str:
    if record is None:
        return ""
    kid, claims = parse(record.token).kid, record.claims
    for old_kid, change in changes:
        if (claims.iss, claims.epoch) != (change.iss, change.epoch):
            continue
        late = kid == old_kid and claims.seq > change.seq
        early = kid == change.key.kid and claims.seq <= change.seq
        if late or early:
            return f"{Problem.WRONG_KEY}: the key changed at seq {change.seq}"
    return ""


def describe(record: Record) -> str:
    """Say in one line what was decided; who it was stays sealed."""
    claims = record.claims
    at = datetime.fromtimestamp(claims.iat, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    when = f"{at} (clock {claims.time_quality})"
    place = f"seq {claims.seq} of epoch {claims.epoch[:8]}"
    by = f"by {claims.iss}, {when}, {place}, {claims.environment}"
    if isinstance(claims, messages.EpochBegins):
        return f"epoch begins {by}"
    if isinstance(claims, messages.KeyChange):
        return f"key changes to {claims.key.kid} {by}"
    reasons = f" ({', '.join(claims.reasons)})" if claims.reasons else ""
    scores = ""
    if claims.match is not None:
        score, threshold = claims.match.score / 1e6, claims.match.threshold / 1e6
        scores = f", match {score:.3f} against {threshold:.3f}"
    policy = f", policy {claims.policy}"
    card = _card(claims.card)
    return f"{claims.verdict}{reasons} for {claims.purpose}{scores}{card}{policy}, {by}"


def _card(card: messages.CardFacts | None) -> str:
    """Say what was read, what held of it and what did not; never whose it is."""
    if card is None:
        return ""
    issuer = f" of {card.issuer}" if card.issuer else ""
    held = f" ({', '.join(card.checked)})" if card.checked else ""
    failed = f" but not ({', '.join(card.unchecked)})" if card.unchecked else ""
    return f", card {card.kind}{issuer}{held}{failed}"


def _contradiction(record: Record, said: object) -> str:
    """Say if the line around a token claims another verdict than was signed."""
    signed = getattr(record.claims, "verdict", None)
    if said is None or said == signed:
        return ""
    return "the line around it says another verdict than the signed one"


def _tokens(path: Path) -> Iterator[tuple[int, tuple[str, object]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        why = getattr(problem, "strerror", None) or "it is not text"
        raise UsageError(f"{path}: cannot be read: {why}") from problem
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    lines = [(n, line) for n, line in lines if line]
    if not lines:
        raise UsageError(f"{path}: holds no result")
    for number, line in lines:
        yield number, _in_json(line) if line.startswith("{") else (line, None)


def _in_json(line: str) -> tuple[str, object]:
    """Return token and verdict of a `results.jsonl` line; "" if there is no token."""
    try:
        members = jws.load_object(line.encode())
    except Untrusted:
        return "", None
    token = members.get("result")
    return (token if isinstance(token, str) else "", members.get("verdict"))


def _with_chains(found: list[Finding]) -> list[Finding]:
    """Name forks and gaps between the good records, whatever their order."""
    by_epoch: dict[tuple[str, str], dict[int, list[Record]]] = {}
    for finding in found:
        if finding.record is not None:
            claims = finding.record.claims
            chain = by_epoch.setdefault((claims.iss, claims.epoch), {})
            chain.setdefault(claims.seq, []).append(finding.record)
    return [
        finding
        if finding.record is None
        else Finding(
            finding.where,
            finding.record,
            finding.problem
            or _doubt(
                finding.record,
                by_epoch[(finding.record.claims.iss, finding.record.claims.epoch)],
            ),
        )
        for finding in found
    ]


def _doubt(record: Record, chain: dict[int, list[Record]]) -> str:
    seq = record.claims.seq
    if any(other.hash != record.hash for other in chain[seq]):
        return f"{Problem.FORK}: another record has this place"
    if seq == min(chain):
        return ""
    if seq - 1 not in chain:
        last = max(other for other in chain if other < seq)
        return f"{Problem.GAP}: nothing between seq {last} and this"
    if record.prev != chain[seq - 1][0].hash:
        return f"{Problem.FORK}: it does not follow seq {seq - 1}"
    return ""
