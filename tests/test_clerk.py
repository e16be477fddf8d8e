"""The desk of a whole daemon: built with the others, fed by what they know."""

import asyncio
import io
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import msgspec
import pytest

from broker import free_port
from likeness import clerk, config
from likeness.core.desk_words import (
    Decide,
    DecisionReason,
    OpenVisit,
    Part,
    Refused,
    VisitLine,
)
from likeness.core.visit_events import AttendantAsked
from likeness.core.vocabulary import Purpose
from likeness.edges import desk_token
from likeness.edges.screen_text import TextScreen
from likeness.errors import ConfigError
from likeness.wiring import build
from replays import CLIP
from terminals import settings

TOLD = {
    "reader": "well",
    "camera": "found",
    "outbox_line": "online",
    "line_fault": "",
    "clock": "ntp",
    "disk_free_kib": 10**6,
    "outbox_waiting": 3,
    "hung": [],
    "screen": "well",
}


def test_health_says_what_telemetry_says() -> None:
    def said(obstacle: str = "", **more: object) -> object:
        return clerk.health(
            {**TOLD, **more}, obstacle=obstacle, decides=True, two_persons=False
        )

    well = clerk.health(TOLD, obstacle="", decides=True, two_persons=False)
    parts = ("reader", "camera", "broker", "screen", "clock", "disk")
    assert {getattr(well, name).state for name in parts} == {"well"}
    assert well.outbox_waiting == 3
    for change, name, state in (
        ({"reader": "starting"}, "reader", "starting"),
        ({"reader": "lost"}, "reader", "lost"),
        ({"hung": ["reader"]}, "reader", "lost"),
        ({"camera": "missing"}, "camera", "lost"),
        ({"camera": "unknown"}, "camera", "unknown"),
        ({"outbox_line": "offline"}, "broker", "lost"),
        ({"line_fault": "refused"}, "broker", "lost"),
        ({"clock": "unsynced"}, "clock", "lost"),
        ({"disk_free_kib": 1000}, "disk", "lost"),
        ({"obstacle": "disk_full"}, "disk", "lost"),
        ({"screen": "lost"}, "screen", "lost"),
    ):
        part = getattr(said(**change), name)
        assert isinstance(part, Part) and part.state == state, change


def test_a_terminal_without_a_desk_has_none(tmp_path: Path, pictures: Path) -> None:
    async def run() -> None:
        async with AsyncExitStack() as stack:
            given = settings(tmp_path, pictures / CLIP)
            daemon = await build(given, stack, screen=TextScreen(_Nowhere()))
            assert daemon.desk is None

    asyncio.run(run())


def test_the_whole_daemon_serves_its_desk(tmp_path: Path, pictures: Path) -> None:
    given = _with_desk(tmp_path, pictures)
    token = Path(given.desk.token_file).read_text().strip()
    at = f"http://127.0.0.1:{given.desk.port}"

    async def run() -> None:
        async with (
            AsyncExitStack() as stack,
            aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as shop,
        ):
            daemon = await build(given, stack, screen=TextScreen(_Nowhere()))
            running = asyncio.create_task(daemon.run())
            assert daemon.desk is not None
            async with asyncio.timeout(20):
                await daemon.desk.server.door.open.wait()
                async with shop.get(f"{at}/v1/health") as answer:
                    health = await answer.json()
                assert health["broker"]["state"] == "lost" and not health["decides"]
                wanted = {"transaction": "T-1", "purpose": "replace_sim"}
                async with shop.post(f"{at}/v1/visits", json=wanted) as answer:
                    assert answer.status == 201
                while daemon.terminal.glance.visit == 0:
                    await asyncio.sleep(0.01)
                daemon.terminal.post(AttendantAsked(daemon.terminal.glance.visit))
                line: dict[str, object] = {}
                while line.get("state") != "ended":
                    async with shop.get(f"{at}/v1/visits/T-1") as answer:
                        line = await answer.json()
                assert (line["verdict"], line["next_step"]) == ("referred", "read_card")
                async with shop.get(f"{at}/v1/calls") as answer:
                    assert len((await answer.json())["calls"]) == 1
                assert not health["two_persons"]
                decided = {"decision": "accept", "reason": "other", "attendant": "a"}
                where = f"{at}/v1/visits/T-1/decision"
                async with shop.post(where, json=decided) as answer:
                    assert (await answer.json())["type"].endswith("no_person")
                decided["decision"] = "refuse"
                async with shop.post(where, json=decided) as answer:
                    assert (await answer.json())["type"].endswith("no_decisions")
            running.cancel()
            await asyncio.wait([running])

    asyncio.run(run())


def test_a_decision_is_signed_kept_and_known_after_a_restart(
    tmp_path: Path, pictures: Path
) -> None:
    given = _with_desk(tmp_path, pictures)
    keys = msgspec.structs.replace(
        given.keys,
        carrier_answer_key=given.keys.carrier_visit_key.replace("visit", "answer"),
    )
    given = msgspec.structs.replace(given, keys=keys)
    wanted = Decide(
        decision="refuse", reason=DecisionReason.VISITOR_LEFT, attendant="a-1"
    )

    async def run(*, first: bool) -> VisitLine | Refused:
        async with AsyncExitStack() as stack:
            daemon = await build(given, stack, screen=TextScreen(_Nowhere()))
            running = asyncio.create_task(daemon.run())
            assert daemon.desk is not None
            desk, terminal = daemon.desk.desk, daemon.terminal
            async with asyncio.timeout(20):
                await daemon.desk.server.door.open.wait()
                if first:
                    desk.open(OpenVisit(transaction="T", purpose=Purpose.REPLACE_SIM))
                    while terminal.glance.visit == 0:
                        await asyncio.sleep(0.01)
                    terminal.post(AttendantAsked(terminal.glance.visit))
                    await terminal.concluded.wait()
                    made = await desk.decide("T", wanted)
                else:
                    made = desk.visit("T")
                other = msgspec.structs.replace(wanted, attendant="a-2")
                assert await desk.decide("T", other) is Refused.ALREADY_DECIDED
            running.cancel()
            await asyncio.wait([running])
        return made

    made = asyncio.run(run(first=True))
    assert isinstance(made, VisitLine) and made.decision and made.decision.jti
    again = asyncio.run(run(first=False))
    assert isinstance(again, VisitLine) and again.decision == made.decision


@pytest.mark.parametrize("text", ["", "short"])
def test_a_bad_token_file_stops_the_start(
    tmp_path: Path, pictures: Path, text: str
) -> None:
    given = _with_desk(tmp_path, pictures)
    Path(given.desk.token_file).write_text(text)

    async def run() -> None:
        async with AsyncExitStack() as stack:
            await build(given, stack, screen=TextScreen(_Nowhere()))

    with pytest.raises(ConfigError, match="likeness desk token"):
        asyncio.run(run())


def _with_desk(folder: Path, pictures: Path) -> config.Config:
    token_file = folder / "desk.token"
    desk_token.put_new(token_file)
    return msgspec.structs.replace(
        settings(folder, pictures / CLIP),
        desk=config.Desk(
            listen="127.0.0.1", port=free_port(), token_file=str(token_file)
        ),
    )


class _Nowhere(io.StringIO):
    """What the screen says is of no interest here."""
