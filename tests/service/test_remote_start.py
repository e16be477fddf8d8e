"""Visits that the carrier starts and cancels: each order once, each answered."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from deliveries import DEVICE, running
from likeness.core import jws, messages, visit_orders
from likeness.core.glance import Glance, State
from likeness.core.visit_events import Cancelled
from likeness.core.vocabulary import Moment, Purpose
from likeness.edges.clock import SystemClock
from likeness.edges.verifier import CarrierVerifier
from likeness.errors import Untrusted
from likeness.service.ports_keeping import Memory
from likeness.service.remote_start import REFUSALS_AT_MOST, REMEMBERED, RemoteStart
from likeness.service.timekeeping import Timekeeping
from results import Bench, FixedClock
from signed_orders import CORRELATION, FullMemory, Post, arrived, said, signed
from stories import story, until
from talks import FakeTerminal, shop


class Far:
    """A terminal to be ordered about, and who orders."""

    def __init__(self, near: Bench, memory: Memory | None = None) -> None:
        self.near, self.post, self.terminal = near, Post(), FakeTerminal()
        clock = SystemClock()
        self.start = RemoteStart(
            device=DEVICE,
            verifier=CarrierVerifier(
                DEVICE,
                receipt_key=near.keys.public("receipt"),
                visit_key=near.keys.public("visit"),
            ),
            notary=near.notary,
            memory=memory or near.store,
            time=Timekeeping(FixedClock(Moment(int(time.time()), "ntp", "boot-1", 1))),
            clock=clock,
            terminal=self.terminal,
            say=self.post,
        )

    def token(
        self,
        counter: int | str,
        typ: str = visit_orders.START,
        *,
        by: str = "visit",
        **other: Any,
    ) -> bytes:
        now_s = int(time.time())
        claims = {
            "aud": DEVICE,
            "jti": f"jti-{counter}",
            "iat": now_s,
            "exp": now_s + 60,
            "counter": counter,
            "transaction": "t-1",
            **({"purpose": "new_number"} if typ == visit_orders.START else {}),
            **other,
        }
        return signed(self.near.keys.private(by), claims, typ)

    def hear(self, token: bytes) -> None:
        self.start.hear(arrived(DEVICE, "visit", token))

    async def told(self, token: bytes) -> tuple[str, str]:
        """Order it; return what is answered."""
        count = len(self.post.replies())
        self.hear(token)
        await until(lambda: len(self.post.replies()) > count)
        return self.post.replies()[-1]


@asynccontextmanager
async def ordered(folder: Path, memory: Memory | None = None) -> AsyncIterator[Far]:
    async with shop(folder) as near:
        far = Far(near, memory)
        async with running(far.start.run()):
            yield far


@story
async def test_a_start_opens_the_visit_and_is_answered_signed(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        token = far.token(1, purpose="check_numbers", transaction="t-9")
        assert await far.told(token) == ("done", "")
        assert far.terminal.begun == [(Purpose.CHECK_NUMBERS, "t-9")]
        ((leaf, reply, retained, correlation),) = far.post.messages
        assert (leaf, retained, correlation) == ("reply", False, CORRELATION)
        claims = said(reply)
        assert (claims["iss"], claims["command"]) == (DEVICE, "jti-1")
        assert claims["of"] == jws.chain_hash(token)


@story
async def test_each_order_is_obeyed_once_also_after_a_restart(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        first = far.token(5)
        assert await far.told(first) == ("done", "")
        far.terminal.obstacle = ""
        assert await far.told(first) == ("refused", "replayed")
        assert await far.told(far.token(4)) == ("refused", "replayed")
        again = Far(far.near)
        async with running(again.start.run()):
            assert await again.told(first) == ("refused", "replayed")
            assert await again.told(far.token(6)) == ("done", "")
        assert len(far.terminal.begun) == len(again.terminal.begun) == 1


@story
async def test_one_that_came_while_busy_is_used_up(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        far.terminal.obstacle = "busy"
        token = far.token(1)
        assert await far.told(token) == ("refused", "busy")
        far.terminal.obstacle = ""
        assert await far.told(token) == ("refused", "replayed")
        assert far.terminal.begun == []


@story
async def test_why_no_visit_can_begin_is_said(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        far.terminal.obstacle = "disk_full"
        assert await far.told(far.token(1)) == ("refused", "disk_full")


@story
async def test_what_is_not_for_us_or_too_old_starts_nothing(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        long_ago = int(time.time()) - 3600
        cases = {
            far.token(1, aud="shop-18"): "wrong_device",
            far.token(2, iat=long_ago, exp=long_ago + 60): "expired",
            far.token(3, exp=int(time.time()) + 86_400): "lives_too_long",
            far.token("4"): "malformed",
            far.token(5, purpose="sell_it"): "malformed",
            far.token(2**50): "too_far",
        }
        for token, why in cases.items():
            assert await far.told(token) == ("refused", why)
        assert far.terminal.begun == []
        assert await far.near.store.recall(REMEMBERED) is None


@story
async def test_what_the_visit_key_has_not_signed_gets_no_answer(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        for by in ("receipt", "command", "answer", "person"):
            with pytest.raises(Untrusted, match="not for this type"):
                far.hear(far.token(1, by=by))
        for typ in (messages.VISIT, messages.COMMAND, "JWT"):
            with pytest.raises(Untrusted, match="a type that is not expected"):
                far.hear(far.token(1, typ))
        token = far.token(1)
        with pytest.raises(Untrusted, match="signature is bad"):
            far.hear(token[:-8] + b"AAAAAAAA")
        assert far.post.messages == []


@story
async def test_a_cancel_ends_the_visit_it_names_and_no_other(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        cancel = visit_orders.CANCEL
        assert await far.told(far.token(1, cancel)) == ("refused", "no_such_visit")
        assert await far.told(far.token(2)) == ("done", "")
        other = far.token(3, cancel, transaction="t-2")
        assert await far.told(other) == ("refused", "no_such_visit")
        assert far.terminal.posted == []
        assert await far.told(far.token(4, cancel)) == ("done", "")
        assert far.terminal.posted == [Cancelled(1)]


@pytest.mark.parametrize("state", [State.IDLE, State.VERDICT, State.RECEIPT])
@story
async def test_from_the_verdict_on_there_is_nothing_to_cancel(
    tmp_path: Path, state: State
) -> None:
    async with ordered(tmp_path) as far:
        far.terminal.glance = Glance(state, visit=1, transaction="t-1")
        token = far.token(1, visit_orders.CANCEL)
        assert await far.told(token) == ("refused", "no_such_visit")
        assert far.terminal.posted == []


@story
async def test_without_room_for_its_counter_nothing_is_started(tmp_path: Path) -> None:
    async with ordered(tmp_path, FullMemory()) as far:
        assert await far.told(far.token(1)) == ("refused", "not_kept")
        assert far.terminal.begun == []


@story
async def test_not_every_replay_is_answered(tmp_path: Path) -> None:
    async with ordered(tmp_path) as far:
        token = far.token(1, aud="shop-18")
        for count in range(REFUSALS_AT_MOST + 3):
            far.hear(token)
            await until(lambda count=count: done(far) == count + 1)  # type: ignore[misc]
        assert far.start.counts["ignored"] == 3
        assert len(far.post.messages) == REFUSALS_AT_MOST


@story
async def test_too_many_at_once_are_dropped(tmp_path: Path) -> None:
    async with shop(tmp_path) as near:
        far = Far(near)
        for _ in range(8):
            far.hear(far.token(1))
        with pytest.raises(Untrusted, match="too many orders"):
            far.hear(far.token(1))


def done(far: Far) -> int:
    return far.start.counts.total()
