"""Commands as they come: who is obeyed, how often, and who is answered."""

import asyncio
import errno
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc import jws as jose
from joserfc.jwk import ECKey

from deliveries import DEVICE, running
from likeness.core import jws, messages, orders
from likeness.edges import bench_keys, key_files
from likeness.edges.clock import SystemClock
from likeness.edges.signer import FileSigner
from likeness.edges.verifier import CarrierOrders, CarrierVerifier
from likeness.errors import ConfigError, Restarting, Untrusted
from likeness.service.commanding import Commanding
from likeness.service.deeds import deeds
from likeness.service.ports import WallClock
from likeness.service.ports_carrier import Signer
from likeness.service.ports_keeping import Memory
from likeness.service.timekeeping import Timekeeping
from results import MOMENT, Bench, FixedClock, bench
from signed_orders import (
    CORRELATION,
    FullMemory,
    Levels,
    Post,
    Shop,
    arrived,
    command_claims,
    said,
    signed,
)
from stories import story, until


class OneKey:
    """A ring that makes one next key, or none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.fault = ""

    def next(self) -> Signer | None:
        return None

    def prepare(self) -> Signer:
        if self.fault:
            raise ConfigError(self.fault)
        return FileSigner(self._path)

    def switch(self) -> None:
        raise AssertionError("only a start switches")


class Far:
    """One terminal that obeys, and the means to order it about."""

    def __init__(
        self,
        near: Bench,
        memory: Memory | None = None,
        *,
        wall: WallClock | None = None,
        restarts_from: float = 0.0,
    ) -> None:
        self.near = near
        self.shop, self.post, self.levels = Shop(), Post(), Levels()
        self.ring = OneKey(near.keys.device_key)
        self.done: list[str] = []
        self.card_is_worn = False
        self.counter_at_deed: str | None = None
        self.clock = SystemClock()
        self.time = Timekeeping(wall or self.clock)
        self.commanding = Commanding(
            device=DEVICE,
            verifier=CarrierOrders(near.keys.public("command")),
            notary=near.notary,
            memory=memory or near.store,
            time=self.time,
            epoch=lambda: near.store.epoch,
            clock=self.clock,
            visits=self.shop,
            journal=self.levels,
            deeds=deeds(
                visits=self.shop,
                journal=self.levels,
                keys=self.ring,
                birth=lambda: {"software": "0.1.0"},
                snapshot=lambda: {"visits": 3},
                examine=lambda: {"disk": "ok: room"},
                trials=lambda: {
                    "mesh": lambda: self.done.append("mesh"),
                    "embed": self.embed,
                },
                announce=lambda: self.done.append("announced"),
            ),
            say=self.post,
            restarts_from=restarts_from,
        )

    def embed(self) -> None:
        if self.card_is_worn:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        self.done.append("embed")

    def token(self, counter: int, action: object, /, **other: object) -> bytes:
        claims = command_claims(DEVICE, self.near.store.epoch, counter, action, **other)
        return signed(self.near.keys.private("command"), claims, messages.COMMAND)

    def hear(self, token: bytes) -> None:
        self.commanding.hear(arrived(DEVICE, "cmd", token))

    async def answers(self, count: int) -> list[tuple[str, str]]:
        """Wait for so many replies."""
        await until(lambda: len(self.post.replies()) >= count, 5.0)
        return self.post.replies()


@asynccontextmanager
async def terminal(folder: Path) -> AsyncIterator[Bench]:
    near = bench(folder)
    await near.store.open()
    try:
        yield near
    finally:
        await near.store.close()


@asynccontextmanager
async def obeying(near: Bench, memory: Memory | None = None) -> AsyncIterator[Far]:
    far = Far(near, memory)
    async with running(far.commanding.run()):
        yield far


# --- accepted once -------------------------------------------------------------------
@story
async def test_a_command_is_carried_out_and_answered_signed(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        token = far.token(1, "announce")
        far.hear(token)
        assert await far.answers(1) == [("done", "")]
        assert far.done == ["announced"]
        ((leaf, reply, retained, correlation),) = far.post.messages
        assert (leaf, retained, correlation) == ("reply", False, CORRELATION)
        key = ECKey.import_key(
            {
                **key_files.public_jwk(
                    key_files.load_public(near.keys.terminal / "device.jwk")
                )
            }
        )
        header = jose.deserialize_compact(reply, key, algorithms=["ES256"]).headers()
        assert header["typ"] == messages.REPLY
        assert said(reply)["iss"] == DEVICE
        assert said(reply)["command"] == "jti-1"
        assert said(reply)["of"] == jws.chain_hash(token)


@story
async def test_a_replay_is_refused_also_by_the_next_life(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near:
        async with obeying(near) as far:
            token = far.token(5, "announce")
            far.hear(token)
            assert await far.answers(1) == [("done", "")]
            far.hear(token)
            far.hear(far.token(4, "announce"))
            assert (await far.answers(3))[1:] == [("refused", "replayed")] * 2
            assert far.done == ["announced"]
        async with obeying(near) as reborn:
            reborn.hear(token)
            reborn.hear(reborn.token(6, "announce"))
            answers = await reborn.answers(2)
            assert answers == [("refused", "replayed"), ("done", "")]
            assert reborn.done == ["announced"]


@story
async def test_the_counter_is_on_the_disk_before_the_deed(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near, FullMemory()) as far:
        far.hear(far.token(5, "announce"))
        assert await far.answers(1) == [("refused", "not_kept")]
        assert far.done == []


@story
async def test_a_command_for_a_database_that_is_gone(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        far.hear(far.token(1, "restart", epoch="f" * 32))
        assert await far.answers(1) == [("refused", "wrong_epoch")]


@pytest.mark.parametrize("quality", ["ntp", "rtc"])
@story
async def test_one_signed_in_the_future_moves_neither_time_nor_counter(
    tmp_path: Path, quality: str
) -> None:
    near = bench(tmp_path)
    await near.store.open()
    far = Far(near, wall=FixedClock(replace(MOMENT, quality=quality)))
    before, now_s = far.time.floor_s, MOMENT.utc_s
    async with running(far.commanding.run()):
        far.hear(far.token(1, "announce", iat=now_s + 301, exp=now_s + 302))
        assert await far.answers(1) == [("refused", "not_yet")]
        assert await near.store.recall("command_counter") is None
        assert far.time.floor_s == before
        far.hear(far.token(1, "announce", iat=now_s + 300, exp=now_s + 302))
        assert (await far.answers(2))[1] == ("done", "")
    await near.store.close()


# --- who is not obeyed ---------------------------------------------------------------
@story
async def test_each_refusal_is_answered_when_the_signature_is_good(
    tmp_path: Path,
) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        key = near.keys.private("command")
        for token in (
            far.token(1, "announce", aud="shop-2"),
            far.token(1, "announce", iat=1_000, exp=1_060),
            far.token(1, "open_door"),
            far.token(1, {"name": "log_level", "level": "debug", "for_s": 10**6}),
            signed(key, {"aud": DEVICE}, messages.COMMAND),
            signed(key, b"[]", messages.COMMAND),
            signed(key, {"aud": DEVICE}, messages.DESIRED),
        ):
            far.hear(token)
        reasons = [reason for _, reason in await far.answers(7)]
        assert reasons == [
            "wrong_device",
            "expired",
            "unknown_command",
            "bad_arguments",
            "malformed",
            "malformed",
            "wrong_type",
        ]
        assert far.done == []
        assert await near.store.recall("command_counter") is None


@pytest.mark.parametrize("name", ["visit", "receipt", "person", "device", "other"])
@story
async def test_no_other_key_may_command_and_nobody_is_answered(
    tmp_path: Path, name: str
) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        match name:
            case "device":
                key = near.keys.device_key
            case "other":
                key = tmp_path / "other.key"
                key_files.make_private(key)
            case _:
                key = near.keys.private(name)
        claims = command_claims(DEVICE, near.store.epoch, 1, "restart")
        with pytest.raises(Untrusted, match="a key that is not for this type"):
            far.hear(signed(key, claims, messages.COMMAND))
        with pytest.raises(Untrusted, match="a type that is not expected"):
            far.hear(signed(near.keys.private("command"), claims, messages.VISIT))
        forged = far.token(1, "restart")[:-4] + b"AAAA"
        with pytest.raises(Untrusted):
            far.hear(forged)
        await asyncio.sleep(0.05)
        assert far.post.messages == []


@story
async def test_the_command_key_signs_no_receipt_and_opens_no_visit(
    tmp_path: Path,
) -> None:
    async with terminal(tmp_path) as near:
        verifier = CarrierVerifier(
            DEVICE,
            receipt_key=near.keys.public("receipt"),
            visit_key=near.keys.public("visit"),
        )
        key = near.keys.private("command")
        with pytest.raises(Untrusted, match="not for this type"):
            verifier.receipt(signed(key, {"aud": DEVICE}, messages.RECEIPT), None)
        with pytest.raises(Untrusted, match="not for this type"):
            verifier.visit(signed(key, {"aud": DEVICE}, messages.VISIT), None)


@story
async def test_a_flood_is_dropped(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near:
        far = Far(near)  # nobody takes them out
        for counter in range(1, 9):
            far.hear(far.token(counter, "announce"))
        with pytest.raises(Untrusted, match="too many"):
            far.hear(far.token(9, "announce"))


@story
async def test_replays_by_the_hundred_cost_ten_answers_and_ten_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        old = far.token(1, "announce")
        far.hear(old)
        await far.answers(1)
        caplog.clear()
        caplog.set_level(logging.INFO)
        for count in range(1, 101):
            far.hear(old)
            await until(lambda n=count: _refused(far) == n, 5.0)  # type: ignore[misc]
        assert len(far.post.replies()) == 1 + 10
        assert len(caplog.messages) == 10
        assert far.commanding.counts["ignored"] == 90


def _refused(far: Far) -> int:
    return far.commanding.counts["refused"] + far.commanding.counts["ignored"]


# --- deeds ---------------------------------------------------------------------------
@story
async def test_a_restart_waits_for_the_visit_and_replies_before(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near:
        far = Far(near)
        far.shop.visitor_comes()
        task = asyncio.ensure_future(far.commanding.run())
        far.hear(far.token(1, "restart"))
        await asyncio.sleep(0.1)
        assert far.post.messages == []
        assert not task.done()
        far.shop.visitor_goes()
        far.shop.visitor_comes()  # at once the next one
        await asyncio.sleep(0.05)
        assert not task.done()
        far.shop.visitor_goes()
        with pytest.raises(BaseExceptionGroup) as caught:
            await task
        assert caught.group_contains(Restarting, match="has ordered a restart")
        assert far.post.replies() == [("done", "")]
        assert far.shop.closed == "restarting"


@story
async def test_a_run_that_has_just_begun_is_not_restarted(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near:
        may_end = SystemClock().now() + 0.3
        far = Far(near, restarts_from=may_end)
        task = asyncio.ensure_future(far.commanding.run())
        far.hear(far.token(1, "restart"))
        await asyncio.sleep(0.1)
        assert far.post.messages == []
        with pytest.raises(BaseExceptionGroup) as caught:
            await task
        assert caught.group_contains(Restarting)
        assert SystemClock().now() >= may_end
        assert far.post.replies() == [("done", "")]


@story
async def test_a_visitor_may_come_just_before_the_restart(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near:
        far = Far(near)
        far.shop.hasty = 1
        task = asyncio.ensure_future(far.commanding.run())
        far.hear(far.token(1, "restart"))
        await until(lambda: not far.shop.idle, 5.0)
        await asyncio.sleep(0.05)
        assert not task.done()
        assert far.shop.closed == ""
        far.shop.visitor_goes()
        with pytest.raises(BaseExceptionGroup):
            await task
        assert far.post.replies() == [("done", "")]


@story
async def test_a_self_test_goes_on_between_visits_only(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        far.shop.visitor_comes()
        far.hear(far.token(1, "self_test"))
        await asyncio.sleep(0.05)
        assert far.done == []
        far.shop.visitor_goes()
        await far.answers(1)
        assert far.done == ["mesh", "embed"]
        result = said(far.post.messages[0][1])["result"]
        assert result["passed"] is True
        assert result["models"]["mesh"].startswith("ok, ")


@story
async def test_a_model_that_cannot_be_read_fails_its_test_alone(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        far.card_is_worn = True
        far.hear(far.token(1, "self_test"))
        await far.answers(1)
        result = said(far.post.messages[0][1])["result"]
        assert result["passed"] is False
        assert result["models"]["mesh"].startswith("ok, ")
        assert "Input/output error" in result["models"]["embed"]


@story
async def test_the_log_level_falls_back_by_itself(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        far.hear(far.token(1, {"name": "log_level", "level": "debug", "for_s": 1}))
        assert await far.answers(1) == [("done", "")]
        assert far.levels.set == ["debug"]
        await until(lambda: far.levels.set == ["debug", None], 5.0)


@story
async def test_the_next_key_is_made_and_the_daemon_starts_anew(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near:
        far = Far(near)
        far.ring.fault = "the token is full"
        task = asyncio.ensure_future(far.commanding.run())
        far.hear(far.token(1, "rotate_key"))
        assert await far.answers(1) == [("failed", "the token is full")]
        far.ring.fault = ""
        far.hear(far.token(2, "rotate_key"))
        with pytest.raises(BaseExceptionGroup) as caught:
            await task
        assert caught.group_contains(Restarting)
        assert said(far.post.messages[-1][1])["result"]["key_tier"] == "file"


@story
async def test_what_could_not_be_said_is_said_on_the_next_line(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        far.post.is_up = False
        far.hear(far.token(1, "announce"))
        await until(lambda: far.done == ["announced"])
        await asyncio.sleep(0.02)
        far.post.is_up = True
        far.commanding.line_is_up()
        assert far.post.replies() == [("done", "")]
        far.commanding.line_is_up()
        assert len(far.post.messages) == 1


@story
async def test_a_command_says_what_time_it_is_at_least(tmp_path: Path) -> None:
    async with terminal(tmp_path) as near, obeying(near) as far:
        before = far.time.floor_s
        far.hear(far.token(1, "announce"))
        await far.answers(1)
        assert far.time.floor_s > before


def test_every_command_has_its_deed_or_is_a_rule(tmp_path: Path) -> None:
    near = bench(tmp_path)
    ruled: set[type[orders.Action]] = {orders.Restart, orders.SetLogLevel}
    done = set(Far(near).commanding._deeds)
    assert done | ruled == set(orders.ACTIONS.values())
    assert bench_keys.CARRIER_KEYS[-1] == "command"
