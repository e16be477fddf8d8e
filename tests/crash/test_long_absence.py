"""A simulated day without the carrier: few resends, and all drains in order afterwards.

The rules alone, on a clock that is only a number. The broker takes everything; nobody
receipts. A result is made every three minutes, day and night.
"""

import itertools
import random

import pytest

from likeness.core import outbox as box
from likeness.core.chain import Link

DAY_S = 86_400.0
RESULT_EVERY_S = 180.0
ANSWER_S = 0.2  # from a send to its receipt, when the carrier is there


class Terminal:
    """An outbox whose sends the broker takes at once."""

    def __init__(self, choose: random.Random) -> None:
        self._outbox = box.Outbox([], choose.random)
        self._made = 0
        self.sends: list[tuple[float, int]] = []

    def happens(self, event: box.Event, now: float) -> None:
        todo = self._outbox.handle(event, now)
        while todo:
            match todo.pop(0):
                case box.Send(epoch, seq):
                    self.sends.append((now, seq))
                    taken = box.Acknowledged(epoch, seq, 0)
                    todo += self._outbox.handle(taken, now)
                case _:
                    pass

    def make(self, now: float) -> None:
        self.happens(box.Stored(link(self._made)), now)
        self._made += 1

    def wait_until(self, then: float) -> None:
        while (due := self._outbox.deadline) is not None and due <= then:
            self.happens(box.TimePassed(), due)

    @property
    def made(self) -> int:
        return self._made

    @property
    def waiting(self) -> int:
        return self._outbox.waiting

    @property
    def deadline(self) -> float | None:
        return self._outbox.deadline


def link(seq: int) -> Link:
    return Link("e", seq, f"h{seq}")


def day_without_receipts(seed: int) -> Terminal:
    terminal = Terminal(random.Random(seed))  # noqa: S311 - no secret
    terminal.happens(box.Online(), 0.0)
    for number in itertools.count():
        now = number * RESULT_EVERY_S
        if now >= DAY_S:
            return terminal
        terminal.wait_until(now)
        terminal.make(now)
    raise AssertionError("count has no end")


@pytest.mark.parametrize("seed", range(2))
def test_a_day_without_receipts_is_no_storm(seed: int) -> None:
    terminal = day_without_receipts(seed)
    assert terminal.made == DAY_S / RESULT_EVERY_S
    # The waits double from 5 s to 300 s, and then lie between 150 s and 300 s; each
    # ends in one record that asks, and each new record lets one more go.
    passes = DAY_S / (box.RECEIPT_TO_S / 2) + 6
    assert len(terminal.sends) <= 2 * box.AHEAD + passes + terminal.made
    # Nowhere is it denser than what was made meanwhile and one that asks.
    late = [at for at, _ in terminal.sends if at > DAY_S / 2]
    for first, last in zip(late, late[4:], strict=False):
        assert last - first >= box.RECEIPT_TO_S / 2


@pytest.mark.parametrize("seed", range(2))
def test_after_the_day_all_drains_in_order(seed: int) -> None:
    terminal = day_without_receipts(seed)
    now, before = DAY_S, len(terminal.sends)
    carrier: list[int] = []  # what it keeps, in order
    looked_at = before
    while terminal.waiting:
        if looked_at == len(terminal.sends):  # nothing under way: the next pass
            assert terminal.deadline is not None
            now = max(now, terminal.deadline)
            terminal.wait_until(now)
        new = terminal.sends[looked_at:]
        looked_at = len(terminal.sends)
        for _, seq in new:
            if seq == len(carrier):
                carrier.append(seq)
        if carrier:
            now += ANSWER_S
            upto = link(carrier[-1])
            terminal.happens(box.Receipted(upto, upto.hash), now)
    assert carrier == list(range(terminal.made))
    # Each record once more, and no more; the first pass at the latest after one wait.
    assert [seq for _, seq in terminal.sends[before:]] == list(range(terminal.made))
    assert now - DAY_S <= box.RECEIPT_TO_S + ANSWER_S * terminal.made
