"""Sensors as Linux and a Raspberry Pi's firmware show them."""

from pathlib import Path

import pytest

from likeness.edges import heat


def sensor(folder: Path, name: str, text: str) -> None:
    (folder / name).mkdir()
    (folder / name / "temp").write_text(text)


def test_the_hottest_sensor_counts(tmp_path: Path) -> None:
    assert heat.hottest_c(tmp_path) is None
    sensor(tmp_path, "thermal_zone0", "54321\n")
    sensor(tmp_path, "thermal_zone1", "61000\n")
    sensor(tmp_path, "thermal_zone2", "none\n")
    sensor(tmp_path, "cooling_device0", "99000\n")
    assert heat.hottest_c(tmp_path) == 61.0


@pytest.mark.parametrize("text", ["255000\n", "-273150\n"])
def test_a_broken_sensor_does_not_hide_the_others(tmp_path: Path, text: str) -> None:
    sensor(tmp_path, "thermal_zone0", text)
    assert heat.hottest_c(tmp_path) is None
    sensor(tmp_path, "thermal_zone1", "84000\n")
    assert heat.hottest_c(tmp_path) == 84.0


@pytest.mark.parametrize(
    ("text", "slowed"),
    [
        ("0\n", False),
        ("50000\n", False),  # it was, and is not now
        ("50005\n", True),  # under-voltage and throttled
        ("0x8\n", True),
        ("?\n", None),
    ],
)
def test_whether_it_is_slowed_now(
    tmp_path: Path, text: str, slowed: bool | None
) -> None:
    firmware = tmp_path / "get_throttled"
    assert heat.is_throttled(firmware) is None
    firmware.write_text(text)
    assert heat.is_throttled(firmware) is slowed


def test_what_is_not_known_is_not_told() -> None:
    for name, value in heat.facts().items():
        assert name in {"temperature_c", "throttled"}
        assert value is not None


@pytest.mark.parametrize(
    ("bits", "by_heat"),
    [
        (0b0000, False),
        (0b0010, True),  # capped
        (0b0100, True),  # throttled
        (0b1000, True),  # soft limit
        (0b0101, False),  # throttled, and the supply is weak: that comes first
        (0b0011, False),
        (0b1101, True),  # the soft limit is of heat alone
        (0b0001, False),
        (0xE0000, False),  # it was, and is not now
    ],
)
def test_a_weak_supply_is_no_heat(tmp_path: Path, bits: int, by_heat: bool) -> None:
    firmware = tmp_path / "get_throttled"
    assert heat.is_slowed_for_heat(firmware) is None
    firmware.write_text(f"{bits:x}\n")
    assert heat.is_slowed_for_heat(firmware) is by_heat
