"""The few numbers of a policy that a signed update may move, and how far.

Every one has a floor: an update can make a check stricter or milder, and never turn it
off; a switch (the carrier's nonce, the card that must stay) cannot be moved at all.
Leaves to others: reading the file, and the rules that use the numbers.
"""

from dataclasses import replace
from typing import Annotated, Literal

import msgspec

from likeness.core.profile import Profile
from likeness.errors import ConfigError


def _between(least: float, most: float) -> msgspec.Meta:
    return msgspec.Meta(ge=least, le=most)


class Values(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Changes to one profile; None: as the program has it. Units as in `Profile`."""

    acts: Annotated[int, _between(4, 8)] | None = None  # design 2: at least four
    window_s: Annotated[float, _between(6, 20)] | None = None  # design 2: at least 6 s
    # Never accepted below what is only referred today: at 0.38 one in a thousand
    # strangers matches in the worst group (decision 0011).
    accept_score: Annotated[float, _between(0.38, 0.80)] | None = None
    refer_score: Annotated[float, _between(0.30, 0.80)] | None = None
    same_face_score: Annotated[float, _between(0.30, 0.80)] | None = None
    turned_face_score: Annotated[float, _between(0.15, 0.60)] | None = None
    # Of prints and screens the highest scored 0.48, of living faces the lowest 0.53.
    live_from: Annotated[float, _between(0.40, 0.90)] | None = None
    attack_below: Annotated[float, _between(0.20, 0.60)] | None = None
    # Flat prints gave at most 0.18, living faces at least 0.19.
    solid_from: Annotated[float, _between(0.18, 0.40)] | None = None
    min_face_px: Annotated[float, _between(60, 300)] | None = None
    tries: Annotated[int, _between(1, 5)] | None = None


class PolicyFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`policy.toml` of a bundle: a table for each profile that it changes."""

    policy: Literal[1]
    standard: Values = Values()
    strict: Values = Values()


def moved(profile: Profile, file: PolicyFile) -> Profile:
    """Return the profile with the file's numbers in force.

    Raises:
        ConfigError: two numbers do not fit together.
    """
    values = {"standard": file.standard, "strict": file.strict}.get(profile.name)
    if values is None:
        return profile
    given = {
        name: value
        for name, value in msgspec.structs.asdict(values).items()
        if value is not None
    }
    rules = {"window_s": given.pop("window_s", profile.rules.window_s)}
    texture = {
        name: given.pop(name, getattr(profile.texture, name))
        for name in ("live_from", "attack_below")
    }
    solid = {"solid_from": given.pop("solid_from", profile.solidity.solid_from)}
    found = replace(
        profile,
        rules=replace(profile.rules, **rules),
        texture=replace(profile.texture, **texture),
        solidity=replace(profile.solidity, **solid),
        **given,
    )
    _refuse_crossed(found)
    return found


def _refuse_crossed(profile: Profile) -> None:
    for low, high, names in (
        (profile.refer_score, profile.accept_score, "refer_score, accept_score"),
        (profile.texture.attack_below, profile.texture.live_from, "attack_below, live"),
    ):
        if low > high:
            raise ConfigError(
                f"policy '{profile.name}': {names}: {low:g} lies above {high:g}"
            )
