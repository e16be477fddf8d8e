"""The page about readers: what it names is there, and its listing is a reader."""

import asyncio
import contextlib
import re
import tomllib
from pathlib import Path
from typing import Any

from likeness import config
from likeness.core.card_cycle import CardRemoved
from likeness.core.card_dialogue import ReaderReady, ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.errors import DeviceLost
from likeness.service.reading import CardReading
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_reader import SdtReader
from readings import Heard, LoopClock

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "daemon" / "READERS.md").read_text(encoding="utf-8")
CARD = simulated(fictitious_card(1), b"picture 1")


def listing(language: str) -> str:
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)
    return str(text)


def test_each_file_that_it_names_is_there() -> None:
    named = set(re.findall(r"`((?:daemon|systemd|tests)/[\w./-]+)`", PAGE))
    assert len(named) > 15
    assert not {name for name in named if not (ROOT / name).exists()}


def test_its_configuration_shows_each_key_with_its_default() -> None:
    shown = tomllib.loads(listing("toml"))["reader"]
    defaults = config.Reader()
    assert shown == {name: getattr(defaults, name) for name in shown}
    left_out = set(defaults.__struct_fields__) - set(shown)
    assert left_out == {"kind", "usb"}


def test_each_trouble_of_a_reader_is_explained() -> None:
    told = [one for one in Trouble if one.value.startswith("reader-")]
    assert all(f"`{one}`" in PAGE for one in told)


class Box:
    """A serial-to-Ethernet box with a reader behind it."""

    def __init__(self) -> None:
        self.reader = SdtReader()
        self.talks: list[asyncio.StreamWriter] = []

    async def serve(
        self, heard: asyncio.StreamReader, told: asyncio.StreamWriter
    ) -> None:
        self.talks.append(told)
        with contextlib.suppress(ConnectionError):
            while data := await heard.read(4096):
                for piece in self.reader.receive(data, LoopClock().now()):
                    told.write(piece.data)


def test_its_listing_is_a_reader() -> None:
    names: dict[str, Any] = {}
    exec(compile(listing("python"), "READERS.md", "exec"), names)  # noqa: S102 - ours

    async def main() -> None:
        box, heard = Box(), Heard()
        server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
        line = names["BoxLine"](*server.sockets[0].getsockname())
        reading = CardReading(line, LoopClock(), heard, reopen_after_s=(0.05,))
        running = asyncio.create_task(reading.run())
        reading.seek()
        await heard.wait_for(ReaderReady)
        box.reader.lay(CARD)
        assert (await heard.card()).card.portrait_record == CARD.portrait
        box.reader.take_away()
        await heard.wait_for(CardRemoved)
        box.talks[-1].close()  # the cable is pulled
        trouble = await heard.wait_for(ReaderTrouble)
        assert trouble == ReaderTrouble(Trouble.READER_ABSENT, "the box hung up")
        await heard.wait_for(ReaderReady)
        box.reader.lay(CARD)
        await heard.card()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        server.close()
        try:
            await line.open(lambda _data: None, lambda _why: None)
        except DeviceLost as problem:
            assert "no card reader there" in str(problem)
        else:
            raise AssertionError("a closed box was opened")

    asyncio.run(main())
