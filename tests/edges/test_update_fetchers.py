"""Files come from a folder or a real HTTPS server; who misbehaves is left in time."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError

from likeness.carrier.update_repository import UpdateRepository
from likeness.edges.tuf_source import Source, TufSource
from likeness.edges.update_fetchers import FolderFetcher, HttpsFetcher
from likeness.errors import UpdateRefused
from likeness.simulators.authority import Authority, Kind
from update_bench import FITS, NOW

HOST = "127.0.0.1"


# --- a folder -----------------------------------------------------------------------
def read(folder: Path, name: str) -> bytes:
    return b"".join(FolderFetcher(folder).fetch(f"folder:///{name}"))


def test_a_file_below_the_folder(tmp_path: Path) -> None:
    (tmp_path / "targets").mkdir()
    (tmp_path / "targets" / "a.tar").write_bytes(b"x" * 200_000)
    assert read(tmp_path, "targets/a.tar") == b"x" * 200_000


def test_what_is_no_file_below_the_folder(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (tmp_path / "secret").write_text("not on the stick")
    (stick / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(stick / "pipe")  # a read of it would wait for ever
    (stick / "folder").mkdir()
    for name, why in (
        ("link", "Failed to download"),
        ("pipe", "pipe is no regular file"),
        ("folder", "folder is no regular file"),
        ("../secret", "no path below"),
        ("%2e%2e/secret", "no path below"),
        ("a//b", "no path below"),
    ):
        with pytest.raises(DownloadError, match=why):
            read(stick, name)
    with pytest.raises(DownloadHTTPError, match="none is missing"):
        read(stick, "none")
    with pytest.raises(DownloadError, match="no such folder"):
        read(tmp_path / "unplugged", "a")


# --- HTTPS --------------------------------------------------------------------------
class Shop(BaseHTTPRequestHandler):
    """Serves the files of a folder, and a few ways to behave badly."""

    folder: Path
    leave = threading.Event()

    def do_GET(self) -> None:
        match self.path:
            case "/moved":
                self.send_response(302)
                self.send_header("Location", "/metadata/timestamp.json")
                self.end_headers()
            case "/silent":
                self.leave.wait(20)
            case "/dripping":
                self._send(b"")
                while not self.leave.wait(0.02):
                    self.wfile.write(b"x")
            case "/torn":
                self.send_response(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"half")
            case path if (self.folder / path[1:]).is_file():
                self._send((self.folder / path[1:]).read_bytes())
            case _:
                self.send_error(404)

    def _send(self, data: bytes) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(data)

    def handle(self) -> None:
        try:
            super().handle()
        except OSError:
            return  # the client has left

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server:
    """A TLS server of a repository that offers one bundle."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repository = UpdateRepository.create(
            folder / "repository", folder / "keys"
        )
        bundle = folder / "bundle"
        bundle.write_bytes(b"not really models" * 10_000)
        self.repository.publish(bundle, FITS)
        self.authority = Authority(folder / "authority")
        issued = self.authority.make("updates", Kind.SERVER, hosts=(HOST,))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(issued.cert, issued.key)
        Shop.folder = self.repository.folder
        Shop.leave.clear()
        self._server = ThreadingHTTPServer((HOST, 0), Shop)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        ).start()
        self.address = f"https://{HOST}:{self._server.server_port}"

    def close(self) -> None:
        Shop.leave.set()
        self._server.shutdown()
        self._server.server_close()

    def fetch(self, name: str, **limits: float) -> bytes:
        fetcher = HttpsFetcher(str(self.authority.servers), **limits)
        return b"".join(fetcher.fetch(f"{self.address}/{name}"))

    @property
    def source(self) -> Source:
        return Source(
            place=self.address,
            root=self.repository.root_file.read_bytes(),
            target="models.tar",
            cache=self.folder / "cache",
            ca_file=str(self.authority.servers),
        )


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    yield made
    made.close()


def test_a_bundle_over_https(server: Server) -> None:
    source = TufSource(server.source, NOW, 0)
    assert source.fetch(source.offer()).read_bytes() == b"not really models" * 10_000


def test_a_server_of_another_ca_is_refused(server: Server, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    foreign = replace(server.source, ca_file=str(other.servers))
    with pytest.raises(UpdateRefused, match="not to be had: cannot be reached"):
        TufSource(foreign, NOW, 0).offer()
    for bad in ("", str(tmp_path / "none.pem")):
        with pytest.raises(UpdateRefused, match=r"update\.ca_file .* cannot be used"):
            TufSource(replace(server.source, ca_file=bad), NOW, 0)


def test_a_server_by_another_name_is_refused(server: Server) -> None:
    by_name = replace(server.source, place=server.address.replace(HOST, "localhost"))
    with pytest.raises(UpdateRefused, match="cannot be reached"):
        TufSource(by_name, NOW, 0).offer()


def test_nobody_there_is_one_line(server: Server) -> None:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    nobody = replace(server.source, place=f"https://{HOST}:{port}")
    with pytest.raises(UpdateRefused, match="cannot be reached") as fault:
        TufSource(nobody, NOW, 0).offer()
    assert "\n" not in str(fault.value)


def test_no_redirect_is_followed_and_no_environment_read(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert server.fetch("metadata/timestamp.json")
    with pytest.raises(DownloadHTTPError, match="moved: the server answers 302"):
        server.fetch("moved")
    with pytest.raises(DownloadHTTPError, match="answers 404"):
        server.fetch("none")


def test_a_server_that_says_nothing_or_drips_or_hangs_up(server: Server) -> None:
    silent = partial(server.fetch, "silent", silence_s=0.2)
    with pytest.raises(DownloadError, match="cannot be reached"):
        silent()
    with pytest.raises(SlowRetrievalError, match=r"more than 0\.3 s for one file"):
        server.fetch("dripping", whole_s=0.3)
    with pytest.raises(DownloadError, match="the line failed"):
        server.fetch("torn")


def test_a_lost_server_leaves_nothing_half_done(server: Server) -> None:
    source = TufSource(server.source, NOW, 0)
    offer = source.offer()
    for path in (server.repository.folder / "targets").iterdir():
        path.unlink()
    with pytest.raises(UpdateRefused, match="answers 404"):
        source.fetch(offer)
    assert list((server.folder / "cache" / "targets").iterdir()) == []
