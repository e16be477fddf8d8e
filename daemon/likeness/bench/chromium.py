"""Drives Debian's chromium without a window, over its DevTools protocol.

A pipe carries the protocol: no port is opened, and a chromium whose driver died ends
by itself. Each browser has a fresh profile, knows no name of any host, and takes all
it has with it. Leaves to others: pages (browser_page.py), and what they should be.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from likeness.bench.browser_page import Page
from likeness.bench.devtools import BrowserFault, Json, Link
from likeness.errors import UsageError

PROGRAM = "chromium"
END_WITHIN_S = 10.0
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-extensions",
    "--disable-crash-reporter",
    "--disable-breakpad",
    "--disable-features=Translate,MediaRouter,OptimizationHints",
    # Pages that nobody sees draw as fast as those in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--password-store=basic",
    "--use-mock-keychain",
    "--mute-audio",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    # No host has a name; what is asked for by address goes to a dead proxy.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=127.0.0.1;localhost",
)
# The protocol's two ends must be descriptors 3 and 4 of the browser.
START = 'exec 3</dev/fd/"$0" 4>/dev/fd/"$1"; shift; exec "$@"'


def find() -> str | None:
    """Where chromium is, or None."""
    return shutil.which(PROGRAM)


class Chromium:
    """A browser with nothing in it; what it keeps is gone when the `with` ends.

    Args:
        before: words that come before the command, e.g. to start it in a network
            namespace.
    """

    def __init__(self, before: Sequence[str] = ()) -> None:
        self._before = before
        self._link: Link | None = None
        self._process: asyncio.subprocess.Process | None = None
        self.profile = Path()  # gone again when it ends

    async def __aenter__(self) -> Self:
        """Start it; raise UsageError if it is not installed."""
        program = find()
        if program is None:
            raise UsageError("chromium is missing: apt-get install chromium")
        self.profile = Path(tempfile.mkdtemp(prefix="likeness-chromium-"))
        flags = [*FLAGS, f"--user-data-dir={self.profile}"]
        if os.geteuid() == 0:
            flags.append("--no-sandbox")  # root has none; this is a bench
        their_in, our_out = os.pipe()
        our_in, their_out = os.pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *("/bin/sh", "-c", START, str(their_in), str(their_out)),
                *(*self._before, program, *flags, "about:blank"),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                pass_fds=(their_in, their_out),
                start_new_session=True,
                env={**os.environ, "HOME": str(self.profile)},
            )
        finally:
            os.close(their_in)
            os.close(their_out)
        self._link = await Link.open(our_in, our_out)
        try:
            await self._link.call("Browser.getVersion")
        except BrowserFault:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End it and all its processes; its profile is removed."""
        link, process = self._link, self._process
        self._link = self._process = None
        if link is not None:
            with contextlib.suppress(BrowserFault):
                await link.call("Browser.close", within_s=END_WITHIN_S)
            link.close()
        if process is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_WITHIN_S):
                    await process.wait()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Its first process."""
        if self._process is None:
            raise BrowserFault("the browser does not run")
        return self._process.pid

    async def open(
        self,
        url: str,
        *,
        width: int = 800,
        height: int = 480,
        language: str = "en",
        beside: Page | None = None,
        before: str = "",
    ) -> Page:
        """Open a page in a window of its own and return when it is loaded.

        Args:
            url: what to open.
            width: of the window's content, in CSS pixels.
            height: likewise.
            language: what the browser says that its user reads (BCP 47).
            beside: share cookies and storage with this page, as a second tab would.
            before: a script that runs before the page's own, on each load.
        """
        link = self._needed()
        if beside is None:
            made = await link.call("Target.createBrowserContext")
            context: str = made["browserContextId"]
        else:
            context = beside.context
        made = await link.call(
            "Target.createTarget",
            url="about:blank",
            browserContextId=context,
            width=width,
            height=height,
            newWindow=True,
        )
        target: str = made["targetId"]
        attached = await link.call(
            "Target.attachToTarget", targetId=target, flatten=True
        )
        page = Page(link, attached["sessionId"], target, context)
        await page.prepare(width, height, language, before)
        await page.go(url)
        return page

    async def processes(self) -> list[Json]:
        """Return `type`, `id` and `cpuTime` (s since its start) of each process."""
        found = await self._needed().call("SystemInfo.getProcessInfo")
        return list(found["processInfo"])

    async def version(self) -> str:
        """Return the browser's name and version."""
        return str((await self._needed().call("Browser.getVersion"))["product"])

    def _needed(self) -> Link:
        if self._link is None:
            raise BrowserFault("the browser does not run")
        return self._link
