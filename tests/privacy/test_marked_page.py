"""After a visit on the page nothing of its pictures is found in memory, files or log.

The daemon is the real program with the environment of the shipped unit; the page is a
program that draws every frame, and keeps them to search for.
"""

import asyncio
import json
import os
from pathlib import Path

import aiohttp
import pytest

from broker import free_port
from privacy.test_marked_visit import unit_environment
from process_search import found_in_files, found_in_memory
from processes import LIKENESS, Program, happens
from programs import Shop
from stories import story

pytestmark = [pytest.mark.broker, pytest.mark.slow]

MARK_BYTES = 48


def marks_of(frames: list[bytes]) -> dict[str, bytes]:
    """Pieces of encoded pictures, from the whole visit."""
    marks = {}
    for number in range(0, len(frames), max(1, len(frames) // 12)):
        jpeg = frames[number]
        for share in (3, 5, 7):
            mark = jpeg[len(jpeg) * share // 8 :][:MARK_BYTES]
            marks[f"frame {number} at {share}"] = mark
    last = frames[-1]
    marks["last frame"] = last[len(last) // 2 :][:MARK_BYTES]
    return marks


@story
async def test_the_pictures_of_a_visit_are_gone_with_it(
    tmp_path: Path, pictures: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    page = f'[screen]\nkind = "page"\nport = {port}\n'
    with Shop(tmp_path, pictures, "shop-1", more=page) as shop:
        shop.broker.start()
        shop.carrier.start()
        for name, value in unit_environment(root).items():
            monkeypatch.setenv(name, value)
        home = tmp_path / "shop-1"
        config = home / "terminal.toml"
        daemon = Program(
            home / "verbose.log", *LIKENESS, "run", "--verbose", "--config", config
        )
        await asyncio.to_thread(daemon.start)
        try:
            assert await asyncio.to_thread(daemon.says, "event=ready", 30)
            async with aiohttp.ClientSession() as session:
                frames = await watched(session, port, shop)
                assert len(frames) >= 30
                marks = marks_of(frames)
                assert len(marks) >= 30
                if os.geteuid() == 0:
                    assert await asyncio.to_thread(
                        happens, lambda: not found_in_memory(daemon.pid, marks), 15
                    ), found_in_memory(daemon.pid, marks)
        finally:
            await asyncio.to_thread(daemon.stop)
        left = {path for path in home.rglob("*") if path.is_file()}
        assert not found_in_files(left, marks)


async def watched(session: aiohttp.ClientSession, port: int, shop: Shop) -> list[bytes]:
    """Draw a whole visit; return its pictures."""
    origin = f"http://127.0.0.1:{port}"
    frames = []
    began = False
    async with (
        asyncio.timeout(90),
        session.ws_connect(f"{origin}/socket", origin=origin) as socket,
    ):
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                frames.append(message.data[4:])
                number = int.from_bytes(message.data[:4], "big")
                await socket.send_json({"do": "drawn", "frame": number})
                continue
            showing = json.loads(message.data)
            if showing["kind"] != "scene":
                continue
            await socket.send_json(
                {"do": "painted", "serial": 0, "number": showing["number"]}
            )
            say = showing["scene"]["say"]
            if say == "idle_card" and not began:
                began = True
                shop.terminals[0].reader.lay(shop.cards[0])
            elif say.startswith("verdict_"):
                shop.terminals[0].reader.take_away()
            elif say == "idle_card" and frames:
                break
    return frames
