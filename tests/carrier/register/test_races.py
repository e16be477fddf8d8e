"""Two programs at the same moment: a result is used once, a number has one holder."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

from likeness.carrier.register.binding import NotDone
from likeness.carrier.register.register import Register
from likeness.core.numbering import Kind
from likeness.core.vocabulary import Purpose
from registers import BEN, MOBILE, Office, card, office
from stories import story

TIMES = 3


def race(one: Office, *jobs: Callable[[Register], object]) -> list[str]:
    """Do these at the same moment, each by a program of its own; return what came."""
    start = threading.Barrier(len(jobs))
    came: list[str] = []

    def run(job: Callable[[Register], object]) -> None:
        with one.register() as register:
            start.wait(20)
            try:
                job(register)
                came.append("done")
            except NotDone as refused:
                came.append(refused.doubt)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(came)


async def verified(one: Office, name: str, **given: object) -> None:
    with one.register() as register:
        register.open(name, Purpose.NEW_NUMBER)
    await one.terminal.visit(name, **given)


def bind(name: str, number: str) -> Callable[[Register], object]:
    return lambda register: register.bind(name, Kind.MOBILE, number)


@story
async def test_one_result_binds_one_of_two_numbers(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one:
        for at in range(TIMES):
            await verified(one, f"t-{at}")
            numbers = (f"1380000{at}001", f"1380000{at}002")
            jobs = [bind(f"t-{at}", number) for number in numbers]
            came = await asyncio.to_thread(race, one, *jobs)
            assert came == ["done", "used_before"]
            with one.register() as register:
                held = [register.look_up(Kind.MOBILE, each).holds for each in numbers]
            assert sum(each is not None for each in held) == 1


@story
async def test_one_number_goes_to_one_of_two_persons(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one:
        for at in range(TIMES):
            await verified(one, f"a-{at}")
            await verified(one, f"b-{at}", of=card(BEN))
            number = f"1390000000{at}"
            jobs = [bind(f"{who}-{at}", number) for who in "ab"]
            came = await asyncio.to_thread(race, one, *jobs)
            assert came == ["done", "number_taken"]
            with one.register() as register:
                register.end_number(Kind.MOBILE, number, reference="done")


@story
async def test_said_twice_at_the_same_moment_it_is_done_once(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one:
        await verified(one, "t-1")
        jobs = [bind("t-1", MOBILE)] * 3
        assert await asyncio.to_thread(race, one, *jobs) == ["done"] * 3
        with one.register() as register:
            found = register.look_up(Kind.MOBILE, MOBILE)
        assert [event.what for event in found.history] == ["bound"]


@story
async def test_the_limit_holds_for_two_at_the_same_moment(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one:
        for at in range(4):
            await verified(one, f"t-{at}")
            with one.register() as register:
                register.bind(f"t-{at}", Kind.MOBILE, f"1370000000{at}")
        await verified(one, "x")
        await verified(one, "y")
        jobs = [bind("x", "13700000008"), bind("y", "13700000009")]
        came = await asyncio.to_thread(race, one, *jobs)
        assert came == ["done", "too_many_numbers"]
