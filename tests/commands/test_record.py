"""`likeness record`: what it refuses before anybody is asked, its keys, its list."""

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.edges import directory_lock
from likeness.recording import archive, keeping, sealed
from likeness.recording.archive import Member
from likeness.recording.keeping import Folder

CONFIG = """\
[terminal]
device = "t"
environment = "test"
profile = "demo"
state_dir = "{home}/state"
[camera]
source = "feed"
path = "clip.mp4"
[record]
by = "Example Telecom"
bench_key = "{key}"
{more}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A terminal, a bench with its keys, a folder for films."""
    assert main(["record", "keys", "make", "--out", str(tmp_path / "bench")]) == 0
    (tmp_path / "to").mkdir()
    configure(tmp_path)
    return tmp_path


def configure(home: Path, more: str = "", key: Path | None = None) -> None:
    key = key or home / "bench/bench-record.jwk"
    text = CONFIG.format(home=home, key=key, more=more)
    (home / "t.toml").write_text(text)


def record(home: Path, *words: str) -> int:
    return main(["record", "--config", f"{home}/t.toml", "--to", f"{home}/to", *words])


def film(home: Path, when: datetime) -> Path:
    folder = Folder(
        home / "to",
        bench_key=str(home / "bench/bench-record.jwk"),
        keep_files=9,
        keep_days=90,
    )
    members = [Member("visit.toml", b'visit = 1\nvideo = "frames"\nfps = 25\n')]
    return folder.add(members, when, threading.Event())


def test_keys_are_a_pair_and_never_overwritten(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    private, public = (home / f"bench/bench-record.{end}" for end in ("key", "jwk"))
    assert private.stat().st_mode & 0o777 == 0o600
    assert json.loads(public.read_text()).keys() == {"crv", "kty", "x", "y", "kid"}
    before = private.read_bytes()
    assert main(["record", "keys", "make", "--out", str(home / "bench")]) == 2
    assert "holds such a key already" in capsys.readouterr().err
    assert private.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "more", "code", "said"),
    [
        (["--acts", "wink"], "", 2, "--acts 'wink': give one or more of blink"),
        (["--acts", ""], "", 2, "--acts '': give one or more of blink"),
        (["--seconds", "60"], "", 2, "take at most --seconds 24"),
        (["--to", "nowhere"], "", 2, "nowhere: no such folder"),
        ([], "keep_files = 1", 2, "record.keep_files is 1"),
    ],
)
def test_what_cannot_be_is_said_before_anybody_is_asked(
    home: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    more: str,
    code: int,
    said: str,
) -> None:
    configure(home, more)
    film(home, datetime.now(UTC))
    assert record(home, *words) == code
    told = capsys.readouterr()
    assert said in told.err
    assert "What you agree to" not in told.out
    assert len(list((home / "to").iterdir())) == 1


def test_without_a_bench_key_nothing_is_recorded(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(home, key=Path())
    (home / "t.toml").write_text((home / "t.toml").read_text().replace('"."', '""'))
    assert record(home) == 78
    assert "record.bench_key is empty" in capsys.readouterr().err
    configure(home, key=home / "none.jwk")
    assert record(home) == 78
    assert "none.jwk" in capsys.readouterr().err


def test_who_keeps_the_film_must_be_named(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (home / "t.toml").read_text().replace("Example Telecom", " ")
    (home / "t.toml").write_text(text)
    assert record(home) == 78
    assert "record.by is empty" in capsys.readouterr().err


def test_a_running_daemon_keeps_its_terminal(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = directory_lock.hold(home / "state")
    try:
        assert record(home) == 2
        assert "another likeness daemon works here; stop it" in capsys.readouterr().err
    finally:
        os.close(held)


def test_films_are_listed_and_deleted_by_name(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = film(home, datetime.now(UTC) - timedelta(days=3))
    new = film(home, datetime.now(UTC))
    capsys.readouterr()
    assert main(["record", "list", str(home / "to")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(old.name)
    assert first.endswith("3 days old")
    assert second.startswith(new.name)
    assert main(["record", "list", str(home / "to"), "--delete", "visit-x"]) == 2
    assert main(["record", "list", str(home / "to"), "--delete", old.name]) == 0
    assert keeping.recordings(home / "to") == [new]


def test_a_film_opens_with_its_key_alone(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = film(home, datetime.now(UTC)), home / "clear"
    key = home / "bench/bench-record.key"
    assert main(["record", "keys", "make", "--out", str(home / "other")]) == 0
    wrong = home / "other/bench-record.key"
    words = ["record", "open", str(path), "--out", str(out), "--key"]
    assert main([*words, str(wrong)]) == 2
    assert "sealed for another key" in capsys.readouterr().err
    assert not out.exists()
    assert main([*words, str(key)]) == 0
    assert sorted(one.name for one in out.iterdir()) == ["SHA256SUMS", "visit.toml"]
    assert main([*words, str(key)]) == 2
    assert "is there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("damage", "said"),
    [("cut", "is cut off"), ("altered", "was altered"), ("empty", "it is empty")],
)
def test_a_damaged_film_is_one_line_at_the_bench(
    home: Path, capsys: pytest.CaptureFixture[str], damage: str, said: str
) -> None:
    path, whole = film(home, datetime.now(UTC)), b""
    if damage == "altered":
        whole = path.read_bytes()
        whole = whole[:-50] + (b"A" if whole[-50:-49] != b"A" else b"B") + whole[-49:]
    elif damage == "cut":
        members = [Member("frames/00000.jpg", bytes(100_000))]
        path.write_bytes(next(sealed.seal(archive.packed(members), jwk_of(home))))
    if damage != "cut":
        path.write_bytes(whole)
    key = ("--record-key", str(home / "bench/bench-record.key"))
    assert main(["replay", str(path), *key, "--out", str(home / "out")]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert said in lines[0]
    assert path.name in lines[0]


def test_replay_asks_for_the_key(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = film(home, datetime.now(UTC))
    assert main(["replay", str(path), "--out", str(home / "out")]) == 2
    assert "needs --record-key" in capsys.readouterr().err


def jwk_of(home: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((home / "bench/bench-record.jwk").read_text())
    return found
