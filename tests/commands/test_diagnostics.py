"""`likeness diagnostics`: the bundle of a terminal that does not run; a timeline."""

import asyncio
import json
import tarfile
from pathlib import Path

import pytest

from doomed_store import token_at
from likeness.__main__ import main
from likeness.core.statement_queue import Signed
from likeness.diagnostics import archive
from likeness.edges import fault_files
from likeness.edges.store import SqliteStore
from likeness.edges.store_statements import SqliteStatements
from stories import story
from terminals import settings, to_toml

FIELD = Path(__file__).parent.parent / "field"


@pytest.fixture
def config(tmp_path: Path, pictures: Path) -> Path:
    given = settings(tmp_path, pictures / "carphone.mp4")
    path = tmp_path / "terminal.toml"
    path.write_text(to_toml(given), encoding="utf-8")
    fault_files.folder_of(tmp_path / "state").mkdir(parents=True)
    return path


def bundle(config: Path, name: str = "bundle.tar.gz") -> tuple[int, dict[str, bytes]]:
    out = config.parent / name
    code = main(["diagnostics", "--config", str(config), "--out", str(out)])
    with tarfile.open(out) as tar:
        files = {member.name: tar.extractfile(member) for member in tar}
        return code, {
            name.partition("/")[2]: inside.read()
            for name, inside in files.items()
            if inside is not None
        }


def drop(config: Path, name: str, data: bytes) -> None:
    (fault_files.folder_of(config.parent / "state") / name).write_bytes(data)


def test_a_terminal_that_does_not_run(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop(config, "1-camera_lost.jsonl", (FIELD / "camera_lost.jsonl").read_bytes())
    code, files = bundle(config)
    assert code == 0
    assert set(files) == {
        *("manifest.json", "versions.json", "settings.json", "models.json"),
        *("doctor.json", "outbox.json", "machine.json", "unit.json", "log.json"),
        "faults/1-camera_lost.jsonl",
    }
    manifest = json.loads(files["manifest.json"])
    assert manifest["device"] == "shop-7"
    assert "results and statements" in manifest["left_out"]
    assert json.loads(files["doctor.json"])["reader"]["state"] == "fail"
    assert len(json.loads(files["models.json"])["sha256"]) >= 3
    assert json.loads(files["outbox.json"]).keys() == {"fault"}  # there is none yet
    assert json.loads(files["settings.json"])["keys"]["device_key"].endswith(".key")
    assert json.loads(files["machine.json"])["memory_kib"]["MemTotal"] > 0
    said = capsys.readouterr().out
    assert "no transcript of now: no daemon is seen to run" in said
    assert "holds: faults/1-camera_lost.jsonl" in said


@story
async def test_what_waits_is_counted_statements_too(config: Path) -> None:
    store = SqliteStore(config.parent / "state", token_at)
    await store.open()
    statements = SqliteStatements(store)
    for name in ("decided", "disputed", "answered"):
        await statements.keep_statement(Signed(name, "hash", "MARKED"))
    await statements.forget_statement("answered")
    _, files = await asyncio.to_thread(bundle, config)
    counts = json.loads(files["outbox.json"])
    assert (counts["waiting"], counts["statements_waiting"]) == (1, 2)
    said = json.loads(files["doctor.json"])["outbox"]["said"]
    assert said.endswith(", 2 statements wait")
    assert b"MARKED" not in b"".join(files.values())
    await store.close()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"MARKED 11010519491231002X", "none of a transcript"),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"transaction":"visit-1"', b'"transaction":"MARKED"'),
            "a transaction or nonce as it was",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"why":"replay"', b'"why":"MARKED"'),
            "its head holds more than a head of ours",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"state":"lay_card"', b'"state":"MARKED NAME"'),
            "what followed is in other than our words",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"do":"enrol"', b'"do":"enrol","card":{"name":"MARKED"}'),
            "what followed is in other than our words",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"acts":[["blink"', b'"acts":[["MARKED"'),
            "what followed is in other than our words",
        ),
        (
            (FIELD / "accepted.jsonl").read_bytes() + b'{"at":9,"raised":"MARKED 5"}\n',
            "what followed is in other than our words",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"software":"', b'"software":"MARKED 13812345678 '),
            "its head holds more than a head of ours",
        ),
        (
            (FIELD / "accepted.jsonl").read_bytes()
            + b'{"at":9,"note":"log","said":"MARKED 13812345678"}\n',
            "telephone number",
        ),
        (
            (FIELD / "accepted.jsonl").read_bytes() + b'{"at":9,"event":"MARKED"}\n',
            "no event of ours",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"purpose":"new_number"', b'"purpose":"MARKED"', 1),
            "line 2: no event of ours",
        ),
        (
            (FIELD / "accepted.jsonl")
            .read_bytes()
            .replace(b'"transcript":1', b'"transcript":110105194912310021')
            .replace(b'"why":"replay"', b'"why":"MARKED"'),
            "of another version",
        ),
    ],
)
def test_a_file_with_more_is_left_out_and_named(
    config: Path, data: bytes, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert b"MARKED" in data
    drop(config, "2-odd.jsonl", data)
    code, files = bundle(config)
    assert code == 1
    assert "faults/2-odd.jsonl" not in files
    assert b"MARKED" not in b"".join(files.values())
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "2-odd" in line)
    assert line.startswith("left out: faults/2-odd.jsonl: ")
    assert why in line


def test_the_same_content_gives_the_same_bytes() -> None:
    files = {"b": b"two", "a": b"one"}
    assert archive.pack(files) == archive.pack(dict(sorted(files.items())))


def test_wrong_use_is_told_in_one_line(
    tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diagnostics"]) == 2
    assert main(["diagnostics", "replay", str(tmp_path / "none")]) == 2
    nowhere = str(tmp_path / "none" / "out.tar.gz")
    assert main(["diagnostics", "--config", str(config), "--out", nowhere]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_the_timeline_of_a_visit(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnostics", "replay", str(FIELD / "camera_lost.jsonl")]) == 0
    said = capsys.readouterr().out
    assert "PictureStalled" in said
    assert "-> conclude verdict=referred reasons=['camera_lost'" in said
    assert "!!" not in said


def test_rules_that_decide_otherwise_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = (FIELD / "not_same_person.jsonl").read_bytes()
    changed = data.replace(b'"refer_score":0.38', b'"refer_score":-1.0')
    assert changed != data
    path = tmp_path / "changed.jsonl"
    path.write_bytes(changed)
    assert main(["diagnostics", "replay", str(path)]) == 1
    said = capsys.readouterr().out
    assert "!! then: stop_looking; conclude verdict=refused" in said
    assert "!! now:  stop_looking; conclude verdict=referred" in said
    assert "today's rules decide otherwise, first in line" in said


@pytest.mark.parametrize(
    "line",
    [
        b'{"at":9,"event":"Observed","with":{"visit":1,"observation":5}}',
        b'{"at":9,"event":"Observed","with":{"visit":1,"observation":{"face":5}}}',
        b'{"at":9,"event":"Observed","with":{"observation":%s1%s}}'
        % (b'{"a":' * 400, b"}" * 400),
    ],
)
@pytest.mark.parametrize("place", [1, 4])  # before its visit begins, and in it
def test_a_line_by_another_hand_is_refused_or_shown(
    line: bytes,
    place: int,
    tmp_path: Path,
    config: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    head, *lines = (FIELD / "accepted.jsonl").read_bytes().splitlines()
    data = b"\n".join([head, *lines[: place - 1], line, *lines[place - 1 :]])
    path = tmp_path / "odd.jsonl"
    path.write_bytes(data)
    assert main(["diagnostics", "replay", str(path)]) == (0 if place == 1 else 2)
    drop(config, "3-odd.jsonl", data)
    _, files = bundle(config)
    assert "faults/3-odd.jsonl" not in files
    assert "left out: faults/3-odd.jsonl: line" in capsys.readouterr().out


def test_a_transcript_cannot_steer_the_engineers_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = (FIELD / "accepted.jsonl").read_bytes().splitlines()[0]
    path = tmp_path / "odd.jsonl"
    path.write_bytes(head + b'\n{"at":1,"note":"\\u001b[2J","said":"a\\nb"}\n')
    assert main(["diagnostics", "replay", str(path)]) == 0
    said = capsys.readouterr().out
    assert r"[\x1b[2J] a\nb" in said
    assert "\x1b" not in said
