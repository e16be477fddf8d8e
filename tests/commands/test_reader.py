"""`likeness reader` as a program of its own."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import serial  # type: ignore[import-untyped]  # pyserial ships no types

from likeness.__main__ import main
from likeness.simulators.card_file import load

STX_NUMBER = bytes.fromhex("02 00 03 CA 01 02 C9 03")
FIND = bytes.fromhex("AA AA AA 96 69 00 03 20 01 22")
FOUND = bytes.fromhex("AA AA AA 96 69 00 08 00 00 9F 00 00 00 00 97")
AT_MOST_S = 30.0


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card.toml"
    assert main(["reader", "card", "--out", str(path), "--seed", "5"]) == 0
    return path


def test_a_card_that_is_there_stays(card: Path) -> None:
    made = card.read_bytes()
    assert main(["reader", "card", "--out", str(card), "--seed", "6"]) == 2
    assert card.read_bytes() == made


def test_an_invented_card_can_be_loaded(card: Path) -> None:
    assert len(load(card).text) == 256


def test_a_portrait_that_is_not_there_is_said_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "card.toml"
    words = ["reader", "card", "--out", str(path), "--portrait", "nope.jpg"]
    assert main(words) == 2
    complaint = capsys.readouterr().err
    assert f"--portrait nope.jpg: {tmp_path / 'nope.jpg'} cannot be read" in complaint
    assert complaint.count("\n") == 1
    assert not path.exists()
    (tmp_path / "nope.jpg").write_bytes(b"a picture")
    assert main(words) == 0
    assert any(load(path).portrait)


def test_a_module_behind_stx_frames_at_a_rate_of_its_own(
    card: Path, tmp_path: Path
) -> None:
    link = tmp_path / "reader"
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "likeness", "reader", "simulate", "--stx"),
            *("--card", str(card), "--link", str(link), "--baud", "19200"),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    program.stdout.readline()
    with serial.Serial(str(link), 115200, timeout=0.3, exclusive=True) as device:
        device.write(STX_NUMBER)
        assert device.read(5) == b""  # at another rate it hears noise
        device.baudrate = 19200
        device.timeout = AT_MOST_S
        device.write(STX_NUMBER)
        assert device.read(5) == bytes.fromhex("02 00 26 90 00")
    program.terminate()
    program.communicate(timeout=AT_MOST_S)


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_simulate_serves_until_interrupted(
    card: Path, tmp_path: Path, signal_number: signal.Signals
) -> None:
    link = tmp_path / "reader"
    program = subprocess.Popen(
        [
            *(sys.executable, "-m", "likeness", "reader", "simulate"),
            *("--card", str(card), "--link", str(link), "--relay-every", "5"),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == f"{link}\n"
    device = os.open(link, os.O_RDWR | os.O_NOCTTY)
    os.write(device, FIND)
    ready, _, _ = select.select([device], [], [], AT_MOST_S)
    assert ready
    assert os.read(device, 100) == FOUND
    os.close(device)
    program.send_signal(signal_number)
    _, complaint = program.communicate(timeout=AT_MOST_S)
    assert (program.returncode, complaint) == (0, "")
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--fault", "nonsense"], "unknown fault 'nonsense'"),
        (["--hold", "3", "--relay-every", "5"], "not both"),
        (["--link", "{folder}"], "is no symbolic link"),
        (["--link", "{folder}/missing/reader"], "cannot be made: No such file"),
        (["--card", "{folder}/none.toml"], "cannot be read: No such file"),
    ],
)
def test_wrong_use_is_one_line(
    card: Path, capfd: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    capfd.readouterr()
    filled = [option.format(folder=card.parent) for option in options]
    assert main(["reader", "simulate", "--card", str(card), *filled]) in (2, 78)
    complaint = capfd.readouterr().err
    assert said in complaint
    assert complaint.count("\n") == 1
