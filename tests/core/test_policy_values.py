import msgspec
import pytest

from likeness.core import profile
from likeness.core.policy_values import PolicyFile, Values, moved
from likeness.errors import ConfigError

STANDARD = profile.named("standard")


def file(profile_name: str = "standard", /, **values: object) -> PolicyFile:
    return msgspec.convert({"policy": 1, profile_name: values}, PolicyFile)


def test_a_number_moves_in_its_profile_only() -> None:
    given = file(
        accept_score=0.5, live_from=0.5, solid_from=0.25, window_s=10.0, tries=2
    )
    found = moved(STANDARD, given)
    assert found.accept_score == 0.5
    assert found.texture.live_from == 0.5
    assert found.texture.attack_below == STANDARD.texture.attack_below
    assert found.solidity.solid_from == 0.25
    assert found.rules.window_s == 10.0
    assert found.tries == 2
    for other in ("strict", "demo"):
        assert moved(profile.named(other), given) == profile.named(other)


def test_an_empty_file_moves_nothing() -> None:
    for known in profile.PROFILES.values():
        assert moved(known, PolicyFile(policy=1)) == known


def test_what_the_program_has_lies_within_the_bounds() -> None:
    for name in ("standard", "strict"):
        known = profile.named(name)
        values = {
            "acts": known.acts,
            "window_s": known.rules.window_s,
            "accept_score": known.accept_score,
            "refer_score": known.refer_score,
            "same_face_score": known.same_face_score,
            "turned_face_score": known.turned_face_score,
            "live_from": known.texture.live_from,
            "attack_below": known.texture.attack_below,
            "solid_from": known.solidity.solid_from,
            "min_face_px": known.min_face_px,
            "tries": known.tries,
        }
        assert set(values) == set(Values.__struct_fields__)
        assert moved(known, file(name, **values)) == known


@pytest.mark.parametrize("name", Values.__struct_fields__)
@pytest.mark.parametrize(
    "value", [0, -1, 0.0, -1.0, 1e9, float("nan"), float("inf"), float("-inf"), "0.5"]
)
def test_no_number_can_turn_its_check_off(name: str, value: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        file("standard", **{name: value})


@pytest.mark.parametrize(
    "switch",
    ["card_must_stay", "needs_carrier_nonce", "silence_is_doubt", "feed_may_repeat"],
)
def test_a_switch_cannot_be_moved_at_all(switch: str) -> None:
    assert hasattr(STANDARD, switch)
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        file("standard", **{switch: False})


def test_numbers_that_cross_are_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"refer_score, accept_score: 0\.5 lies above"
    ):
        moved(STANDARD, file(refer_score=0.5))
    with pytest.raises(ConfigError, match="attack_below, live"):
        moved(STANDARD, file(attack_below=0.55, live_from=0.5))
