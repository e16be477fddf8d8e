"""Two readers and a place for keys, as one."""

import asyncio

import pytest

from likeness.service.readers import Readers


class Round:
    """A reader's round that notes what it is asked."""

    def __init__(self, stirred_s: float, fault: Exception | None = None) -> None:
        self.stirred_s = stirred_s
        self.seeks = 0
        self.running = False
        self._fault = fault

    def rest(self) -> None:
        self.seeks = 0

    def seek(self) -> None:
        self.seeks += 1

    async def run(self) -> None:
        self.running = True
        if self._fault is not None:
            raise self._fault
        try:
            await asyncio.Event().wait()
        finally:
            self.running = False


def test_each_is_asked_and_the_stillest_counts() -> None:
    first, second = Round(7.0), Round(3.0)
    readers = Readers([first, second])
    readers.seek()
    assert (first.seeks, second.seeks) == (1, 1)
    assert readers.stirred_s == 3.0


def test_they_run_and_end_together() -> None:
    first, beside = Round(0.0), Round(0.0)

    async def main() -> None:
        running = asyncio.create_task(Readers([first], [beside.run]).run())
        await asyncio.sleep(0.01)
        assert first.running
        assert beside.running
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(main())
    assert not first.running
    assert not beside.running


def test_a_fault_of_one_ends_all() -> None:
    first, second = Round(0.0), Round(0.0, RuntimeError("a bug"))
    with pytest.raises(ExceptionGroup):
        asyncio.run(Readers([first, second]).run())
    assert not first.running
