import pytest

from likeness.core import profile
from likeness.core.vocabulary import Environment
from likeness.errors import ConfigError


def test_an_unknown_profile_names_those_that_exist() -> None:
    with pytest.raises(ConfigError, match=r"'lax'; known: standard, strict, demo"):
        profile.named("lax")


def test_each_profile_knows_its_own_name_and_stays_out_of_production_if_it_must() -> (
    None
):
    for name, policy in profile.PROFILES.items():
        assert profile.named(name) is policy and policy.name == name
    assert Environment.PRODUCTION not in profile.named("demo").only_in


def test_only_a_bench_does_without_the_carriers_nonce() -> None:
    assert all(policy.needs_carrier_nonce for policy in profile.PROFILES.values())
    assert not profile.on_bench(profile.named("standard")).needs_carrier_nonce
