"""Each board's profile can be used, and a board is told by its processor."""

import pytest

from likeness import board_values, config, config_checks, strict_toml
from likeness.core.boards import BOARDS, Kind, kind_of
from likeness.core.profile import PROFILES


@pytest.mark.parametrize(
    ("compatible", "kind"),
    [
        (("raspberrypi,model-zero-2-w", "brcm,bcm2837"), Kind.ZERO2),
        (("raspberrypi,3-model-b-plus", "brcm,bcm2837"), Kind.ZERO2),
        (("raspberrypi,4-model-b", "brcm,bcm2711"), Kind.PI4),
        (("raspberrypi,4-compute-module", "brcm,bcm2711"), Kind.PI4),
        (("raspberrypi,5-model-b", "brcm,bcm2712"), Kind.PI5),
        (("raspberrypi,model-zero-w", "brcm,bcm2835"), Kind.OTHER),
        (("pine64,rockpro64", "rockchip,rk3399"), Kind.OTHER),
        ((), Kind.OTHER),
    ],
)
def test_a_board_is_told_by_its_processor(
    compatible: tuple[str, ...], kind: Kind
) -> None:
    assert kind_of(compatible) is kind


@pytest.mark.parametrize("kind", Kind)
def test_a_profile_is_a_configuration_that_may_be(kind: Kind) -> None:
    text = f'[terminal]\ndevice = "t"\nenvironment = "test"\n[board]\nkind = "{kind}"\n'
    found = strict_toml.decode(text, config.Config, "here", board_values.by_board)
    config_checks.refuse(found, "here")
    for name, value in BOARDS[kind].values.items():
        part, _, key = name.partition(".")
        assert getattr(getattr(found, part), key) == value
    assert found.camera.fps > max(p.min_frames_per_s for p in PROFILES.values())


def test_a_board_that_is_not_known_changes_nothing() -> None:
    assert not BOARDS[Kind.OTHER].values
