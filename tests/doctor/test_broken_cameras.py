"""USB cameras that are wrong in ways no file shows: the real OpenCV over the stand-in.

Each is asked by the real command in a process of its own, which alone has the camera.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import v4l2_standin
from doctor_shop import Shop
from likeness.core.vocabulary import Environment
from replays import CLIP

pytestmark = pytest.mark.skipif(
    shutil.which("gcc") is None, reason="gcc is missing: apt-get install gcc libc6-dev"
)
CAMERA = "/dev/v4l/by-id/usb-standin-video-index0"  # only the library knows it


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return v4l2_standin.build(tmp_path_factory.mktemp("v4l2"))


@pytest.fixture
def shop(tmp_path: Path, pictures: Path) -> Iterator[Shop]:
    with ExitStack() as more:
        made = Shop(tmp_path, pictures / CLIP, more)
        made.set("camera", source="usb", path=CAMERA)
        yield made


@pytest.mark.parametrize(
    ("environment", "does", "state", "said", "todo"),
    [
        (Environment.TEST, {}, "ok", "pictures of 640×480", ""),
        (Environment.TEST, {"gone": 1}, "fail", "no such camera", "plug it in"),
        (Environment.TEST, {"open_busy": 1}, "fail", "another program uses", "end it"),
        (Environment.TEST, {"dead_start": 1}, "fail", CAMERA, "cable"),
        (
            Environment.PRODUCTION,
            {"driver": "v4l2 loopback"},
            *("fail", "is a virtual camera", "camera"),
        ),
    ],
    ids=["well", "unplugged", "used by another program", "silent", "virtual driver"],
)
def test_each_is_named(
    shop: Shop,
    library: Path,
    environment: Environment,
    does: dict[str, object],
    state: str,
    said: str,
    todo: str,
) -> None:
    shop.set("terminal", environment=environment)
    folder = shop.folder / "camera"
    folder.mkdir()
    camera = v4l2_standin.make(folder)
    camera.set(**does)
    command = ("doctor", "--config", str(shop.config_file()), "--only", "camera")
    done = subprocess.run(
        [sys.executable, "-m", "likeness", *command, "--json"],
        env={**camera.environment(library), "V4L2_STANDIN_PATH": CAMERA},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)["camera"]
    assert found["state"] == state, found
    assert said in found["said"], found
    assert todo in found["todo"], found
