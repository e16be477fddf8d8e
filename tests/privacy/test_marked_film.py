"""After a film nothing of it is found in clear: memory, files, what the command said.

The command is the real one with its page; the page is a program that agrees and draws
every frame. What is searched for is taken from the film itself, opened at the bench.
"""

import asyncio
import json
import os
import signal
import time
from pathlib import Path

import aiohttp
import pytest

from broker import free_port
from films import BLINK, Filming, Studio
from likeness.edges.recorded import frames
from likeness.recording.opening import open_into
from process_search import found_in_files, found_in_memory, mapped_and_open_files
from stories import story

pytestmark = [pytest.mark.broker, pytest.mark.slow]

MARK_BYTES = 48
EVERY = 6  # of the frames is marked
SHARES = (3, 5, 7)  # eighths of a picture
TIMES, LETS_GO_S = 6, 0.4
BY_THEN_S = 2.0


def pieces(name: str, data: bytes) -> dict[str, bytes]:
    return {
        f"{name} at {share}": data[len(data) * share // 8 :][:MARK_BYTES]
        for share in SHARES
    }


def marks_of(clear: Path, drawn: list[bytes], clip: Path) -> dict[str, bytes]:
    marks: dict[str, bytes] = {}
    for number, picture in enumerate(sorted((clear / "frames").iterdir())):
        if number % EVERY == 0:
            marks |= pieces(f"kept {number}", picture.read_bytes())
    for number, jpeg in enumerate(drawn[::EVERY]):
        marks |= pieces(f"drawn {number}", jpeg)
    card = next(clear.glob("card.*"))
    marks |= pieces("card", card.read_bytes())
    for frame in list(frames(clip))[:90:30]:
        marks |= pieces(f"pixels {frame.number}", frame.image.tobytes())
    return marks


async def watched(studio: Studio, port: int) -> tuple[list[bytes], list[str], str]:
    """Agree and draw until the last word; return pictures, words and the consent."""
    origin = f"http://127.0.0.1:{port}"
    drawn: list[bytes] = []
    said: list[str] = []
    async with aiohttp.ClientSession() as session, asyncio.timeout(90):
        while True:
            try:
                socket = await session.ws_connect(f"{origin}/socket", origin=origin)
                break
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)
        async with session.get(f"{origin}/languages/en.json") as answer:
            consent = (await answer.json())["consent"]["text"]
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                drawn.append(message.data[4:])
                frame = int.from_bytes(message.data[:4], "big")
                await socket.send_json({"do": "drawn", "frame": frame})
                continue
            showing = json.loads(message.data)
            if showing["kind"] != "scene":
                continue
            scene = showing["scene"]
            await socket.send_json(
                {"do": "painted", "serial": 0, "number": showing["number"]}
            )
            if said[-1:] == [scene["say"]]:
                continue
            said.append(scene["say"])
            if scene["say"] == "consent":
                await socket.send_json(
                    {"do": "agree", "serial": scene["serial"], "language": "en"}
                )
            elif scene["say"] == "lay_card":
                studio.reader.lay(studio.cards[0])
            elif scene["say"].startswith("verdict_"):
                break
    return drawn, said, "\n".join(consent)


@story
async def test_a_film_is_in_clear_nowhere_but_at_the_bench(
    tmp_path: Path, pictures: Path
) -> None:
    port = free_port()
    screen = f'[screen]\nkind = "page"\nport = {port}\n'
    files_seen: set[str] = set()
    with Studio(tmp_path, pictures, screen=screen) as studio:

        async def look_at_files() -> None:
            while True:
                for folder in (studio.home, studio.to):
                    files_seen.update(
                        path.name for path in folder.rglob("*") if path.is_file()
                    )
                await asyncio.sleep(0.01)

        with Filming(studio, *BLINK, "--with-card", answer=None) as filming:
            looking = asyncio.create_task(look_at_files())
            drawn, said, consent = await watched(studio, port)
            looking.cancel()
            assert said[-1] == "verdict_accepted", said
            assert "Example Telecom" in consent
            assert len(drawn) > EVERY
            # Its last words stand for 5 s, and it lets go one second into them: a
            # process that is stopped before would end as soon as it may go on.
            await asyncio.sleep(BY_THEN_S)
            filming.process.send_signal(signal.SIGSTOP)
            (film,) = studio.films
            clear = tmp_path / "clear"
            await asyncio.to_thread(open_into, film, studio.key, clear)
            marks = marks_of(clear, drawn, pictures / "carphone.mp4")
            assert len(marks) > 30
            files = mapped_and_open_files(filming.process.pid)
            if os.geteuid() == 0:
                found = await asyncio.to_thread(searched, filming, marks)
                assert found == {}
            filming.process.send_signal(signal.SIGCONT)
            own = {pictures / "carphone.mp4", tmp_path / "cards" / "1.jpg"}
            assert not found_in_files(files - own, marks)
            assert await asyncio.to_thread(filming.ends) == 0
        left = {
            path
            for folder in (studio.home, studio.to)
            for path in folder.rglob("*")
            if path.is_file()
        }
        assert film in left
        assert not found_in_files(left, marks)
    # Nothing but the sealed file was ever there, half or whole; and an empty probe.
    known = {"terminal.toml", "record.log", "log", "lock", film.name}
    assert {
        name
        for name in files_seen
        if not name.startswith((f".{film.name}", ".probe-", "..probe-"))
    } <= known


def searched(filming: Filming, marks: dict[str, bytes]) -> dict[str, int]:
    """Search the frozen process; now and then it may go on, to let go of more."""
    found: dict[str, int] = {}
    for _ in range(TIMES):
        filming.process.send_signal(signal.SIGSTOP)
        found = found_in_memory(filming.process.pid, marks)
        assert filming.process.poll() is None, "it ended before it was searched"
        filming.process.send_signal(signal.SIGCONT)
        if not found:
            break
        time.sleep(LETS_GO_S)
    return found
