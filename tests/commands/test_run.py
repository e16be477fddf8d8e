"""`likeness run` as a process: ready, alive, stopped in order; or one line."""

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from real_models import MODELS
from replays import CLIP
from terminals import changed, likeness, settings, to_toml

WITHIN_S = 60.0


@pytest.fixture
def good(tmp_path: Path, pictures: Path) -> str:
    return to_toml(settings(tmp_path, pictures / CLIP))


def run(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    path = folder / "likeness.toml"
    path.write_text(text, encoding="utf-8")
    return subprocess.run(
        likeness("run", "--config", path),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )


def test_it_tells_systemd_and_stops_in_order(tmp_path: Path, good: str) -> None:
    config = tmp_path / "likeness.toml"
    config.write_text(good, encoding="utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(WITHIN_S)
        with subprocess.Popen(
            likeness("run", "--config", config),
            env={**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as daemon:
            first = {systemd.recv(99), systemd.recv(99)}
            daemon.send_signal(signal.SIGTERM)
            last = systemd.recv(99)
            said, errors = daemon.communicate(timeout=WITHIN_S)
    assert first == {b"READY=1", b"WATCHDOG=1"}
    assert last == b"STOPPING=1"
    assert daemon.returncode == 0
    assert said.startswith("screen: Welcome.")
    assert "event=ready took_ms=" in errors
    assert "Traceback" not in errors


def test_who_asks_a_daemon_that_is_still_starting_does_not_end_it(
    tmp_path: Path,
) -> None:
    config = tmp_path / "likeness.toml"
    os.mkfifo(config)
    with subprocess.Popen(
        likeness("run", "--config", config), stderr=subprocess.PIPE, text=True
    ) as daemon:
        with config.open("w", encoding="utf-8") as file:  # it has begun to read
            daemon.send_signal(signal.SIGUSR1)
            file.write("terminal = 5")
        _, errors = daemon.communicate(timeout=WITHIN_S)
    assert daemon.returncode == 78
    assert "terminal" in errors


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"profile": '"easy"'}, 78, "terminal.profile: there is no profile 'easy'"),
        ({"environment": '"production"'}, 78, "'feed' is for test and bench"),
        ({"device_key": '"/nowhere/device.key"'}, 78, "/nowhere/device.key: this key"),
        ({"device": '"shop/7"'}, 78, "terminal.device: "),
        ({"mqtt.port": "0"}, 78, "mqtt.port: "),
        ({"state_dir": '"/proc/1/nowhere"'}, 78, "terminal.state_dir cannot be used"),
        ({"models.dir": '"/nowhere"'}, 78, "/nowhere/manifest.toml: cannot be read"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_one_line_and_a_code(
    tmp_path: Path, good: str, changes: dict[str, str], code: int, says: str
) -> None:
    ended = run(tmp_path, changed(good, changes))
    assert (ended.returncode, ended.stdout) == (code, "")
    line = _only_line(ended.stderr)
    assert line.startswith("likeness: ")
    assert says in line


def test_the_demo_profile_in_production_is_refused(tmp_path: Path, good: str) -> None:
    changes = {
        "environment": '"production"',
        "camera.source": '"usb"',
        "camera.path": '"/dev/v4l/by-id/usb-ACME_Eye-index0"',
        "mqtt.ca_file": f'"{tmp_path}/ca.pem"',
        "mqtt.cert_file": f'"{tmp_path}/cert.pem"',
    }
    ended = run(tmp_path, changed(good, changes))
    assert ended.returncode == 78
    assert "'demo' is for test, bench only" in _only_line(ended.stderr)


def test_a_model_with_a_wrong_digest_is_refused_by_name(
    tmp_path: Path, good: str
) -> None:
    models = tmp_path / "models"
    (models / "built").mkdir(parents=True)
    (models / "manifest.toml").write_bytes((MODELS / "manifest.toml").read_bytes())
    for path in (MODELS / "built").glob("*_w8.tflite"):
        (models / "built" / path.name).symlink_to(path)
    wrong = models / "built/face_landmark_w8.tflite"
    wrong.unlink()
    wrong.write_bytes(b"another model")
    ended = run(tmp_path, changed(good, {"models.dir": f'"{models}"'}))
    assert ended.returncode == 1
    line = _only_line(ended.stderr)
    assert "face_landmark_w8.tflite is refused: its sha256 is" in line
    assert "likeness models build" in line


@pytest.mark.parametrize(
    ("environment", "advice", "other"),
    [
        ("production", "see 'likeness provision'", "test keys"),
        ("test", "make test keys with 'likeness keys make'", "provision"),
    ],
)
def test_a_missing_key_advises_what_fits_the_environment(
    tmp_path: Path, good: str, environment: str, advice: str, other: str
) -> None:
    field = {
        "environment": f'"{environment}"',
        "profile": '"standard"',
        "camera.source": '"usb"',
        "camera.path": '"/dev/v4l/by-id/usb-ACME_Eye-index0"',
        "mqtt.ca_file": '"ca.pem"',
        "mqtt.cert_file": '"tls.pem"',
        "mqtt.key_file": '"tls.key"',
        "device_key": '"/nowhere/device.key"',
    }
    ended = run(tmp_path, changed(good, field))
    assert (ended.returncode, ended.stdout) == (78, "")
    line = _only_line(ended.stderr)
    assert "/nowhere/device.key: this key cannot be read" in line
    assert advice in line
    assert other not in line


def _only_line(text: str) -> str:
    """Return the last line; before it only the runtime itself may have spoken."""
    *before, line = text.splitlines()
    assert [one for one in before if not one.startswith("INFO: ")] == []
    return line
