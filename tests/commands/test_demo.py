"""`likeness demo`: one accepted and one refused visit, and what it needs for them."""

import asyncio
import importlib.util
import json
import re
import shutil
import subprocess
from contextlib import nullcontext
from pathlib import Path

import aiohttp
import pytest

from likeness import demo
from likeness.__main__ import main
from pcscd import turn
from real_models import MODELS
from stories import story
from terminals import likeness

WITHIN_S = 180.0


@pytest.mark.slow
def test_both_visits_come_out_as_they_must(tmp_path: Path) -> None:
    ended = subprocess.run(
        likeness("demo"),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
        cwd=tmp_path,
    )
    said = ended.stdout
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert said.endswith("first visit: accepted; second visit: refused\n")
    stages = [
        "stage: MQTT v5 broker (embedded)",
        "stage: card reader (simulated SDT)",
        "— first visit",
        "screen: Look at the camera.",
        "screen: Done. You may take your card.",
        "carrier: verified and kept: accepted",
        "— second visit",
        "screen: This did not succeed.",
        "carrier: verified and kept: refused (not_same_person",
        "outbox: empty",
    ]
    places = [said.index(stage) for stage in stages]
    assert places == sorted(places)
    kept = [line for line in said.splitlines() if line.startswith("carrier: ")]
    verdicts = [word for line in kept for word in re.findall("accepted|refused", line)]
    assert verdicts == ["accepted", "refused"]
    assert len(kept) == 3  # and the record that begins the chain
    assert all(line.endswith(", test") for line in kept)
    # The fictitious people of the two cards stay between the reader and the carrier.
    assert not re.search(r"\d{17}[\dX]", said + ended.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@story
async def test_who_watches_sees_both_visits_on_the_page() -> None:
    playing = await asyncio.create_subprocess_exec(
        *likeness("demo", "--screen"), stdout=asyncio.subprocess.PIPE
    )
    out = playing.stdout
    assert out is not None
    try:
        async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as session:
            while not (found := re.search(rb"page is at (\S+)/", await out.readline())):
                assert not out.at_eof()
            address = found[1].decode()
            page = session.ws_connect(f"{address}/socket", origin=address)
            said, frames = [], 0
            async with page as socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        showing = json.loads(message.data)
                        if showing["kind"] == "scene":
                            said.append(showing["scene"]["say"])
                            number = showing["number"]
                            await socket.send_json(
                                {"do": "painted", "serial": 0, "number": number}
                            )
                    else:
                        frames += 1
                        number = int.from_bytes(message.data[:4], "big")
                        await socket.send_json({"do": "drawn", "frame": number})
            await out.read()
            assert await playing.wait() == 0
    finally:
        if playing.returncode is None:
            playing.kill()
    ends = [one for one in said if one.startswith("verdict_")]
    assert list(dict.fromkeys(ends)) == ["verdict_accepted", "verdict_refused"]
    assert any(one.startswith("ask_") for one in said) and frames > 50


@pytest.mark.slow
@pytest.mark.parametrize(
    "over", ["pn532", pytest.param("pcsc", marks=pytest.mark.pcsc)]
)
def test_both_visits_with_an_icao_card(over: str, tmp_path: Path) -> None:
    with turn() if over == "pcsc" else nullcontext():
        ended = subprocess.run(
            likeness("demo", "--card", "emrtd", "--over", over),
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
            cwd=tmp_path,
        )
    said = ended.stdout
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert said.endswith("first visit: accepted; second visit: refused\n")
    assert said.count("Scan the lines with <<< on your card") == 2
    # What hangs on the day is checked only where this machine's clock is believed.
    proved = (
        r"card icao_id of UTO \(pace, group_hashes, sod_signature, (signer_valid, )?"
        r"issuer_chain, (revocation, )?active_authentication\)"
    )
    assert len(re.findall(proved, said)) == 2
    # Neither number nor name of the fictitious people leaves reader and carrier.
    assert not re.search(r"X\d{8}|SPECIMEN|SAMPLE", said + ended.stderr)
    assert list(tmp_path.iterdir()) == []


def test_pcsc_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("likeness.simulators.virtual_pcscd.DRIVER", Path("/no/driver"))
    assert main(["demo", "--card", "emrtd", "--over", "pcsc"]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "apt-get install pcscd vsmartcard-vpcd" in said.err


def test_pcsc_without_its_library_says_so_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *more: None if name == "smartcard" else find(name, *more),
    )
    assert main(["demo", "--card", "emrtd", "--over", "pcsc"]) == 2
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "pip install pyscard" in said.err


def test_how_a_chip_is_read_is_no_matter_of_a_resident_card(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["demo", "--over", "pcsc"]) == 2
    assert "--over is for --card emrtd" in capsys.readouterr().err


@pytest.mark.slow
def test_a_visit_that_does_not_end_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "VISIT_WITHIN_S", 0.5)  # a visit takes longer
    assert main(["demo"]) == 1
    (said,) = capsys.readouterr().err.splitlines()
    assert "the first visit did not end within" in said
    assert "the screen showed last: " in said


def test_without_its_clip_it_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(MODELS / "manifest.toml", tmp_path)
    assert main(["demo", "--models", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "carphone.mp4 is missing: run 'likeness models build'" in said.err
