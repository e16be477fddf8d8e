"""A rollout's file: amounts, waves, whose turn it is, and what does not fit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness import strict_toml
from likeness.core import rollout_plan
from likeness.core.rollout_plan import PlanFile, amount_of, in_order, waves_of
from likeness.errors import ConfigError

HEAD = 'name = "spring"\nwhere = ["region=south"]\n'
TAIL = "[desired]\ntelemetry_every_s = 60\n"
devices = st.lists(st.from_regex(r"shop-[0-9]{1,4}\Z"), unique=True, min_size=1)


def read(text: str) -> PlanFile:
    plan = strict_toml.decode(text, PlanFile, "f.toml")
    rollout_plan.refuse_unfit(plan, "f.toml")
    return plan


@pytest.mark.parametrize(
    ("text", "whole", "up", "down"),
    [
        ("3", 10, 3, 3),
        ("0", 10, 0, 0),
        ("1 %", 10, 1, 0),
        ("1%", 1000, 10, 10),
        ("2.5 %", 1000, 25, 25),
        ("100 %", 7, 7, 7),
        ("33.333 %", 3, 1, 0),
        ("0.1 %", 10_000, 10, 10),
        ("29 %", 100, 29, 29),  # 0.29 · 100 is less than 29 in floats
    ],
)
def test_amounts(text: str, whole: int, up: int, down: int) -> None:
    assert amount_of(text, whole, up=True) == up
    assert amount_of(text, whole, up=False) == down


@given(devices, st.sampled_from(["spring", "autumn"]))
def test_everybody_has_one_turn_in_an_order_that_can_be_repeated(
    chosen: list[str], name: str
) -> None:
    plan = read(HEAD.replace("spring", name) + TAIL)
    waves = waves_of(plan, chosen)
    assert len(waves) == len(plan.waves)
    everyone = [device for wave in waves for device in wave]
    assert sorted(everyone) == sorted(chosen)
    assert everyone == in_order(name, reversed(chosen))
    assert len(waves[0]) == 1


def test_the_first_one_is_another_one_in_each_rollout() -> None:
    shops = [f"shop-{number}" for number in range(100)]
    first = {in_order(f"rollout-{number}", shops)[0] for number in range(50)}
    assert len(first) > 25


def test_the_order_is_that_of_a_digest_that_anybody_can_compute() -> None:
    """printf 'spring\\0shop-1' | sha256sum, and so on: 8261…, 0888…, 7431…, 0429…"""
    shops = ["shop-1", "shop-2", "shop-3", "shop-4"]
    assert in_order("spring", shops) == ["shop-4", "shop-2", "shop-3", "shop-1"]


def test_a_wave_may_add_nobody() -> None:
    text = 'waves = ["5", "1 %", "50 %", "100 %"]\n'
    waves = waves_of(read(HEAD + text + TAIL), [f"shop-{n}" for n in range(20)])
    assert [len(wave) for wave in waves] == [5, 0, 5, 10]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HEAD.partition("\n")[0] + "\n" + TAIL, "say which terminals"),
        (HEAD + 'devices = ["shop-1"]\n' + TAIL, "'where' or 'devices', not both"),
        (HEAD + "soak_s = [1, 2]\n" + TAIL, "soak_s has 2 values for 4 waves"),
        (HEAD + 'waves = ["1", "50 %"]\n' + TAIL, 'last of the waves must be "100 %"'),
        (HEAD + 'waves = ["1", "200"]\n' + TAIL, 'last of the waves must be "100 %"'),
        (HEAD + 'waves = ["101 %", "100 %"]\n' + TAIL, "'101 %' is more than all"),
        (HEAD + "waves = []\n" + TAIL, "waves: "),
        (HEAD + 'waves = ["ten", "100 %"]\n' + TAIL, "waves"),
        (HEAD + 'waves = ["-1", "100 %"]\n' + TAIL, "waves"),
        (HEAD + TAIL + "[stop]\nfailed = 5\n", "stop.failed: expected str"),
        (HEAD + TAIL + '[stop]\nfailed = "120 %"\n', "'120 %' is more than all"),
        (HEAD + TAIL + "[stop]\nfailures = 5\n", "unknown key 'stop.failures'"),
        (HEAD + TAIL + "[stop.refusals]\nlevel = 0.0\n", "stop.refusals.level"),
        (HEAD + TAIL + 'host = "evil"\n', "unknown key 'desired.host'"),
        (HEAD, "the key 'desired' is missing"),
        (HEAD.replace("spring", "spring rain") + TAIL, "name: "),
        (HEAD.replace("spring", "../x") + TAIL, "name: "),
    ],
)
def test_what_does_not_fit_is_one_line(text: str, why: str) -> None:
    with pytest.raises(ConfigError) as fault:
        read(text)
    assert why in str(fault.value)
    assert "\n" not in str(fault.value)


def test_each_wave_may_have_a_soak_of_its_own() -> None:
    plan = read(HEAD + "soak_s = [60, 3600, 3600, 0]\n" + TAIL)
    assert [rollout_plan.soak_of(plan, wave) for wave in range(4)] == [
        60,
        3600,
        3600,
        0,
    ]
    assert rollout_plan.soak_of(read(HEAD + TAIL), 3) == 3600
