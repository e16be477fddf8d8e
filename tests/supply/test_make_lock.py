"""What pip reports becomes pins: what is needed, by both machines, with a licence."""

import pytest
from packaging.requirements import Requirement

import make_lock
from lock_file import LockError
from make_lock import Found


def found(name: str, digest: str, *requires: str, version: str = "1") -> Found:
    return Found(name, version, "MIT", digest, tuple(map(Requirement, requires)))


def both(*x86: Found, arm: tuple[Found, ...]) -> dict[str, dict[str, Found]]:
    return {
        "x86_64": {one.name: one for one in x86},
        "aarch64": {one.name: one for one in arm},
    }


def test_pins_are_what_is_reached_with_a_digest_for_each_machine() -> None:
    pure = found("pure", "p", "deep; extra == 'more'")
    deep, loose = found("deep", "d"), found("loose", "l")
    solved = both(
        found("native", "x", "pure[more]"), pure, deep, loose,
        arm=(found("native", "a", "pure[more]"), pure, deep, loose),
    )  # fmt: skip
    pins = {pin.name: pin for pin in make_lock.pins_of([Requirement("native")], solved)}
    assert set(pins) == {"native", "pure", "deep"}
    assert set(pins["native"].digests) == {"x", "a"}
    assert pins["pure"].digests == ("p",)
    assert pins["pure"].needs == ("deep",)


def test_an_extra_that_nobody_asked_for_is_not_reached() -> None:
    pure, deep = found("pure", "p", "deep; extra == 'more'"), found("deep", "d")
    solved = both(pure, deep, arm=(pure, deep))
    assert [p.name for p in make_lock.pins_of([Requirement("pure")], solved)] == [
        "pure"
    ]


@pytest.mark.parametrize("arm", [(), (found("native", "a", version="2"),)])
def test_machines_that_differ_are_refused(arm: tuple[Found, ...]) -> None:
    solved = both(found("native", "x"), arm=arm)
    wanted = [Requirement("native; platform_machine == 'x86_64'")]
    with pytest.raises(LockError, match="not the same on x86_64 and aarch64"):
        make_lock.pins_of(wanted, solved)


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ({"license_expression": "MIT OR Apache-2.0"}, "MIT OR Apache-2.0"),
        ({"license": "MPL-2.0 AND MIT"}, "MPL-2.0 AND MIT"),
        ({"license": "Apache 2.0"}, "Apache-2.0"),
        (
            {"license": "a long text", "classifier": ["License :: OSI :: MIT License"]},
            "MIT",
        ),
    ],
)
def test_a_licence_is_read_where_packages_put_it(
    metadata: dict[str, object], licence: str
) -> None:
    assert make_lock.licence_of("thing", metadata) == licence


def test_a_licence_that_cannot_be_read_is_asked_for() -> None:
    vague = {"license": "BSD", "classifier": ["License :: OSI Approved :: BSD License"]}
    with pytest.raises(LockError, match=r"supply\.toml"):
        make_lock.licence_of("thing", vague)
    assert make_lock.licence_of("pyserial", vague) == "BSD-3-Clause"
