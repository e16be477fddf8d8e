"""When a transcript is written: at a fault, a hang, a crash, a question."""

import asyncio
import logging
from pathlib import Path
from typing import Any

import pytest

import visits as v
from likeness.core import visit_events as e
from likeness.core.card_moments import CardFound, CardTrouble
from likeness.core.card_trouble import Trouble
from likeness.core.session import Session
from likeness.core.transcript import Transcript
from likeness.core.transcript_replay import parse, replay
from likeness.core.vocabulary import Purpose, Reason
from likeness.core.wellness import Part
from likeness.edges.fault_files import FaultFolder, kept
from likeness.errors import StoreFull
from likeness.service.diagnosing import Diagnosing
from likeness.service.ports import Portrait
from likeness.service.reading import CardPresented
from stories import story, until
from terminal_shop import PROFILE, Shop


class Written(Shop):
    """The shop of the terminal's tests, with a transcript."""

    def __init__(self, folder: Path, **how: Any) -> None:
        frames = how.pop("frames", v.Visitor().still(0.8))
        super().__init__(frames, **how)
        self.folder = folder
        self.diagnosing = Diagnosing(
            Transcript(PROFILE, software="1", key=b"key"),
            clock=self.clock,
            files=FaultFolder(folder, lambda: 1_790_000_000),
            facts=lambda: {"boot": "b"},
        )
        self.terminal._scribe = self.diagnosing
        self.terminal._watches = (self.diagnosing,)

    @property
    def kept(self) -> list[str]:
        return [path.stem.partition("-")[2] for path in kept(self.folder)]

    async def serves(self) -> None:
        """Serve one visit; raise what ended the loop, if anything did."""
        self.terminal.card_laid(v.card(), Purpose.REPLACE_SIM, "2026-11")
        serving = asyncio.create_task(self.terminal.run())
        concluded = asyncio.create_task(self.terminal.concluded.wait())
        await asyncio.wait([serving, concluded], return_when=asyncio.FIRST_COMPLETED)
        for task in (concluded, serving):
            task.cancel()
        await asyncio.wait([serving])
        if not serving.cancelled():
            serving.result()
        await asyncio.gather(*self.diagnosing._writing)


@story
async def test_a_lost_camera_leaves_its_visit(tmp_path: Path) -> None:
    shop = Written(tmp_path, then="absent")
    await shop.serves()
    assert shop.kept == ["camera_lost"]
    assert shop.diagnosing.faults == 1
    (path,) = kept(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    head, lines = parse(path.read_bytes())
    assert (head.why, head.facts) == ("camera_lost", {"boot": "b"})
    steps = list(replay(head, lines))
    assert not [step for step in steps if step.differs]
    assert steps[-1].did[-1]["reasons"] == ["camera_lost"]


@story
async def test_what_no_part_is_at_fault_for_leaves_nothing(tmp_path: Path) -> None:
    shop = Written(tmp_path)
    await shop.serves()
    assert shop.conclusions[0].reasons[0] is Reason.FEED_ENDED
    assert (shop.kept, shop.diagnosing.faults) == ([], 0)


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"fault": StoreFull("no room")}, "result_not_safe"),
        ({"portrait": Portrait(None, "decoder")}, "no_portrait"),
        ({"portrait": Portrait(b"rubbish")}, "portrait_not_usable"),
    ],
)
@story
async def test_other_parts_at_fault(
    tmp_path: Path, how: dict[str, Any], why: str
) -> None:
    shop = Written(tmp_path, **how)
    await shop.serves()
    assert shop.kept == [why]


class Falling(Session):
    """Rules with a bug."""

    def handle(self, event: e.Event, now: float) -> list[e.Effect]:
        if isinstance(event, e.Observed) and event.observation.frame > 3:
            raise KeyError("a bug, with MARKED text")
        return super().handle(event, now)


@story
async def test_a_rule_that_falls_is_told_with_its_place(tmp_path: Path) -> None:
    shop = Written(tmp_path)
    shop.terminal._session = Falling(PROFILE, tries_key=b"test")
    try:
        await shop.serves()
    except KeyError as fault:  # as the daemon's task group hands it on
        shop.diagnosing.crashed(ExceptionGroup("tasks", [fault]))
    assert shop.kept == ["crashed"]
    data = kept(tmp_path)[0].read_bytes()
    head, lines = parse(data)
    assert lines[-1].raised == "KeyError"
    assert lines[-1].event == "Observed"
    assert head.facts["where"][-1].endswith(" handle")
    assert b"MARKED" not in data


@story
async def test_a_part_that_hangs_and_a_question(tmp_path: Path) -> None:
    shop = Written(tmp_path)
    shop.diagnosing.hangs(Part.VISION)
    shop.diagnosing.asked()
    await until(lambda: len(shop.kept) == 2)
    assert set(shop.kept) == {"vision_hangs", "asked"}
    assert shop.diagnosing.faults == 1


@story
async def test_readers_and_log_are_noted_in_plain_words(tmp_path: Path) -> None:
    shop = Written(tmp_path)
    heard: list[object] = []
    hear = shop.diagnosing.listening(lambda _reader: heard.append)("sdt")
    hear(CardFound())
    hear(CardTrouble(Trouble.CARD_COMM, "90"))
    hear(CardPresented(v.card()))
    shop.diagnosing.logged("event=broker_down why='a host' fault=refused n=12")
    shop.diagnosing.logged("event=x number=110105194912310021 name=欧阳 mail=a@b.c")
    shop.diagnosing.logged("something else")
    shop.diagnosing.asked()
    await until(lambda: shop.kept == ["asked"])
    _, lines = parse(kept(tmp_path)[0].read_bytes())
    assert [f"{line.note}: {line.said}" for line in lines] == [
        "sdt: card_found",
        "sdt: card_trouble card-comm 90",
        "sdt: card_read bench",
        "log: event=broker_down fault=refused n=12",
        "log: event=x",
    ]
    assert len(heard) == 3


@story
async def test_a_disk_that_refuses_ends_no_visit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    (tmp_path / "faults").write_bytes(b"no folder")
    shop = Written(tmp_path, then="absent")
    await shop.serves()
    assert shop.conclusions[0].reasons == (Reason.CAMERA_LOST,)
    assert "event=fault_not_kept fault=camera_lost" in caplog.text
