"""A wrong configuration stops the start with one line that says what to do."""

from pathlib import Path

import pytest

from likeness import config
from likeness.errors import ConfigError

GOOD = """
[terminal]
device = "shop-7"
environment = "test"
[camera]
source = "feed"
path = "clip.mp4"
"""

USB = """
[terminal]
device = "x"
[camera]
source = "usb"
path = "{}"
"""

ONE_KEY = """
[terminal]
device = "x"
[keys]
device_key = "one.key"
[mqtt]
ca_file = "c"
cert_file = "c"
key_file = "one.key"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "likeness.toml"
    path.write_text(text)
    return path


def test_a_good_file(tmp_path: Path) -> None:
    loaded = config.load(written(tmp_path, GOOD))
    assert loaded.terminal.device == "shop-7"
    assert loaded.portrait.command == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[terminal]\ndevice = 7", "terminal.device: expected str, got int"),
        ("[terminal]\ndevicce = 'x'", "nearest known key is 'device'"),
        ("[termnal]\ndevice = 'x'", "'termnal'; the nearest known key is 'terminal'"),
        ("[terminal]\ndevice = 'a/b'", "terminal.device"),
        ("[terminal]\ndevice = 'x\\n'".replace("'", '"'), "terminal.device"),
        (GOOD.replace("clip.mp4", "a\\u0000b"), "a text holds a null character"),
        ("[terminal", "not valid TOML"),
        ("", "terminal"),
        (GOOD.replace('path = "clip.mp4"', ""), "camera.path is empty"),
        (GOOD.replace('"test"', '"production"'), "'feed' is for test and bench"),
        (USB.format("/dev/video0"), "give a name that is the same camera"),
        (USB.format("/dev/v4l/video0"), "give a name that is the same camera"),
        (USB.format("clip.mp4"), "give a name that is the same camera"),
        (GOOD + 'identity = "046d:0825"', "camera.identity is for camera.source 'usb'"),
        (GOOD + 'identity = "046D:0825"', "camera.identity"),
        (GOOD + 'identity = "046d:0825:"', "camera.identity"),
        (USB.format("/dev/v4l/by-id/x"), "mqtt.ca_file is empty"),  # the next one
        ("[terminal]\ndevice = 'x'", "mqtt.ca_file is empty"),
        (ONE_KEY, "mqtt.key_file and keys.device_key are one key"),
        ("[terminal]\ndevice = 'x'\n[mqtt]\nca_file = 'c'", "mqtt.cert_file is empty"),
        (GOOD + "[mqtt]\nretry_from_s = 500.0", "mqtt.retry_to_s is less than"),
        (GOOD + "[mqtt]\nretry_to_s = 0.0", "mqtt.retry_to_s"),
        (GOOD.replace('"test"', '"tset"'), "terminal.environment"),
        (GOOD + "[mqtt]\nport = 70000", "mqtt.port"),
    ],
)  # fmt: skip
def test_a_bad_file_names_file_key_and_fault(
    tmp_path: Path, text: str, says: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as wrong:
        config.load(path)
    assert says in str(wrong.value)
    assert str(path) in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        config.load(tmp_path / "nowhere.toml")


def test_bytes_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "likeness.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        config.load(path)
