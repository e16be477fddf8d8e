"""The decoder edge with real programs, each a line of Python."""

import asyncio
import logging
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness.core.vocabulary import Portrait
from likeness.edges.portrait_decoder import CommandPortrait
from likeness.simulators.wlt_decoder import portrait_record

RECORD = bytes(range(256)) * 4


def decode(*command: str, timeout_s: float = 20.0, record: bytes = RECORD) -> Portrait:
    return asyncio.run(CommandPortrait(command, timeout_s).decode(record))


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-c", code)


def reason(code: str, timeout_s: float = 20.0) -> str:
    portrait = decode(*python(code), timeout_s=timeout_s)
    assert portrait.image is None
    return portrait.reason


def stripes(suffix: str = ".bmp") -> bytes:
    image = np.tile(np.arange(102, dtype=np.uint8) * 2, (126, 1))
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def test_the_record_goes_in_and_the_picture_comes_out(tmp_path: Path) -> None:
    path = tmp_path / "picture.bmp"
    path.write_bytes(stripes())
    code = (
        "import sys; record = sys.stdin.buffer.read();"
        "assert record == bytes(range(256)) * 4;"
        f"sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())"
    )
    assert decode(*python(code)) == Portrait(stripes())


def test_the_stand_in_decoder_finds_the_picture_of_a_record(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(stripes(".png"))
    (tmp_path / "two.jpg").write_bytes(stripes(".jpg"))
    command = (
        sys.executable,
        *("-m", "likeness.simulators.wlt_decoder", "--pictures", str(tmp_path)),
    )
    for suffix in (".png", ".jpg"):
        picture = stripes(suffix)
        assert decode(*command, record=portrait_record(picture)) == Portrait(picture)
    assert decode(*command).reason == "decoder-failed"


def test_no_command_is_no_decoder() -> None:
    assert decode() == Portrait(None, "wlt-no-decoder")


def test_no_record_needs_no_decoder() -> None:
    assert decode("false", record=b"") == Portrait(None, "no-record")


@pytest.mark.parametrize("command", ["/nowhere/decode", "/", "no-such-program-here"])
def test_a_missing_program(command: str) -> None:
    assert decode(command) == Portrait(None, "decoder-missing")


def test_a_program_that_fails_even_with_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "picture.bmp"
    path.write_bytes(stripes())
    code = f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read());"
    assert reason(code + "sys.exit(4)") == "decoder-failed"
    assert reason("import os; os.abort()") == "decoder-failed"


def test_a_program_that_never_ends_is_killed_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "child"
    code = (
        "import subprocess, sys;"
        "child = subprocess.Popen(['sleep', '1000']);"
        f"open({str(told)!r}, 'w').write(str(child.pid));"
        "child.wait()"
    )
    assert reason(code, timeout_s=1.5) == "decoder-timeout"
    child = int(told.read_text())
    status = Path(f"/proc/{child}/stat")
    # Killed children of a killed parent go to init; they are gone or zombies.
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_a_child_that_keeps_the_pipe_open_cannot_hold_us_up(tmp_path: Path) -> None:
    code = "import subprocess; subprocess.Popen(['sleep', '1000'])"
    assert reason(code, timeout_s=1.5) == "decoder-timeout"


def test_a_program_that_does_not_read_its_input() -> None:
    assert reason("import sys; sys.stdin.close()") == "decoder-no-picture"


def test_a_flood_is_cut_off() -> None:
    code = "import sys\nwhile True: sys.stdout.buffer.write(bytes(65536))"
    assert reason(code) == "decoder-too-much"


def test_a_talkative_program_is_not_blocked_by_its_complaints() -> None:
    assert reason("import sys; sys.stderr.write('x' * 1000000)") == "decoder-no-picture"


@pytest.mark.parametrize(
    ("shape", "shade", "expected"),
    [
        ((126, 102), 90, "decoder-blank"),
        ((20, 20), None, "decoder-odd-size"),
    ],
)
def test_a_picture_that_cannot_be_a_portrait(
    tmp_path: Path, shape: tuple[int, int], shade: int | None, expected: str
) -> None:
    image = np.full(shape, shade or 0, np.uint8)
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), image)
    code = f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())"
    assert reason(code) == expected


def test_what_a_program_says_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        reason("import sys; sys.exit('the name of the person')")
    assert "stderr_bytes=" in caplog.text
    assert "the name" not in caplog.text


def test_the_environment_is_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_DAEMON", "1")
    told = tmp_path / "environment"
    code = f"import os; open({str(told)!r}, 'w').write(' '.join(sorted(os.environ)))"
    reason(code)
    names = set(told.read_text().split())
    assert names <= {"LC_ALL", "PATH", "LC_CTYPE"}
    assert "SECRET_OF_THE_DAEMON" in os.environ
