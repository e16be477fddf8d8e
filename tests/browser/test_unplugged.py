"""Without a network: terminal and browser in a namespace with a loopback alone."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.chromium import Chromium
from browser.counter import Counter, eventually
from browser.visitor import Visitor
from programs import claims
from stories import story

pytestmark = [pytest.mark.browser, pytest.mark.broker]

NAMESPACE = ("unshare", "-n" if os.geteuid() == 0 else "-rn")
LOOPBACK = (*NAMESPACE, "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


@pytest.fixture
def counter(tmp_path: Path, pictures: Path) -> Iterator[Counter]:
    if shutil.which("ip") is None:
        pytest.skip("ip is missing: apt-get install iproute2")
    trial = subprocess.run([*LOOPBACK, "true"], capture_output=True, check=False)
    if trial.returncode != 0:
        pytest.skip("no network namespace can be had here")
    with Counter(tmp_path, pictures, before=LOOPBACK) as counter:
        yield counter


@story
async def test_the_page_needs_no_network_and_a_visit_ends_with_a_kept_result(
    counter: Counter,
) -> None:
    """The broker stands in the world outside; by the card alone the visit begins."""
    inside = ["nsenter", "-t", str(counter.terminal.pid), "-n"]
    if os.geteuid() != 0:
        inside = [*inside, "-U", "--preserve-credentials"]
    others = await asyncio.to_thread(
        subprocess.run, [*inside, "ip", "-o", "link"], capture_output=True, text=True
    )
    assert others.stdout.count("\n") == 1, "there is nothing but a loopback"
    async with Chromium(inside) as browser:
        visitor = await Visitor.comes(browser, counter)
        await visitor.is_told((await visitor.texts("health"))["offline"])
        assert await visitor.page.eval("document.fonts.ready.then(f => f.size)") == 0
        counter.lay(counter.own_card)
        await visitor.is_at("look", "acts")
        await visitor.is_at("verdict", within_s=40)
        shown = await visitor.reads()
        verdicts = await visitor.texts("say")
        await visitor.leaves()
    await eventually(lambda: counter.terminal.waiting > 0)
    *_, (_, _, state, token) = counter.terminal.kept()
    result = claims(token)
    assert state == "waiting"
    assert shown == verdicts[f"verdict_{result['verdict']}"]
    assert result["verdict"] != "accepted"
    assert result["nonce_source"] == "device"
    assert result["consent"]["given"] == "card_laid"
