"""A key waits for its chip, is given out once, and does not stay."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from likeness.core.chip_moments import KeyNotUnderstood, KeyUnfinished
from likeness.core.key_lines import WAITS_S, NotAKey
from likeness.core.mrz import AccessKey
from likeness.service.key_desk import KEPT_S, WRONG_SHOWN_S, KeyDesk, Word

CAN = AccessKey(can="123456")
LINE = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


class HandClock:
    """Time as the test sets it."""

    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time


class Desk:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.told: list[Word] = []
        self.desk = KeyDesk(self.clock, self.told.append)


def test_a_key_is_given_out_once() -> None:
    async def main() -> None:
        desk = Desk().desk
        desk.enter("123456")
        assert await desk.take(0.0) == CAN
        assert await desk.take(0.0) is None

    asyncio.run(main())


def test_who_waits_gets_the_next_key() -> None:
    async def main() -> None:
        desk = Desk().desk
        waiting = asyncio.create_task(desk.take(20.0))
        await asyncio.sleep(0)
        desk.enter("123456")
        assert await waiting == CAN

    asyncio.run(main())


def test_the_latest_key_counts() -> None:
    async def main() -> None:
        desk = Desk().desk
        desk.enter("654321")
        desk.enter("123456")
        assert await desk.take(0.0) == CAN

    asyncio.run(main())


def test_a_key_grows_old_and_is_forgotten_at_the_end_of_a_visit() -> None:
    async def main() -> None:
        stage = Desk()
        stage.desk.enter("123456")
        stage.clock.time += KEPT_S
        assert await stage.desk.take(0.0) is None
        stage.desk.enter("123456")
        stage.desk.forget()
        assert await stage.desk.take(0.0) is None

    asyncio.run(main())


def test_half_a_key_is_forgotten() -> None:
    async def main() -> None:
        stage = Desk()
        stage.desk.enter("I<UTOD231458907<<<<<<<<<<<<<<<")
        stage.clock.time += WAITS_S
        stage.desk.enter("7408122F1204159UTO<<<<<<<<<<<6")
        assert await stage.desk.take(0.0) is None

    asyncio.run(main())


FIRST, SECOND = "I<UTOD231458907<<<<<<<<<<<<<<<", "7408122F1204159UTO<<<<<<<<<<<6"


def test_after_a_first_line_the_next_one_is_asked_for() -> None:
    stage = Desk()

    async def main(loop: "QuickLoop") -> None:
        stage.desk.enter(FIRST)
        assert stage.told == []  # a scanner's next one comes at once
        for _ in range(3):
            stage.clock.time += 1.0
            loop.later.pop()()
        assert stage.told == [KeyUnfinished(waits=True)]
        stage.desk.enter(SECOND)
        assert stage.told[1:] == [KeyUnfinished(waits=False)]
        assert await stage.desk.take(0.0) is not None
        stage.desk.enter(FIRST)
        stage.desk.enter("hello")
        assert stage.told[2:] == []  # its card is being read
        assert await stage.desk.take(0.0) is None
        stage.desk.enter(FIRST)
        loop.later.pop()()
        stage.clock.time += WAITS_S
        loop.later.pop()()
        words = [KeyUnfinished(waits=True), KeyUnfinished(waits=False)]
        assert stage.told[2:] == words

    loop = QuickLoop()
    loop.run_until_complete(main(loop))
    loop.close()


@pytest.mark.parametrize("good_key_follows", [True, False])
def test_not_understood_does_not_stay_on_the_screen(good_key_follows: bool) -> None:
    stage = Desk()

    async def main(loop: "QuickLoop") -> None:
        stage.desk.enter("hello")
        loop.later.pop()()
        assert stage.told == [KeyNotUnderstood(NotAKey.UNKNOWN)]
        if good_key_follows:
            stage.desk.enter("123456")
        else:
            stage.clock.time += WRONG_SHOWN_S
            loop.later.pop()()
            assert not loop.later
        assert stage.told[1:] == [KeyUnfinished(waits=False)]

    loop = QuickLoop()
    loop.run_until_complete(main(loop))
    loop.close()


class QuickLoop(asyncio.SelectorEventLoop):
    """Counts what is to be called later, and never waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[Callable[..., object]] = []

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: object, **more: Any
    ) -> asyncio.TimerHandle:
        self.later.append(callback)
        return super().call_later(1e6, callback, *args, **more)


def test_a_scanner_that_floods_leaves_one_timer_and_one_line_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Desk()

    async def main(loop: QuickLoop) -> None:
        for _ in range(500):
            stage.desk.enter("123456")
            stage.desk.enter("hello")
            stage.desk.enter("I<UTOD231458907<<<<<<<<<<<<<<<")
            stage.desk.enter("hello")
        assert len(loop.later) == 1
        stage.desk.enter("123456")
        while loop.later:  # until nothing is held
            loop.later.pop()()
            stage.clock.time += WAITS_S
        assert await stage.desk.take(0.0) is None

    with caplog.at_level(logging.INFO):
        loop = QuickLoop()
        loop.run_until_complete(main(loop))
        loop.close()
    assert len(stage.told) == 500 * 3  # two are none, and the good one takes that back
    assert len(caplog.messages) == 1


def test_what_is_no_key_is_told_in_a_word_and_never_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def main() -> None:
        stage = Desk()
        stage.desk.enter(LINE.replace("C36", "C37"))
        assert stage.told == [KeyNotUnderstood(NotAKey.CHECK_DIGIT)]
        stage.desk.enter(LINE)
        assert "898902" not in repr(await stage.desk.take(0.0))

    with caplog.at_level(logging.DEBUG):
        asyncio.run(main())
    assert "check-digit" in caplog.text
    assert "898902" not in caplog.text
