"""The doctor's look at the screen: display, page, browser."""

import asyncio
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import msgspec
import pytest

from broker import free_port
from likeness import config
from likeness.doctor.finding import Finding, State
from likeness.doctor.screen import screen
from pages import Served
from stories import story
from terminals import settings


def page_settings(folder: Path, port: int, **more: object) -> config.Config:
    given = settings(folder, folder / "clip.mp4")
    shown = config.Screen(kind="page", port=port, **more)  # type: ignore[arg-type]
    return msgspec.structs.replace(given, screen=shown)


@pytest.fixture
def display(tmp_path: Path) -> Path:
    connector = tmp_path / "drm" / "card0-HDMI-A-1"
    connector.mkdir(parents=True)
    (connector / "status").write_text("connected\n")
    return tmp_path / "drm"


@pytest.fixture
def chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "chromium"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))
    return program


@pytest.mark.usefixtures("chromium")
def test_a_page_that_can_be_served_is_well(tmp_path: Path, display: Path) -> None:
    found = screen(page_settings(tmp_path, free_port()), display, in_use=False)
    assert found == Finding(State.OK, "card0-HDMI-A-1 connected, page in 5 languages")


def test_lines_of_text_need_a_display_and_no_more(
    tmp_path: Path, display: Path
) -> None:
    found = screen(settings(tmp_path, tmp_path / "x"), display, in_use=False)
    assert found == Finding(State.OK, "card0-HDMI-A-1 connected")


def test_no_browser_is_told(tmp_path: Path, display: Path, chromium: Path) -> None:
    chromium.unlink()
    found = screen(page_settings(tmp_path, free_port()), display, in_use=False)
    assert found.state is State.WARN and "apt install chromium" in found.todo


@pytest.mark.usefixtures("chromium")
def test_a_display_that_is_unplugged_comes_first(tmp_path: Path, display: Path) -> None:
    (display / "card0-HDMI-A-1" / "status").write_text("disconnected\n")
    found = screen(page_settings(tmp_path, free_port()), display, in_use=False)
    assert found.state is State.FAIL and "plug the display in" in found.todo


@pytest.mark.usefixtures("chromium")
def test_wrong_sentences_and_a_taken_port_are_told(
    tmp_path: Path, display: Path
) -> None:
    given = page_settings(tmp_path, free_port(), languages=("tlh",))
    found = screen(given, display, in_use=False)
    assert found.state is State.FAIL and "'tlh'" in found.said
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        taken = config.Screen(kind="page", port=other.getsockname()[1])
        given = msgspec.structs.replace(given, screen=taken)
        found = screen(given, display, in_use=False)
    assert found.state is State.FAIL and "another program listens" in found.said


@pytest.mark.usefixtures("chromium")
def test_a_daemon_that_does_not_answer_is_told(tmp_path: Path, display: Path) -> None:
    found = screen(page_settings(tmp_path, free_port()), display, in_use=True)
    assert found.state is State.FAIL and "does not answer" in found.said


class Another(BaseHTTPRequestHandler):
    """Some other program's page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.usefixtures("chromium")
def test_another_programs_page_is_none_of_ours(tmp_path: Path, display: Path) -> None:
    with HTTPServer(("127.0.0.1", 0), Another) as other:
        serving = threading.Thread(target=other.handle_request)
        serving.start()
        given = page_settings(tmp_path, other.server_address[1])
        found = screen(given, display, in_use=True)
        serving.join()
    assert found.state is State.FAIL and "is no page of likeness" in found.said


@pytest.mark.usefixtures("chromium")
def test_it_says_whether_a_browser_shows_the_page(
    tmp_path: Path, display: Path
) -> None:
    @story
    async def asked() -> None:
        shop = Served()
        given = page_settings(tmp_path, shop.port)
        async with shop.served() as session:
            found = await asyncio.to_thread(screen, given, display, in_use=True)
            assert found.state is State.WARN and "no browser shows it" in found.said
            async with shop.page(session) as page:
                await page.until("idle_card")
                found = await asyncio.to_thread(screen, given, display, in_use=True)
                assert found.said.endswith("page shown in 5 languages")

    asked()
