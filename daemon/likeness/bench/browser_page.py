"""One page of a browser: what it is told, what it asked for and complained of.

Taps are real ones, at a place on the screen: what lies under something cannot be
tapped. Leaves to others: the browser (chromium.py) and the protocol (devtools.py).
"""

import asyncio
import base64
import contextlib
import json
from pathlib import Path
from typing import Any

from likeness.bench.devtools import CALL_WITHIN_S, BrowserFault, Json, Link

LOOK_EVERY_S = 0.05
# The middle of an element, once it is there and in view; or why it cannot be tapped.
PLACE = """(() => {{
  const it = document.querySelector({0});
  if (!it || it.getClientRects().length === 0) return null;
  if (it.disabled || getComputedStyle(it).pointerEvents === "none") return null;
  it.scrollIntoView({{block: "nearest", inline: "nearest"}});
  const box = it.getBoundingClientRect();
  const x = box.x + box.width / 2, y = box.y + box.height / 2;
  const top = document.elementFromPoint(x, y);
  if (top !== it && !it.contains(top)) return "something lies over it: " +
    (top ? top.outerHTML.slice(0, 80) : "it is out of the window");
  return [x, y];
}})()"""


class Page:
    """One page: what it is told, and what it asked for and complained of."""

    def __init__(self, link: "Link", session: str, target: str, context: str) -> None:
        self._link = link
        self._session = session
        self._target = target
        self.context = context
        self.requests: list[str] = []  # every URL it asked for, sockets too
        self.console_errors: list[str] = []  # errors and exceptions, as they came
        self._loaded = asyncio.Event()
        link.listen(session, self._hear)

    async def call(self, method: str, **parameters: object) -> Json:
        """Give one command of the protocol to this page."""
        return await self._link.call(
            method, self._session, within_s=CALL_WITHIN_S, **parameters
        )

    async def prepare(
        self, width: int, height: int, language: str, before: str = ""
    ) -> None:
        """Listen to everything, and be a screen of this size and language."""
        for domain in ("Page", "Runtime", "Network", "Log"):
            await self.call(f"{domain}.enable")
        await self.resize(width, height)
        agent = (await self._link.call("Browser.getVersion"))["userAgent"]
        await self.call(
            "Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=language
        )
        await self.call("Emulation.setTouchEmulationEnabled", enabled=True)
        await self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        if before:
            await self.call("Page.addScriptToEvaluateOnNewDocument", source=before)

    async def resize(self, width: int, height: int) -> None:
        """Be a screen of this size, one pixel to a CSS pixel."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    async def go(self, url: str) -> None:
        """Go to a URL and return when it is loaded."""
        self._loaded.clear()
        answer = await self.call("Page.navigate", url=url)
        if why := answer.get("errorText"):
            raise BrowserFault(f"{url}: {why}")
        await self._load(url)

    async def reload(self) -> None:
        """Load it again, as F5 does."""
        self._loaded.clear()
        await self.call("Page.reload")
        await self._load("the page")

    async def _load(self, what: str) -> None:
        try:
            async with asyncio.timeout(CALL_WITHIN_S):
                await self._loaded.wait()
        except TimeoutError:
            raise BrowserFault(f"{what} was not loaded in time") from None

    async def eval(self, expression: str) -> Any:
        """Return an expression's value; a promise is waited for."""
        answer = await self.call(
            "Runtime.evaluate",
            expression=expression,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        if said := answer.get("exceptionDetails"):
            raise BrowserFault(_thrown(said))
        return answer["result"].get("value")

    async def wait_for(self, expression: str, within_s: float = 10.0) -> Any:
        """Return an expression's value as soon as it is true (in JavaScript's way)."""
        loop = asyncio.get_running_loop()
        until_s = loop.time() + within_s
        while True:
            with contextlib.suppress(BrowserFault):  # the page is just being replaced
                if value := await self.eval(expression):
                    return value
            if loop.time() > until_s:
                raise BrowserFault(f"not true within {within_s:g} s: {expression}")
            await asyncio.sleep(LOOK_EVERY_S)

    async def click(self, selector: str, within_s: float = 10.0) -> None:
        """Tap the middle of what a CSS selector names, as a finger would.

        Raises:
            BrowserFault: it is not there, disabled, or something lies over it.
        """
        place = await self.wait_for(PLACE.format(json.dumps(selector)), within_s)
        if isinstance(place, str):
            raise BrowserFault(f"{selector}: {place}")
        await self.tap(*place)

    async def tap(self, x: float, y: float) -> None:
        """Press and let go at a place in CSS pixels."""
        where = {"x": x, "y": y, "button": "left", "clickCount": 1}
        await self.call("Input.dispatchMouseEvent", type="mousePressed", **where)
        await self.call("Input.dispatchMouseEvent", type="mouseReleased", **where)

    async def screenshot(self, path: Path, *, quality: int | None = None) -> Path:
        """Write what is seen to a .png, .jpeg or .webp file, by its suffix."""
        form = path.suffix.removeprefix(".").replace("jpg", "jpeg")
        lossy = {} if quality is None else {"quality": quality}
        answer = await self.call("Page.captureScreenshot", format=form, **lossy)
        await asyncio.to_thread(path.write_bytes, base64.b64decode(answer["data"]))
        return path

    async def close(self) -> None:
        """Close it as a visitor never could."""
        await self._link.call("Target.closeTarget", targetId=self._target)

    def _hear(self, method: str, said: Json) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded.set()
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(said["url"])
            case "Runtime.exceptionThrown":
                self.console_errors.append(_thrown(said["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if said["type"] in {"error", "assert"}:
                words = (a.get("value", a.get("description")) for a in said["args"])
                self.console_errors.append(" ".join(map(str, words)))
            case "Log.entryAdded" if said["entry"]["level"] == "error":
                entry = said["entry"]
                self.console_errors.append(f"{entry['text']} {entry.get('url', '')}")


def _thrown(details: Json) -> str:
    exception = details.get("exception", {})
    return str(exception.get("description") or exception.get("value") or details)
