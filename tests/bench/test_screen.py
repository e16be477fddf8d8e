"""`likeness bench screen`: what it measures with, and what it says without."""

import asyncio
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from likeness.bench import screen
from likeness.commands.bench_screen import command
from likeness.errors import UsageError


def test_without_chromium_it_says_so_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UsageError, match="bench screen needs chromium: apt-get inst"):
        asyncio.run(screen.measure(1, None, lambda: None))


@pytest.mark.browser
@pytest.mark.slow
def test_a_visit_is_measured_from_both_ends(tmp_path: Path) -> None:
    out = tmp_path / "screen.json"
    done = CliRunner().invoke(command, ["--out", str(out), "--visits", "1"])
    assert done.exit_code == 0, done.output
    figures = json.loads(out.read_text())
    assert figures["cores"] == os.cpu_count()
    assert figures["prompt_to_painted"]["count"] >= 5  # card, look, acts, verdict …
    assert figures["captured_to_drawn"]["p50_ms"] > 0
    drawn = figures["preview_fps"]["value"]
    assert 0 < drawn <= figures["vision_fps"] + 1
    assert figures["page_cpu_cores"] > 0
    assert "simulated visits" in done.output.replace("\n", " ")
