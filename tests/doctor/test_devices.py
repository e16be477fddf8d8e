import os
import threading
import time
from collections.abc import Generator, Iterator
from pathlib import Path

import numpy as np
import pytest

from likeness import config
from likeness.core.seen import Frame
from likeness.doctor import devices
from likeness.doctor.finding import State
from likeness.edges import directory_lock
from likeness.edges.camera import SlotCamera
from likeness.edges.clock import SystemClock
from likeness.edges.reader_serial import SerialLine
from likeness.errors import DeviceRefused, ModelError
from likeness.simulators.sdt_reader import SdtReader


def pictures() -> Generator[Frame, None, None]:
    for number in range(1_000_000):
        yield Frame(number / 25, number, np.zeros((48, 64, 3), np.uint8))


def refused() -> Generator[Frame, None, None]:
    raise DeviceRefused("camera x: another program uses it")
    yield


def test_a_camera_that_gives_pictures() -> None:
    found = devices.camera(lambda: SlotCamera("x", pictures), in_use=False)
    assert (found.state, found.said) == (State.OK, "pictures of 64×48")


@pytest.mark.parametrize(
    ("named", "write"),
    [
        ("046d:0825:8A5F31C0", 'identity = "046d:0825:8A5F31C0"'),
        ('046d:0825:A"1', 'identity = "046d:0825:A\\"1"'),
        ("", "lsusb"),
    ],
)
@pytest.mark.parametrize("in_use", [False, True])
def test_a_camera_that_any_other_may_replace(
    named: str, write: str, *, in_use: bool
) -> None:
    found = devices.camera(
        lambda: SlotCamera("x", pictures),
        in_use=in_use,
        named=named,
        any_other_too=True,
    )
    assert found.state is State.WARN
    assert named in found.said
    assert write in found.todo


def test_a_camera_that_is_broken_fails_whatever_else_is_to_be_said() -> None:
    found = devices.camera(
        lambda: SlotCamera("x", refused), in_use=False, any_other_too=True
    )
    assert found.state is State.FAIL


def test_a_camera_that_is_not_ours() -> None:
    found = devices.camera(lambda: SlotCamera("x", refused), in_use=False)
    assert found.state is State.FAIL
    assert "another program uses it" in found.said
    assert "camera.source" in found.todo


def test_a_running_daemon_is_not_disturbed(tmp_path: Path) -> None:
    assert not directory_lock.is_held(tmp_path / "nowhere")
    lock = directory_lock.hold(tmp_path)
    assert directory_lock.is_held(tmp_path)
    assert devices.camera(lambda: SlotCamera("x", refused), in_use=True).state is (
        State.OK
    )
    os.close(lock)
    assert not directory_lock.is_held(tmp_path)
    os.close(directory_lock.hold(tmp_path))  # the look has held nothing


@pytest.fixture
def reader_path() -> Iterator[Path]:
    """A simulated reader on a pty, served by a thread."""
    near, far = os.openpty()
    name = Path(os.ttyname(far))
    reader, stopped = SdtReader(), threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                data = os.read(near, 4096)
            except OSError:
                return
            for piece in reader.receive(data, time.monotonic()):
                os.write(near, piece.data)

    os.set_blocking(near, True)
    threading.Thread(target=serve, daemon=True).start()
    yield name
    stopped.set()
    os.close(far)
    os.close(near)


def test_a_reader_that_answers(reader_path: Path) -> None:
    line = SerialLine(str(reader_path), 115200)
    found = devices.reader(line, SystemClock(), baud=115200, in_use=False)
    assert found.state is State.OK, found
    assert found.said.startswith("reader ")


def test_a_reader_without_a_decoder_of_portraits_is_said() -> None:
    found = devices.portrait(config.PortraitDecoder())
    assert found.state is State.WARN
    assert "is referred" in found.said
    assert "portrait.command" in found.todo
    missing = config.PortraitDecoder(command=("/opt/nowhere/wlt",))
    assert devices.portrait(missing).todo == "give its absolute path"


def test_no_reader(tmp_path: Path) -> None:
    line = SerialLine(str(tmp_path / "idcard0"), 115200)
    found = devices.reader(line, SystemClock(), baud=115200, in_use=False, within_s=0.3)
    assert found.state is State.FAIL
    assert "idcard0" in found.said
    assert "reader.path" in found.todo
    assert f"{found.said}; {found.todo}".count("plug it in") == 1
    assert "cable" not in found.todo


def test_a_reader_that_is_silent() -> None:
    near, far = os.openpty()
    line = SerialLine(os.ttyname(far), 115200)
    found = devices.reader(line, SystemClock(), baud=115200, in_use=False, within_s=0.3)
    os.close(far)
    os.close(near)
    assert (found.state, found.said) == (State.FAIL, "it does not answer")


def test_models() -> None:
    def broken() -> str:
        raise ModelError("embed.tflite: another digest than in the manifest")

    found = devices.models(broken)
    assert found.state is State.FAIL
    assert "another digest" in found.said
    assert "models check" in found.todo
    assert devices.models(lambda: "7 models").said == "7 models"
