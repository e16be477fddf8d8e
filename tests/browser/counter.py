"""A counter in a shop: broker, carrier, `likeness run` with its page, and its feeds.

All are the real programs, as processes; the card reader is simulated on a
pseudo-terminal, the camera plays what the test puts before it. Leaves to others: the
browser, and what a visitor does there.
"""

import asyncio
import contextlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
from joserfc.jwk import ECKey

from broker import free_port
from likeness.carrier.register.numbers import REGISTER
from likeness.carrier.verify import verify
from likeness.core.messages import Result
from likeness.edges import key_files
from likeness.edges.recorded import frames
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_reader import SdtCard
from processes import happens
from programs import Shop, Terminal

DEVICE = "counter-1"
READY_WITHIN_S = 20.0
STALL_AFTER = 60  # pictures, at 25 a second
HOLDER = 500
# All three are reserved for examples, or by nobody.
NUMBERS = """\
[[holder]]
document = "{}"
[[holder.number]]
number = "19900000001"
place = "Hangzhou"
since = 2024-05-01
[[holder.number]]
number = "19900000002"
place = "Ningbo"
since = 2019-11-30
[[holder.number]]
number = "0571 8800 0003"
place = "Hangzhou"
"""
SCREEN = {"kind": "page", "numbers_shown_s": 4.0}


class Counter:
    """Starts with a `with` and ends with it.

    Args:
        folder: for all that is kept.
        pictures: the public ones.
        clip: whom the first card belongs to; the camera plays it first.
        screen: values of [screen] beside the kind and the port.
        before: words before the terminal's command.
        profile: its policy.
        desk: values of [desk], if there is one.
        register: the carrier's numbers stand in its register, which is empty.
    """

    def __init__(
        self,
        folder: Path,
        pictures: Path,
        *,
        clip: Path | None = None,
        screen: Mapping[str, object] = {},
        before: tuple[str, ...] = (),
        desk: Mapping[str, object] = {},
        profile: str = "demo",
        register: bool = False,
    ) -> None:
        self._folder = folder
        self._clip = clip or pictures / "carphone.mp4"
        self._camera = folder / "camera"
        self._apart = bool(before)  # its loopback may be another than ours
        self.port = free_port()
        more = _section("screen", {**SCREEN, "port": self.port, **screen})
        if desk:
            more += _section("desk", desk)
        numbers = folder / "numbers.toml"
        numbers.write_text(NUMBERS.format(fictitious_card(HOLDER).number))
        numbers.chmod(0o600)
        self.shop = Shop(
            *(folder, pictures, DEVICE),
            clip=self._clip,
            camera=self._camera,
            more=more,
            before=before,
            profile=profile,
            numbers=REGISTER if register else numbers,
        )
        self.terminal: Terminal = self.shop.terminals[0]
        self._cards = count(10)
        self.play(self._clip)

    def __enter__(self) -> Self:
        """Start everything and wait for the page."""
        self.shop.broker.start()
        self.shop.carrier.start()
        self.terminal.start()
        assert happens(self._answers, READY_WITHIN_S), self.terminal.said()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """End everything; after a fault, show what the terminal said."""
        if fault is not None:
            print(self.terminal.said())  # noqa: T201 - pytest keeps it
        self.shop.__exit__()

    # --- what a shop can do ---------------------------------------------------------
    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    def play(self, feed: Path) -> None:
        """Put another recording before the camera, from the next visit on."""
        new = self._folder / "camera.new"
        new.symlink_to(feed)
        new.replace(self._camera)

    def _card(self, portrait: str) -> SdtCard:
        """Lay nobody's card twice: after three failures it is for an attendant."""
        picture = (self._folder / "cards" / portrait).read_bytes() if portrait else b""
        return simulated(fictitious_card(next(self._cards)), picture)

    @property
    def own_card(self) -> SdtCard:
        """Return a new card of the clip's person."""
        return self._card("1.jpg")

    @property
    def strangers_card(self) -> SdtCard:
        """Return a new card of somebody else."""
        return self._card("2.jpg")

    @property
    def holders_card(self) -> SdtCard:
        """Return the card of the clip's person under whose name there are numbers."""
        picture = (self._folder / "cards" / "1.jpg").read_bytes()
        return simulated(fictitious_card(HOLDER), picture)

    @property
    def card_without_portrait(self) -> SdtCard:
        """Return a new card whose chip holds none."""
        return self._card("")

    def lay(self, card: SdtCard) -> None:
        """Lay a card on the reader."""
        self.terminal.reader.lay(card)

    def take_away(self) -> None:
        """Take it away again."""
        self.terminal.reader.take_away()

    # --- what came of it ------------------------------------------------------------
    def results(self) -> list[Result]:
        """Return what the carrier keeps, each verified with the device's public key."""
        key = ECKey.import_key(
            {
                **key_files.public_jwk(
                    key_files.load_public(self.shop.public_key(DEVICE))
                )
            }
        )
        with contextlib.closing(self.shop.carrier_store()) as store:
            claims = [verify(token, key).claims for token in store.tokens(DEVICE)]
        return [one for one in claims if isinstance(one, Result)]

    async def next_result(self, known: int, within_s: float = 20.0) -> Result:
        """Wait until the carrier keeps more results than so many; return that one."""
        await eventually(lambda: len(self.results()) > known, within_s)
        return self.results()[known]

    def disputed(self) -> list[int]:
        """How many numbers each dispute names that the carrier keeps."""
        with contextlib.closing(self.shop.carrier_store()) as store:
            return [len(one.numbers) for one in store.stated() if one.numbers]

    def kept(self) -> int:
        """How many results are safe at the terminal."""
        return len(self.terminal.announced())

    def _answers(self) -> bool:
        assert not self.terminal.fell, self.terminal.said()
        if self._apart:
            return "event=ready" in self.terminal.said()
        try:
            with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310
                return bool(answer.status == 200)
        except urllib.error.URLError:
            return False


def stalling(clip: Path, folder: Path) -> Path:
    """Make of a clip a camera that falls silent: its last picture never comes."""
    folder.mkdir()
    for number, frame in enumerate(frames(clip), 1):
        if number > STALL_AFTER:
            break
        cv2.imwrite(str(folder / f"{number}.png"), frame.image)
    os.mkfifo(folder / f"{STALL_AFTER + 1}.png")
    return folder


def let_go(stalled: Path) -> None:
    """Let whoever waits for the last picture find that there is none."""
    fifo = stalled / f"{STALL_AFTER + 1}.png"
    with os.fdopen(os.open(fifo, os.O_RDWR | os.O_NONBLOCK), "wb"):
        pass


async def eventually(what: Callable[[], bool], within_s: float = 20.0) -> None:
    """Wait until something is so, while others go on."""
    assert await asyncio.to_thread(happens, what, within_s), "it did not come to be"


def _section(name: str, values: Mapping[str, object]) -> str:
    lines = [f"{key} = {_value(value)}" for key, value in values.items()]
    return "\n".join((f"[{name}]", *lines, ""))


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case tuple() | list():
            return "[" + ", ".join(map(_value, value)) + "]"
        case int() | float():
            return repr(value)
        case _:
            return f'"{value}"'
