"""Desired configurations as they come: taken whole, or refused and reported."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deliveries import DEVICE
from likeness.core import desired, messages, orders
from likeness.core.desired import Ledger, Wish
from likeness.core.desired_report import BESIDE
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.edges.bench_keys import BenchKeys
from likeness.edges.clock import SystemClock
from likeness.edges.desired_file import DesiredFile
from likeness.edges.verifier import CarrierOrders
from likeness.errors import ConfigError, Restarting, Untrusted, UpdateRefused
from likeness.service.desiring import AGAIN_AFTER_S, Desiring, Standing, Use
from likeness.service.timekeeping import Timekeeping
from results import MOMENT, FixedClock
from signed_orders import Post, Shop, arrived, desired_claims, signed
from stories import story, until

MINUTE = {"telemetry_every_s": 60}
BUNDLE = {"number": 3, "digest": "ab" * 32}


class Hurried:
    """The system's clock, which a test can put forward."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.ahead_s = 0.0

    def now(self) -> float:
        return self._clock.now() + self.ahead_s


class Far:
    """One terminal that takes desired values, and the means to desire some."""

    def __init__(
        self, folder: Path, wish: Wish | None = None, restarts_from: float = 0.0
    ) -> None:
        self.folder = folder
        self.keys = _keys(folder)
        self.shop, self.post, self.clock = Shop(), Post(), Hurried()
        self.file = DesiredFile(folder)
        now = replace(MOMENT, utc_s=int(time.time()))  # NTP has set it
        self.time = Timekeeping(FixedClock(now))
        self.brought: list[orders.Bundle] = []
        self.used: list[orders.Bundle] = []
        self.unmet = ""
        self.source_fault = self.switch_fault = ""
        self.while_it_comes: Callable[[], None] = lambda: None
        self.desiring = Desiring(
            device=DEVICE,
            standing=Standing(wish),
            file=self.file,
            verifier=CarrierOrders(self.keys.public("command")),
            time=self.time,
            clock=self.clock,
            restarts_from=restarts_from,
            visits=self.shop,
            fits=self._fits,
            fetch=self._fetch,
            running=lambda: {"telemetry_every_s": 30},
            unmet=lambda: self.unmet,
            say=self.post,
        )

    def _fits(self, overrides: orders.Overrides) -> None:
        if overrides.profile == "demo":
            raise ConfigError("terminal.profile 'demo' is for test, bench only")

    async def _fetch(self, bundle: orders.Bundle) -> Use:
        if self.source_fault:
            raise UpdateRefused(self.source_fault)
        self.brought.append(bundle)
        self.while_it_comes()

        def use(keep: Callable[[], None]) -> None:
            if self.switch_fault:
                raise UpdateRefused(self.switch_fault)
            assert not self.file.read().on_trial, "the bundle first"
            keep()
            self.used.append(bundle)

        return use

    def token(self, version: int, config: object, /, **other: object) -> bytes:
        claims = desired_claims(DEVICE, version, config, **other)
        return signed(self.keys.private("command"), claims, messages.DESIRED)

    def hear(self, token: bytes) -> None:
        self.desiring.hear(arrived(DEVICE, "desired", token))

    def counts(self) -> dict[str, int]:
        return dict(self.desiring.counts)

    def states(self) -> list[tuple[int, str, str]]:
        said = self.post.reported()
        return [(one["version"], one["state"], one.get("reason", "")) for one in said]


def _keys(folder: Path) -> BenchKeys:
    made = BenchKeys(folder / "keys/terminals" / DEVICE, folder / "keys/carrier")
    if not made.terminal.exists():
        bench_keys.make(folder / "keys", DEVICE, (Environment.TEST,))
    return made


async def restarts(far: Far) -> None:
    """Run until it wants a new start."""
    async with asyncio.timeout(10):
        with pytest.raises(BaseExceptionGroup) as caught:
            await far.desiring.run()
    assert caught.group_contains(Restarting, match="is used from the next start on")


async def refuses(far: Far, token: bytes) -> tuple[int, str, str]:
    """Let it hear one that is refused; return what it reports."""
    task = asyncio.ensure_future(far.desiring.run())
    far.hear(token)
    await until(lambda: bool(far.states()) and far.states()[-1][1] == "refused", 5.0)
    assert not task.done()
    task.cancel()
    return far.states()[-1]


@story
async def test_a_good_one_is_kept_and_used_from_the_next_start(tmp_path: Path) -> None:
    far = Far(tmp_path)
    token = far.token(7, MINUTE)
    far.hear(token)
    await restarts(far)
    assert far.states() == [(7, "pending", "")]
    assert far.shop.closed == "restarting"
    assert far.file.read() == Ledger(current=token.decode(), newest=7, on_trial=True)


@story
async def test_it_waits_for_the_end_of_the_visit(tmp_path: Path) -> None:
    far = Far(tmp_path)
    far.shop.visitor_comes()
    task = asyncio.ensure_future(restarts(far))
    far.hear(far.token(7, MINUTE))
    await asyncio.sleep(0.1)
    assert not task.done()
    assert far.file.read() == Ledger()
    far.shop.visitor_goes()
    await task


@story
async def test_a_run_that_has_just_begun_does_not_end_for_it(tmp_path: Path) -> None:
    far = Far(tmp_path, restarts_from=SystemClock().now() + 0.3)
    task = asyncio.ensure_future(restarts(far))
    far.hear(far.token(7, MINUTE))
    await asyncio.sleep(0.1)
    assert far.states() == [(7, "pending", "")]
    assert far.file.read() == Ledger()
    assert far.shop.closed == ""
    await task
    assert SystemClock().now() >= far.desiring._restarts_from


@pytest.mark.parametrize("versions", [(7, 8, 9), (9, 8, 7), (8, 9, 7)])
@story
async def test_of_several_that_wait_the_newest_is_taken(
    tmp_path: Path, versions: tuple[int, ...]
) -> None:
    far = Far(tmp_path)
    for version in versions:
        far.hear(far.token(version, MINUTE))
    await restarts(far)
    assert far.states() == [(9, "pending", "")]
    assert far.file.read().newest == 9


def in_force(folder: Path, version: int) -> Far:
    """A terminal in which this version is in force."""
    digest = desired.digest_of(json.dumps(MINUTE).encode())
    far = Far(folder, Wish(version, digest, orders.Overrides(), 0, 0, "t"))
    far.file.keep(Ledger(current="t", newest=version))
    return far


@story
async def test_what_is_in_force_may_be_heard_again(tmp_path: Path) -> None:
    far = in_force(tmp_path, 7)
    task = asyncio.ensure_future(far.desiring.run())
    far.desiring.report()
    for _ in range(3):
        far.hear(far.token(7, MINUTE))
    await asyncio.sleep(0.05)
    assert far.states() == [(7, "applied", "")]
    assert far.counts() == {"repeated": 3}
    digest = desired.digest_of(json.dumps(MINUTE).encode())
    assert far.post.reported()[0]["digest"] == digest
    assert far.post.reported()[0]["running"] == {"telemetry_every_s": 30}
    assert far.post.messages[0][2], "retained"
    assert not task.done()
    task.cancel()


@story
async def test_an_old_order_that_is_replayed_hides_nothing_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Who holds the broker has every order that was ever signed, and all the time."""
    far = in_force(tmp_path, 7)
    task = asyncio.ensure_future(far.desiring.run())
    stale = far.token(5, {"keep_days": 3})
    claims = desired_claims(DEVICE, 8, MINUTE)
    foreign = signed(far.keys.private("command"), claims, messages.COMMAND)
    for token in (stale, foreign):
        caplog.clear()
        said = len(far.states())
        for _ in range(100):
            far.hear(token)
        assert len(far.states()) == said + 1
        assert len(caplog.messages) == 1
    assert set(far.states()) == {(7, "applied", "")}
    assert [one["refused"]["reason"] for one in far.post.reported()] == [
        "stale",
        "wrong_type",
    ]
    for _ in range(100):  # in turn
        far.hear(stale)
        far.hear(foreign)
    assert len(far.states()) == 10
    assert far.counts() == {"refused": 400}
    far.desiring.report()  # as on each new line
    assert far.states()[-1] == (7, "applied", "")
    assert not task.done()
    task.cancel()


@story
async def test_an_order_of_before_does_not_follow_one_that_was_refused(
    tmp_path: Path,
) -> None:
    """A broker would choose among old wishes by keeping the newest one bad."""
    far = Far(tmp_path)
    await refuses(far, far.token(9, {"profile": "demo"}))
    far.hear(far.token(8, MINUTE))
    assert far.states()[-1][:2] == (9, "refused")
    assert far.post.reported()[-1]["refused"]["version"] == 8
    far.hear(far.token(10, MINUTE))
    await restarts(far)


@story
async def test_a_number_that_cannot_be_does_not_hide_those_to_come(
    tmp_path: Path,
) -> None:
    far = Far(tmp_path)
    for config in (MINUTE, {"host": "evil"}):
        far.hear(far.token(2**53 - 1, config))
        assert far.post.reported()[-1]["refused"]["reason"] == "too_far"
        assert far.states()[-1] == (0, "applied", "")
    far.hear(far.token(7, MINUTE))
    await restarts(far)


@story
async def test_what_is_in_force_and_not_met_is_not_called_applied(
    tmp_path: Path,
) -> None:
    far = in_force(tmp_path, 7)
    far.desiring.report()
    far.unmet = "bundle 3 is not in use: " + "x" * 1000
    far.desiring.report()
    applied, refused = far.states()
    assert applied == (7, "applied", "")
    assert refused == (7, "refused", far.unmet[: orders.REASON_CHARS])
    far.hear(far.token(8, {"host": "evil"}))
    assert far.states()[-1][2].startswith("malformed"), "of the newest"


@pytest.mark.parametrize(
    ("config", "other", "why"),
    [
        ({"profile": "demo"}, {}, "terminal.profile 'demo' is for test"),
        ({**MINUTE, "host": "evil"}, {}, "malformed: claims that do not fit"),
        ({"keys": {"device_key": "/x"}}, {}, "malformed"),
        ({"keep_days": 0}, {}, "malformed: claims that do not fit: keep_days"),
        (MINUTE, {"digest": "A" * 43}, "wrong_digest"),
        (MINUTE, {"aud": "shop-2"}, "wrong_device"),
        (MINUTE, {"version": 5}, "stale"),
        (MINUTE, {"iat": 1000, "exp": 2000}, "expired"),
        (MINUTE, {"iat": 4 * 10**9, "exp": 4 * 10**9}, "not_yet"),
        (MINUTE, {"version": 5 + 2**32}, "too_far"),
    ],
)
@story
async def test_a_bad_one_is_refused_whole_and_the_old_stays(
    tmp_path: Path, config: object, other: dict[str, object], why: str
) -> None:
    far = Far(tmp_path)
    before = Ledger(current="the-old-one", newest=5)
    far.file.keep(before)
    task = asyncio.ensure_future(far.desiring.run())
    far.hear(far.token(7, config, **other))
    await until(lambda: bool(far.post.reported()), 5.0)
    (reported,) = far.post.reported()
    assert not task.done()
    task.cancel()
    if why in BESIDE:
        assert (reported["version"], reported["state"]) == (0, "applied")
        reported = reported["refused"]
    else:
        assert reported["state"] == "refused"
    assert reported["version"] == other.get("version", 7)
    assert reported["reason"].startswith(why)
    assert far.file.read() == before
    assert far.time.floor_s < time.time()


@story
async def test_without_the_command_key_nothing_is_said(tmp_path: Path) -> None:
    far = Far(tmp_path)
    for name in ("receipt", "visit", "person"):
        claims = desired_claims(DEVICE, 7, MINUTE)
        with pytest.raises(Untrusted, match="not for this type"):
            far.hear(signed(far.keys.private(name), claims, messages.DESIRED))
    assert far.post.messages == []


@story
async def test_a_command_is_no_configuration(tmp_path: Path) -> None:
    far = Far(tmp_path)
    claims = desired_claims(DEVICE, 7, MINUTE)
    token = signed(far.keys.private("command"), claims, messages.COMMAND)
    far.hear(token)
    (reported,) = far.post.reported()
    assert reported["refused"] == {"version": 0, "reason": "wrong_type"}
    assert reported["state"] == "applied"


@story
async def test_a_bundle_is_brought_before_anything_is_kept(tmp_path: Path) -> None:
    far = Far(tmp_path)
    far.source_fault = "the source offers bundle 2, which is not the one"
    wanted = {**MINUTE, "bundle": BUNDLE}
    assert (await refuses(far, far.token(7, wanted)))[2] == far.source_fault
    assert far.file.read() == Ledger()
    far.source_fault = ""
    for _ in range(3):  # one that was refused is not tried at once again
        far.hear(far.token(7, wanted))
    assert far.counts() == {"pending": 1, "refused": 1, "repeated": 3}
    far.clock.ahead_s = AGAIN_AFTER_S
    far.hear(far.token(7, wanted))
    await restarts(far)
    assert far.brought == far.used == [orders.Bundle(number=3, digest="ab" * 32)]


@story
async def test_a_wish_that_is_refused_late_has_not_switched_its_bundle(
    tmp_path: Path,
) -> None:
    """E.g. its time ran out while the bundle came over a bad line."""
    far, before = Far(tmp_path), Ledger(newest=7)
    far.while_it_comes = lambda: far.file.keep(before)
    wanted = {**MINUTE, "bundle": BUNDLE}
    task = asyncio.ensure_future(far.desiring.run())
    far.hear(far.token(7, wanted))
    await until(lambda: len(far.states()) == 2, 5.0)
    assert not task.done()
    task.cancel()
    assert far.post.reported()[-1]["refused"]["reason"] == "stale"
    assert (len(far.brought), far.used) == (1, [])
    assert far.file.read() == before


@story
async def test_a_wish_whose_bundle_cannot_be_switched_to_is_not_kept(
    tmp_path: Path,
) -> None:
    far = Far(tmp_path)
    far.switch_fault = "another update came between"
    wanted = {**MINUTE, "bundle": BUNDLE}
    assert (await refuses(far, far.token(7, wanted)))[2] == far.switch_fault
    assert far.file.read() == Ledger()


@story
async def test_a_wish_that_cannot_be_kept_says_so_to_its_bundle(tmp_path: Path) -> None:
    far = Far(tmp_path)
    far.desiring._file = DesiredFile(tmp_path / "gone")
    wanted = {**MINUTE, "bundle": BUNDLE}
    reason = (await refuses(far, far.token(7, wanted)))[2]
    assert reason == "it cannot be kept: No such file or directory"
    assert (len(far.brought), far.used) == (1, [])


@story
async def test_one_that_cannot_be_kept_is_refused(tmp_path: Path) -> None:
    far = Far(tmp_path)
    far.file = far.desiring._file = DesiredFile(tmp_path / "gone")
    version, _, reason = await refuses(far, far.token(7, MINUTE))
    assert (version, reason) == (7, "it cannot be kept: No such file or directory")
