"""`likeness reader … --emrtd` as a program of its own."""

import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.commands import reader_emrtd
from likeness.simulators.emrtd_files import DG1

WAKE_AND_VERSION = bytes.fromhex("5555" + "00" * 14 + "0000FF02FED4022A00")
VERSION_IS = bytes.fromhex("0000FF00FF000000FF06FAD50332010607E800")
AT_MOST_S = 30.0


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card.toml"
    trust = str(tmp_path / "trust")
    words = ["reader", "card", "--emrtd", "--out", str(path), "--trust", trust]
    assert main([*words, "--seed", "5", "--kind", "td3"]) == 0
    return path


def started(*options: object) -> subprocess.Popen[str]:
    words = ("reader", "simulate", "--emrtd", *map(str, options))
    return subprocess.Popen(
        [sys.executable, "-m", "likeness", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(program: subprocess.Popen[str]) -> tuple[int, str]:
    program.send_signal(signal.SIGTERM)
    _, complaint = program.communicate(timeout=AT_MOST_S)
    return program.returncode, complaint


def said(program: subprocess.Popen[str]) -> str:
    assert program.stdout is not None
    return program.stdout.readline().strip()


def test_the_card_file_and_what_lies_beside_it(card: Path) -> None:
    chip = reader_emrtd.load(card, []).chip
    assert b"P<UTOSPECIMEN<<SAMPLE<F" in chip.files[DG1]
    authority = (card.parent / "authority" / "csca.cer").read_bytes()
    assert (card.parent / "trust" / "csca.cer").read_bytes() == authority


def test_two_cards_of_one_folder_are_of_one_state(card: Path) -> None:
    before = (card.parent / "authority" / "csca.cer").read_bytes()
    other = str(card.parent / "other.toml")
    assert main(["reader", "card", "--emrtd", "--out", other]) == 0
    assert (card.parent / "authority" / "csca.cer").read_bytes() == before


def test_before_a_pn532_until_interrupted(card: Path, tmp_path: Path) -> None:
    link = tmp_path / "pn532"
    program = started("--card", card, "--link", link, "--relay-every", "5")
    assert said(program) == str(link)
    device = os.open(link, os.O_RDWR | os.O_NOCTTY)
    os.write(device, WAKE_AND_VERSION)
    heard = b""
    while len(heard) < len(VERSION_IS):
        ready, _, _ = select.select([device], [], [], AT_MOST_S)
        assert ready
        heard += os.read(device, 100)
    assert heard == VERSION_IS
    os.close(device)
    assert ended(program) == (0, "")
    assert not link.is_symlink()


def test_in_a_virtual_slot_until_interrupted(card: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as driver:
        driver.settimeout(AT_MOST_S)
        port = driver.getsockname()[1]
        program = started("--card", card, "--over", "vpcd", "--port", port)
        assert said(program) == f"127.0.0.1:{port}"
        line, _ = driver.accept()
        with line:
            line.settimeout(AT_MOST_S)
            line.sendall(b"\0\1\4")
            assert line.recv(100).hex().startswith("000d3b88800100")
            assert ended(program) == (0, "")
            assert line.recv(1) == b""


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--over", "vpcd", "--baud", "9600"], "--baud is not for a chip in a virtual"),
        (["--over", "vpcd", "--line-fault", "torn"], "--line-fault is not for"),
        (["--port", "1234"], "--port is not for a chip before a PN532"),
        (["--baud", "9600"], "--baud 9600: a PN532 has 115200 alone"),
        (["--fault", "cloned:x"], "TIMES is a whole number"),
        (["--fault", "sm-bad-mac:x@DG2"], "TIMES is a whole number"),
        (["--line-fault", "torn:x"], "TIMES is a whole number"),
        (["--fault", "nonsense"], "unknown fault 'nonsense'"),
        (["--line-fault", "nonsense"], "unknown fault 'nonsense'"),
        (["--link", "{folder}/missing/reader"], "cannot be made: No such file"),
        (["--card", "{folder}/none.toml"], "cannot be read: No such file"),
    ],
)
def test_wrong_use_is_one_line(
    card: Path,
    capfd: pytest.CaptureFixture[str],
    options: list[str],
    complaint: str,
) -> None:
    capfd.readouterr()
    filled = [option.format(folder=card.parent) for option in options]
    words = ["reader", "simulate", "--emrtd", "--card", str(card), *filled]
    assert main(words) in (2, 78)
    lines = capfd.readouterr().err
    assert complaint in lines
    assert lines.count("\n") == 1


def test_a_slot_says_what_it_waits_for(card: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as driver:
        port = driver.getsockname()[1]
    program = started("--card", card, "--over", "vpcd", "--port", port)
    assert program.stderr is not None
    line = program.stderr.readline()
    assert line == f"waiting for pcscd with vsmartcard-vpcd at 127.0.0.1:{port}\n"
    assert ended(program) == (0, "")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ('can = "039595"', 'can = "39595"', "can: it has six digits"),
        ('can = "039595"', 'can = "٣٩٥٩٥٠"', "can: it has six digits"),
        ('"authority"', '"elsewhere"', "elsewhere is no folder"),
    ],
)
def test_a_card_file_that_cannot_be_used_is_refused_by_name(
    card: Path,
    capfd: pytest.CaptureFixture[str],
    before: str,
    after: str,
    complaint: str,
) -> None:
    text = card.read_text(encoding="utf-8")
    assert before in text
    card.write_text(text.replace(before, after), encoding="utf-8")
    capfd.readouterr()
    assert main(["reader", "simulate", "--emrtd", "--card", str(card)]) == 78
    (line,) = capfd.readouterr().err.splitlines()
    assert complaint in line
    assert not (card.parent / "elsewhere").exists()


def test_a_card_file_of_the_other_family_says_so(
    card: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    resident = tmp_path / "resident.toml"
    assert main(["reader", "card", "--out", str(resident)]) == 0
    capfd.readouterr()
    assert main(["reader", "simulate", "--card", str(card)]) == 78
    assert "this is a card file for --emrtd" in capfd.readouterr().err
    assert main(["reader", "simulate", "--emrtd", "--card", str(resident)]) == 78
    assert "this is a card file without --emrtd" in capfd.readouterr().err


def test_no_key_is_left_beside_a_file_that_cannot_be_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "folder"
    out.mkdir()
    assert main(["reader", "card", "--emrtd", "--out", str(out)]) == 2
    assert "cannot be written" in capfd.readouterr().err
    assert list(tmp_path.iterdir()) == [out]


def test_what_opens_the_chip_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "card.toml"
    assert main(["reader", "card", "--emrtd", "--out", str(out)]) == 0
    path, can, *lines = capfd.readouterr().out.splitlines()
    assert path == str(out)
    chip = reader_emrtd.load(out, []).chip
    assert can == f"CAN {chip.can}"
    assert chip.files[DG1].endswith("".join(lines).encode())
    assert [len(line) for line in lines] == [30, 30, 30]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["card", "--kind", "td1"], "--kind td1 needs --emrtd"),
        (["card", "--emrtd", "--kind", "cn_resident"], "cn_resident is not for"),
        (["card", "--trust", "trust"], "--trust is for --emrtd"),
        (["card", "--emrtd", "--portrait", "nope.jpg"], "nope.jpg cannot be read"),
    ],
)
def test_a_card_file_that_makes_no_sense_is_not_written(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    complaint: str,
) -> None:
    out = tmp_path / "card.toml"
    assert main(["reader", *words, "--out", str(out)]) == 2
    lines = capfd.readouterr().err
    assert complaint in lines
    assert lines.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_options_of_chips_are_not_taken_by_an_sdt_reader(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "card.toml"
    assert main(["reader", "card", "--out", str(path)]) == 0
    for option in (["--over", "pn532"], ["--radio", "b"], ["--port", "1"]):
        assert main(["reader", "simulate", "--card", str(path), *option]) == 2
        assert f"{option[0]} is not for an SDT reader" in capfd.readouterr().err
