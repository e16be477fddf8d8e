import json
from pathlib import Path

import pytest

from likeness.carrier.trust import Trust
from likeness.core.vocabulary import Environment
from likeness.errors import ConfigError
from results import bench


def test_a_device_is_known_as_soon_as_its_file_is_there(tmp_path: Path) -> None:
    near = bench(tmp_path)
    trust = Trust(near.keys.devices)
    path = near.keys.devices / "shop-17.json"
    content = path.read_text()
    path.unlink()
    assert not trust.knows("shop-17")
    path.write_text(content)
    assert trust.knows("shop-17")
    assert trust.key("shop-17", near.signer.kid) is not None
    assert trust.key("shop-17", "another") is None
    assert trust.allows("shop-17", Environment.TEST)
    assert not trust.allows("shop-17", Environment.BENCH)
    assert not trust.allows("shop-18", Environment.TEST)


def test_a_key_that_was_taken_out_is_not_believed_any_more(tmp_path: Path) -> None:
    """A stolen terminal: nobody should have to know that a restart is needed."""
    near = bench(tmp_path)
    trust = Trust(near.keys.devices)
    path = near.keys.devices / "shop-17.json"
    known = json.loads(path.read_text())
    assert trust.key("shop-17", near.signer.kid) is not None
    path.write_text(json.dumps({**known, "environments": []}))
    assert not trust.allows("shop-17", Environment.TEST)
    path.write_text(json.dumps({**known, "keys": []}))
    assert trust.knows("shop-17")
    assert trust.key("shop-17", near.signer.kid) is None
    path.write_text(json.dumps(known))
    assert trust.key("shop-17", near.signer.kid) is not None
    path.unlink()
    assert not trust.knows("shop-17")
    assert trust.key("shop-17", near.signer.kid) is None


def test_a_name_is_no_path(tmp_path: Path) -> None:
    devices = bench(tmp_path).keys.devices
    known = json.loads((devices / "shop-17.json").read_text())
    outside = json.dumps({**known, "device": "../outside"})
    (devices.parent / "outside.json").write_text(outside)
    trust = Trust(devices)
    for name in ("../outside", "../devices/shop-17", "", ".", "a/b", "shop-17\n"):
        assert not trust.knows(name)


@pytest.mark.parametrize(
    "content",
    [
        *("", "{}", '{"device": "shop-17", "environments": [], "keys": [{}]}'),
        '{"device": "shop-17", "environments": [], "keys": [{"kty": "EC"}]}',
    ],
)
def test_a_file_that_cannot_be_used_is_an_unknown_device(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    near = bench(tmp_path)
    path = near.keys.devices / "shop-17.json"
    path.write_text(content)
    assert not Trust(near.keys.devices).knows("shop-17")
    assert "device_file_unusable" in caplog.text


def test_a_file_of_another_device_is_not_believed(tmp_path: Path) -> None:
    near = bench(tmp_path)
    known = json.loads((near.keys.devices / "shop-17.json").read_text())
    (near.keys.devices / "shop-18.json").write_text(json.dumps(known))
    assert not Trust(near.keys.devices).knows("shop-18")


def test_no_folder_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="likeness keys make"):
        Trust(tmp_path / "nowhere")
