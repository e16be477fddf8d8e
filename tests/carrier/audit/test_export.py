"""An inspector's file is checked offline; what was done to it is found and named."""

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from audits import DEVICE, Far, another
from likeness.__main__ import main
from likeness.carrier.audit import export_check
from likeness.carrier.audit.export_seal import Checked
from likeness.core import jws
from likeness.edges import key_files
from results import EPOCH, NAME, NUMBER, Bench, bench, chain_of
from rotations import after, change, more, with_new_key

OTHER = "fedcba9876543210" * 2
Lines = list[bytes]


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def far(near: Bench, place: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Far]:
    carrier = Far(near, place, capsys)
    yield carrier
    carrier.close()


def exported(far: Far, folder: Path, *words: object) -> tuple[int, Path]:
    out = folder / "export.jsonl"
    code, _ = far.command("export", "--device", DEVICE, "--out", out, *words)
    return code, out


def checked(near: Bench, file: Path) -> Checked:
    jwk = json.loads((near.keys.carrier / "audit.jwk").read_text())
    return export_check.check(file, ECKey.import_key(jwk))


def tampered(file: Path, how: Callable[[Lines], Lines]) -> Path:
    lines = file.read_bytes().splitlines(keepends=True)
    other = file.with_name("tampered.jsonl")
    other.write_bytes(b"".join(how(lines)))
    return other


def test_a_whole_export_is_genuine_and_whole(
    far: Far, near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    former = chain_of(near, 2, OTHER)
    far.take(*former)
    far.take(*chain_of(near, 5))
    _, file = exported(far, tmp_path)
    told = checked(near, file)
    assert told.troubles == []
    assert len(told.chains) == 2
    kinds = [next(iter(json.loads(line))) for line in file.read_bytes().splitlines()]
    assert kinds[0] == "export"
    assert kinds[-2:] == ["summary", "seal"]
    assert NAME.encode() not in file.read_bytes()
    assert NUMBER.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_the_command_says_so_and_needs_no_database(
    far: Far, near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    far.take(*chain_of(near, 5))
    assert exported(far, tmp_path) == (0, tmp_path / "export.jsonl")
    assert exported(far, tmp_path)[0] == 2, "none is ever overwritten"
    far.close()
    audit_key = near.keys.carrier / "audit.jwk"
    capsys.readouterr()
    file = str(tmp_path / "export.jsonl")
    words = ["carrier", "verify-export", file, "--audit-key", str(audit_key)]
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines()[-1].endswith("genuine, whole")


def change_a_verdict(lines: Lines) -> Lines:
    line = json.loads(lines[3])
    header, payload, signature = line["result"].split(".")
    said = jws.decode(payload).replace(b'"refused"', b'"accepted"')
    line["result"] = f"{header}.{jws.encode(said)}.{signature}"
    return [*lines[:3], json.dumps(line).encode() + b"\n", *lines[4:]]


def hide_a_refusal(lines: Lines) -> Lines:
    line = json.loads(lines[3])
    line["refusal"] = "wrong_environment"
    return [*lines[:3], json.dumps(line).encode() + b"\n", *lines[4:]]


def hide_a_finding(lines: Lines) -> Lines:
    line = json.loads(lines[-2])
    line["summary"]["results"] = {}
    return [*lines[:-2], json.dumps(line).encode() + b"\n", lines[-1]]


def put_in(beside: bytes) -> Callable[[Lines], Lines]:
    """Put a member into the seal's own line, which is under no seal."""
    return lambda lines: [*lines[:-1], lines[-1].replace(b"}", b"," + beside + b"}")]


def exchange_a_key(lines: Lines) -> Lines:
    line = json.loads(lines[0])
    line["export"]["keys"][0]["jwk"]["x"] = "A" * 43
    return [json.dumps(line).encode() + b"\n", *lines[1:]]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (put_in(b'"received":5'), r"line 9: more than a seal"),
        (exchange_a_key, r"line 1: a key of the device's is none"),
        (change_a_verdict, r"line 4: signature: the token at seq 2 is not what"),
        (hide_a_refusal, r"seal: the lines are not those"),
        (hide_a_finding, r"seal: the lines are not those"),
        (lambda s: [*s[:-3], *s[-2:]], r"it ends at seq 4 here, and at seq 5 by"),
        (lambda s: [*s[:3], *s[4:]], r"line 4: gap: seq 2 are not here"),
        (lambda s: [*s[:3], s[4], s[3], *s[5:]], r"line 5: seq 2 stands after seq 3"),
        (lambda s: [*s[:3], s[3], *s[3:]], r"line 5: seq 2 stands after seq 2"),
        (lambda s: [s[0], *s[7:]], rf"chain {EPOCH}: all its records are missing"),
        (lambda s: s[:-1], r"no seal: lines at the end are missing"),
        (lambda s: s[:-2], r"no summary where it should be"),
        (lambda s: [*s[:4], b"rubbish\n", *s[4:]], r"line 5: not a line of an export"),
        (lambda s: [*s, b"\n"], r"no seal"),
    ],
)  # fmt: skip
def test_what_was_done_to_it_is_named(
    near: Bench,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    how: Callable[[Lines], Lines],
    says: str,
) -> None:
    far = Far(near, str(tmp_path / "carrier.db"), capsys)
    far.take(*chain_of(near, 5))
    _, file = exported(far, tmp_path)
    far.close()
    told = checked(near, tampered(file, how))
    assert not told.is_genuine
    assert any(re.search(says, one) for one in told.troubles), told.troubles


def test_another_seal_than_the_carriers(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever changes the file and seals it anew has another key."""
    far = Far(near, str(tmp_path / "carrier.db"), capsys)
    far.take(*chain_of(near, 3))
    good_key = near.keys.private("audit").read_bytes()
    near.keys.private("audit").unlink()
    key_files.make_private(near.keys.private("audit"))
    _, file = exported(far, tmp_path)
    near.keys.private("audit").write_bytes(good_key)
    far.close()
    (trouble,) = checked(near, file).troubles
    assert trouble.startswith("seal: by another key")


def test_what_the_carrier_states_is_told_and_is_genuine(
    far: Far, near: Bench, tmp_path: Path
) -> None:
    tokens = chain_of(near, 6)
    far.take(*tokens[:3], *tokens[5:])
    far.take(*another(near, tokens[:2]))
    code, file = exported(far, tmp_path)
    told = checked(near, file)
    assert (code, told.is_genuine, told.is_whole) == (1, True, False)
    assert [one.split(" at ")[0] for one in told.stated] == ["fork", "gap"]
    hidden = tampered(file, lambda s: [*s[:2], *s[3:]])
    assert any("line 3: gap" in one for one in checked(near, hidden).troubles)


def test_a_period_begins_where_the_one_before_it_ended(
    far: Far, near: Bench, tmp_path: Path
) -> None:
    tokens = chain_of(near, 9)
    first, day = far.now, 86_400
    for part in (tokens[:4], tokens[4:7], tokens[7:]):
        far.take(*part)
        far.now += day
    words = ("--from", date(first + day - 60), "--to", date(first + day + 60))
    code, file = exported(far, tmp_path, *words)
    told = checked(near, file)
    assert (code, told.troubles) == (0, [])
    assert told.summary is not None
    (chain,) = told.summary.chains
    assert chain.before is not None
    assert (chain.before.seq, chain.last.seq, chain.records) == (3, 6, 3)
    assert chain.before.hash == jws.chain_hash(tokens[3])
    first_gone = checked(near, tampered(file, lambda s: [s[0], *s[2:]]))
    assert any("line 2: gap: seq 4" in one for one in first_gone.troubles)


def date(utc_s: int) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_key_change_goes_with_the_file(far: Far, near: Bench, tmp_path: Path) -> None:
    new = with_new_key(near, tmp_path / "new")
    tokens = chain_of(near, 2)
    tokens.append(change(near, new, after(tokens, EPOCH)))
    far.take(*more(new, tokens, 2, EPOCH))
    _, file = exported(far, tmp_path)
    told = checked(near, file)
    assert told.troubles == []
    assert told.opening is not None
    assert [one.in_file for one in told.opening.keys] == [True, False]
    assert told.opening.keys[1].since.startswith("brought by the key change at seq 3")

    def without_change(lines: Lines) -> Lines:
        opening = json.loads(lines[0])
        opening["export"]["key_changes"] = []
        del opening["export"]["keys"][1]
        return [json.dumps(opening).encode() + b"\n", *lines[1:4], *lines[5:]]

    troubles = checked(near, tampered(file, without_change)).troubles
    assert any("key: seq 4 is signed by key" in one for one in troubles)


@pytest.mark.parametrize("text", ["", "rubbish\n", '{"result": "a.b.c"}\n'])
def test_what_is_no_export_is_one_line(
    tmp_path: Path, near: Bench, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x"
    file.write_text(text)
    audit_key = near.keys.carrier / "audit.jwk"
    words = ["carrier", "verify-export", str(file), "--audit-key", str(audit_key)]
    assert main(words) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_device_of_which_nothing_is_here(far: Far, tmp_path: Path) -> None:
    assert exported(far, tmp_path)[0] == 2
    assert list(tmp_path.glob(".export*")) == []
