"""The register's API asks a terminal to begin its visit, over a real broker."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from broker import mosquitto
from likeness.carrier import starting_desk
from likeness.carrier.settings import Settings
from likeness.carrier.starting_desk import StartingDesk
from likeness.core.visit_events import Cancelled
from likeness.core.vocabulary import Purpose
from stories import story, until
from talks import Near, shop, terminal

pytestmark = pytest.mark.broker


@contextlib.asynccontextmanager
async def both(folder: Path) -> AsyncIterator[tuple[Near, StartingDesk, Settings]]:
    """A terminal on its line, and who orders for the API."""
    with mosquitto(folder) as broker:
        async with shop(folder) as near, terminal(near, broker) as far:
            settings = Settings(
                keys=str(folder / "keys/carrier"),
                database=str(folder / "carrier.db"),
                environment="test",
                host=broker.host,
                port=broker.port,
            )
            desk = StartingDesk(settings)
            await until(lambda: far.delivery.snapshot()["outbox_line"] == "online")
            try:
                yield far, desk, settings
            finally:
                desk.close()


@story
async def test_a_visit_is_begun_and_ended_at_the_terminal(tmp_path: Path) -> None:
    async with both(tmp_path) as (near, desk, _):
        began = await desk.start("shop-17", Purpose.NEW_NUMBER, "t-1")
        assert began == ("started", "")
        assert near.terminal.begun == [(Purpose.NEW_NUMBER, "t-1")]
        again = await desk.start("shop-17", Purpose.NEW_NUMBER, "t-2")
        assert again == ("not_started", "busy")
        await desk.cancel("shop-17", "t-1")
        assert any(isinstance(one, Cancelled) for one in near.terminal.posted)


@story
async def test_a_terminal_that_is_silent_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting_desk, "WAIT_S", 0.2)
    async with both(tmp_path) as (_, desk, settings):
        began = await desk.start("shop-99", Purpose.NEW_NUMBER, "t-1")
        assert began == ("not_started", "unanswered")
        for changed in ({"port": 1}, {"ca_file": "x"}, {"keys": str(tmp_path)}):
            other = StartingDesk(msgspec.structs.replace(settings, **changed))
            why = (await other.start("shop-17", Purpose.NEW_NUMBER, "t-1"))[0]
            other.close()
            assert why == "not_started"


@story
async def test_no_visit_is_begun_long_after_it_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Terminals that are silent hold up a few orders, not all that follow."""
    monkeypatch.setattr(starting_desk, "WAIT_S", 0.2)
    async with both(tmp_path) as (_, desk, _):
        silent = [
            asyncio.ensure_future(desk.start(f"shop-{at}", Purpose.NEW_NUMBER, "t-1"))
            for at in range(90, 90 + starting_desk.MOST_WAITING)
        ]
        await asyncio.sleep(0)
        late = await desk.start("shop-17", Purpose.NEW_NUMBER, "t-2")
        assert late == ("not_started", "too_many_orders")
        assert await asyncio.gather(*silent) == [
            ("not_started", "unanswered") for _ in silent
        ]
        monkeypatch.undo()
        began = await desk.start("shop-17", Purpose.NEW_NUMBER, "t-3")
        assert began == ("started", "")
