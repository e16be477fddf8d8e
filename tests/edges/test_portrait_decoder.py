"""The decoder edge with real programs, each a few lines of Python."""

import asyncio
import hashlib
import logging
import os
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness.core.vocabulary import Portrait
from likeness.edges.picture_decoding import PictureDecoder
from likeness.edges.portrait_decoder import CommandPortrait
from likeness.simulators.wlt_decoder import portrait_record

RECORD = bytes(range(256)) * 4


def decode(*command: str, timeout_s: float = 20.0, record: bytes = RECORD) -> Portrait:
    return asyncio.run(CommandPortrait(command, timeout_s).decode(record))


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", code)


def reason(code: str, timeout_s: float = 20.0) -> str:
    portrait = decode(*python(code), timeout_s=timeout_s)
    assert portrait.image is None
    return portrait.reason


def stripes(suffix: str = ".bmp") -> bytes:
    image = np.tile(np.arange(102, dtype=np.uint8) * 2, (126, 1))
    return bytes(cv2.imencode(suffix, image)[1].tobytes())


def shows(portrait: Portrait, picture: bytes) -> bool:
    """Whether it has the very pixels, and names the picture that was given."""
    assert portrait.image is not None, portrait.reason
    given, wanted = (
        cv2.imdecode(np.frombuffer(one, np.uint8), cv2.IMREAD_COLOR)
        for one in (portrait.image, picture)
    )
    named = portrait.digest == hashlib.sha256(picture).hexdigest()
    return named and portrait.image[:2] == b"BM" and np.array_equal(given, wanted)


@pytest.fixture
def show(tmp_path: Path) -> str:
    """A line of Python that gives a good picture."""
    path = tmp_path / "picture.bmp"
    path.write_bytes(stripes())
    return f"import sys; sys.stdout.buffer.write(open({str(path)!r}, 'rb').read())\n"


def test_the_record_goes_in_and_the_picture_comes_out(show: str) -> None:
    code = (
        "import sys; record = sys.stdin.buffer.read();"
        "assert record == bytes(range(256)) * 4;"
    )
    assert shows(decode(*python(code + show)), stripes())


def test_the_stand_in_decoder_finds_the_picture_of_a_record(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(stripes(".png"))
    (tmp_path / "two.jpg").write_bytes(stripes(".jpg"))
    command = (
        sys.executable,
        *("-m", "likeness.simulators.wlt_decoder", "--pictures", str(tmp_path)),
    )
    for suffix in (".png", ".jpg"):
        picture = stripes(suffix)
        assert shows(decode(*command, record=portrait_record(picture)), picture)
    assert decode(*command).reason == "decoder-failed"


def test_no_command_is_no_decoder() -> None:
    assert decode() == Portrait(None, "wlt-no-decoder")


def test_no_record_needs_no_decoder() -> None:
    assert decode("false", record=b"") == Portrait(None, "no-record")


@pytest.mark.parametrize("command", ["/nowhere/decode", "/", "no-such-program-here"])
def test_a_missing_program(command: str) -> None:
    assert decode(command) == Portrait(None, "decoder-missing")


def test_a_program_that_fails_even_with_a_picture(show: str) -> None:
    assert reason(show + "sys.exit(4)") == "decoder-failed"
    assert reason("import os; os.abort()") == "decoder-failed"
    segfault = "import ctypes; ctypes.string_at(0)"
    assert reason(segfault) == "decoder-failed"


# --- what it may not do -------------------------------------------------------------
# Each program gives a good picture if it was let: a portrait would be a hole.
@pytest.mark.parametrize(
    "deed",
    [
        "import os; os.fork() or os._exit(0)",
        "import os; os.posix_spawn('/bin/true', ['true'], {})",
        "import _thread; _thread.start_new_thread(print, ())",
        "import os; os.setsid()",
        "import os; os.setpgid(0, 0)",
        "import socket; socket.socket(socket.AF_UNIX)",
        "import socket; socket.create_connection(('127.0.0.1', 1))",
        "open('FOLDER/new', 'w')",
        "open('FOLDER/old', 'r+')",
        "open('FOLDER/old', 'a')",
        "import os; os.truncate('FOLDER/old', 0)",
        "import os; os.remove('FOLDER/old')",
        "import os; os.rename('FOLDER/old', 'FOLDER/new')",
        "import os; os.mkdir('FOLDER/new')",
        "import os; os.symlink('FOLDER/old', 'FOLDER/new')",
        "import os; os.chmod('FOLDER/old', 0o777)",
        "import os; os.kill(os.getppid(), 0)",
        "import os; os.kill(-1, 0)",
        "import os; os.killpg(os.getppid(), 0)",
        # The kernel would send the signal for it.
        "import fcntl; fcntl.fcntl(0, fcntl.F_SETOWN, PARENT)",
        "import fcntl; fcntl.fcntl(0, 10, 9)",  # F_SETSIG
        "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETFL, os.O_ASYNC)",
        "import fcntl; fcntl.ioctl(0, 0x5452, b'1' * 4)",  # FIOASYNC
        "import fcntl; fcntl.lockf(open('FOLDER/old'), fcntl.LOCK_SH)",
        "import os; os.memfd_create('x')",
        "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (9, 9))",
        "import os; held = [os.open('/dev/null', os.O_RDONLY) for _ in range(100)]",
        "room = bytearray(600 << 20)",
        "import ctypes; assert ctypes.CDLL(None).ptrace(16, PARENT, 0, 0) == 0",
        "import ctypes; assert ctypes.CDLL(None).unshare(0x10000000) == 0",
        "import ctypes; assert ctypes.CDLL(None).syscall(425, 1, 0) != -1",  # io_uring
    ],
)
def test_a_decoder_is_confined(tmp_path: Path, show: str, deed: str) -> None:
    old = tmp_path / "old"
    old.write_text("it was here before")
    code = deed.replace("FOLDER", str(tmp_path)).replace("PARENT", str(os.getpid()))
    assert reason(code + "\n" + show) == "decoder-failed"
    assert old.read_text() == "it was here before"
    assert {path.name for path in tmp_path.iterdir()} == {"old", "picture.bmp"}


def test_what_it_runs_in_its_own_place_is_as_confined(show: str) -> None:
    again = show + "import socket; socket.socket()"
    into = f"import os, sys; os.execv(sys.executable, {[*python(again)]!r})"
    assert reason(into) == "decoder-failed"
    into = f"import os, sys; os.execv(sys.executable, {[*python(show)]!r})"
    assert shows(decode(*python(into)), stripes())


def test_a_decoder_that_computes_for_ever_ends_by_itself() -> None:
    """Its processor time is limited as well, if ever its parent should not kill it."""
    began = time.process_time()
    assert reason("while True: pass", timeout_s=1.0) in (
        "decoder-timeout",
        "decoder-failed",
    )
    assert time.process_time() - began < 60  # it is not our time that went


def test_a_program_that_never_ends_is_killed() -> None:
    before = children()
    assert reason("import time; time.sleep(1000)", timeout_s=1.5) == "decoder-timeout"
    assert children() <= before


def children() -> set[str]:
    return set(
        Path(f"/proc/self/task/{os.getpid()}/children")
        .read_text(encoding="ascii")
        .split()
    )


def test_a_program_that_does_not_read_its_input() -> None:
    assert reason("import sys; sys.stdin.close()") == "decoder-no-picture"


def test_a_gigabyte_is_cut_off() -> None:
    code = "import sys\nfor _ in range(16384): sys.stdout.buffer.write(bytes(65536))"
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


def test_without_confinement_nothing_is_run(tmp_path: Path, show: str) -> None:
    """As the launcher says it where there is no libseccomp."""
    assert reason(show + "sys.exit(125)") == "decoder-unconfined"
    bare = PictureDecoder(program=python("import sys; sys.exit(125)"))
    portrait = asyncio.run(CommandPortrait(python(show), 20.0, bare).decode(RECORD))
    assert portrait == Portrait(None, "decoder-unconfined")


def test_what_a_program_says_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        reason("import sys; sys.exit('the name of the person')")
    assert "stderr_bytes=" in caplog.text
    assert "the name" not in caplog.text


def test_the_environment_is_clean(show: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_DAEMON", "1")
    names = "{'LC_ALL', 'PATH', 'LC_CTYPE'}"
    code = f"import os; assert set(os.environ) <= {names}\n"
    assert shows(decode(*python(code + show)), stripes())


def test_it_dumps_no_core(show: str) -> None:
    code = (
        "import resource\nassert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)\n"
    )
    assert shows(decode(*python(code + show)), stripes())
