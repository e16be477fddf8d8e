"""A heat curve through the real parts: sensor, rules, camera, preview, terminal."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import visits as v
from deaf_camera import DeafCamera
from likeness import climate, config
from likeness.core.seen import Frame
from likeness.core.thermal import Felt, Level, Marks, Pace, Thermal
from likeness.core.vocabulary import Act, Purpose
from likeness.edges import heat, memory_left
from likeness.edges.clock import SystemClock
from likeness.edges.preview import Preview
from likeness.service.cooling import Cooling
from replays import CLIP
from stories import story, until
from terminal_shop import Shop, performance
from terminals import settings

PACE = Pace(every_s=0.005, up_after_s=0.02, down_after_s=0.03)


class Sensor:
    """The kernel's file, as a board has it."""

    def __init__(self, folder: Path) -> None:
        self.thermal = folder
        self._file = folder / "thermal_zone0" / "temp"
        self._file.parent.mkdir(parents=True)
        self.becomes(40.0)

    def becomes(self, celsius: float) -> None:
        fresh = self._file.with_name("new")
        fresh.write_text(f"{round(celsius * 1000)}\n", encoding="ascii")
        fresh.replace(self._file)

    def falls_silent(self) -> None:
        self._file.unlink()

    def feel(self) -> Felt:
        return Felt(heat.hottest_c(self.thermal))


class RatedCamera(DeafCamera):
    """Remembers which rate it is to have, and when it was told."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    async def start(self) -> None:
        """There is nothing to start."""

    async def frame(self) -> Frame | None:
        """Give none."""
        return None

    async def stop(self) -> None:
        """There is nothing to stop."""

    def set_rate(self, fps: float | None) -> None:
        self._told.append(f"rate {fps}")


class PacedPreview(Preview):
    """Says which pace it was given."""

    def __init__(self, camera: RatedCamera, told: list[str]) -> None:
        super().__init__(camera)
        self._told = told

    def set_pace(self, per_s: float | None) -> None:
        super().set_pace(per_s)
        self._told.append(f"pace {per_s}")


@asynccontextmanager
async def cooled(
    sensor: Sensor,
    told: list[str],
    at_rest: Callable[[], Awaitable[object]] | None = None,
    fps: float = 30.0,
    feel: Callable[[], Felt] | None = None,
) -> AsyncIterator[Cooling]:
    async def now() -> None:
        """No visit goes on."""

    camera = RatedCamera(told)
    cooling = Cooling(
        clock=SystemClock(),
        feel=feel or sensor.feel,
        rules=Thermal(Marks(), PACE),
        fps=fps,
        set_rate=camera.set_rate,
        at_rest=at_rest or now,
        preview=PacedPreview(camera, told),
        changed=lambda: told.append("changed"),
        within_s=0.05,
    )
    task = asyncio.create_task(cooling.run())
    try:
        yield cooling
    finally:
        task.cancel()
        await asyncio.wait([task])


@story
async def test_a_heat_curve_is_answered_in_order_and_taken_back(tmp_path: Path) -> None:
    told: list[str] = []
    sensor = Sensor(tmp_path)
    async with cooled(sensor, told) as cooling:
        for celsius, level in (
            (72.0, Level.WARM),
            (78.0, Level.HOT),
            (85.0, Level.TOO_HOT),
        ):
            sensor.becomes(celsius)
            await until(lambda level=level: cooling.level is level)  # type: ignore[misc]
        await until(lambda: "changed" in told)
        assert not cooling.serves
        sensor.becomes(40.0)
        await until(lambda: cooling.level is Level.COOL)
        await until(lambda: told[-1] == "rate None" or told[-2] == "rate None")
        assert cooling.serves
    paces = [one for one in told if one.startswith("pace")]
    assert paces == [f"pace {pace}" for pace in (10.0, 5.0, 5.0, 5.0, 10.0, None)]
    assert told.index("pace 10.0") < told.index("rate 25.0") < told.index("changed")
    assert [one for one in told if one.startswith("rate")] == ["rate 25.0", "rate None"]
    assert told.count("changed") == 2


@story
async def test_a_sensor_that_falls_silent_is_told_once_and_visits_begin_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    sensor = Sensor(tmp_path)
    async with cooled(sensor, told) as cooling:
        sensor.becomes(85.0)
        await until(lambda: not cooling.serves)
        sensor.falls_silent()
        await until(lambda: cooling.serves)
        await asyncio.sleep(5 * PACE.down_after_s)
        assert cooling.level is Level.HOT  # nobody knows how warm it is
    silent = [one for one in caplog.messages if "event=thermal_silent" in one]
    assert len(silent) == 1
    assert silent[0].startswith("event=thermal_silent level=too_hot what_to_do=")
    assert told.count("changed") == 2


@story
async def test_a_sensor_that_hangs_is_a_silent_one_and_holds_one_thread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    answers = threading.Event()
    asked: list[str] = []
    sensor = Sensor(tmp_path)
    sensor.becomes(85.0)

    def feel() -> Felt:
        if len(asked) > 50:  # by then it is too hot
            asked.append("hangs")
            answers.wait(20)
        else:
            asked.append("answers")
        return sensor.feel()

    async with cooled(sensor, told, feel=feel) as cooling:
        await until(lambda: not cooling.serves)
        await until(lambda: cooling.serves)
        assert asked.count("hangs") == 1
        assert cooling.felt == Felt(None)
        assert caplog.text.count("event=thermal_silent") == 1
        answers.set()
        await until(lambda: not cooling.serves)  # it says at once that it is hot


@story
async def test_a_visit_keeps_its_rate_to_its_end(tmp_path: Path) -> None:
    told: list[str] = []
    rest = asyncio.Event()
    sensor = Sensor(tmp_path)
    async with cooled(sensor, told, rest.wait) as cooling:
        sensor.becomes(85.0)
        await until(lambda: cooling.level is Level.TOO_HOT)
        assert not [one for one in told if one.startswith("rate")]
        rest.set()
        await until(lambda: "rate 25.0" in told)


@story
async def test_a_rate_that_is_lower_by_itself_is_not_raised(tmp_path: Path) -> None:
    told: list[str] = []
    sensor = Sensor(tmp_path)
    async with cooled(sensor, told, fps=25.0):
        sensor.becomes(85.0)
        await until(lambda: "rate None" in told)
    assert "rate 25.0" not in told


@story
async def test_a_terminal_that_is_too_hot_or_short_of_memory_begins_nothing() -> None:
    shop = Shop(performance(Act.BLINK))
    async with shop.open():
        for why in ("too_hot", "memory_tight"):
            shop.unfit = why
            assert shop.terminal.obstacle == why
            assert shop.terminal.begin(purpose=Purpose.NEW_NUMBER) is None
            assert shop.happened[-1] == f"show out_of_service {why}"
        shop.unfit = ""
        assert shop.terminal.begin(purpose=Purpose.NEW_NUMBER) is not None


@story
async def test_heat_in_mid_visit_does_not_end_it() -> None:
    shop = Shop(performance(Act.BLINK, Act.TURN_LEFT, Act.TURN_RIGHT))
    async with shop.open():
        shop.terminal.card_laid(v.card(), Purpose.REPLACE_SIM, "2026-11")
        await until(lambda: shop.camera.starts > 0)
        shop.unfit = "too_hot"
        await until(shop.terminal.concluded.is_set)
    assert len(shop.conclusions) == 1
    assert "show out_of_service too_hot" not in shop.happened


def build(
    sensor: Sensor,
    shop: Shop,
    given: config.Config,
    feel: Callable[[], Felt] | None = None,
) -> climate.Climate:
    return climate.build(
        given,
        SystemClock(),
        shop.camera,
        None,
        shop,
        shop.terminal,
        felt=feel or sensor.feel,
        pace=PACE,
    )


@story
async def test_telemetry_tells_what_was_felt_last_and_measures_nothing_itself(
    tmp_path: Path,
) -> None:
    sensor, shop = Sensor(tmp_path / "thermal"), Shop([])
    asked: list[threading.Thread] = []

    def feel() -> Felt:
        asked.append(threading.current_thread())
        return replace(sensor.feel(), throttled=True)

    weather = build(sensor, shop, settings(tmp_path, Path(CLIP)), feel)
    assert "temperature_c" not in weather.facts()
    assert not asked
    task = asyncio.create_task(weather.cooling.run())
    sensor.becomes(51.26)
    await until(lambda: weather.facts().get("temperature_c") == 51.3)
    assert weather.facts()["throttled"] is True
    sensor.falls_silent()
    await until(lambda: "temperature_c" not in weather.facts())
    task.cancel()
    await asyncio.wait([task])
    assert threading.current_thread() not in asked  # the loop's: a sensor may hang


@story
async def test_where_no_page_is_the_screen_is_told_once_of_each(tmp_path: Path) -> None:
    sensor, shop = Sensor(tmp_path), Shop([])
    weather = build(sensor, shop, settings(tmp_path, Path(CLIP)))
    task = asyncio.create_task(weather.cooling.run())
    sensor.becomes(99.0)
    await until(lambda: weather.unfit() == "too_hot")
    assert weather.facts()["thermal_level"] == "too_hot"
    sensor.becomes(30.0)
    await until(lambda: weather.cooling.level is Level.COOL)
    task.cancel()
    await asyncio.wait([task])
    assert shop.happened == ["show out_of_service too_hot", "show idle"]
    assert weather.unfit() == ""


@story
async def test_memory_is_looked_at_when_a_visit_would_begin(tmp_path: Path) -> None:
    sensor, shop = Sensor(tmp_path), Shop([])
    given = settings(tmp_path, Path(CLIP))
    given = msgspec.structs.replace(given, board=config.Board(least_free_mib=48))
    free = [100 * 1024]
    weather = replace(build(sensor, shop, given), available_kib=lambda: free[0])
    assert weather.unfit() == "" and weather.facts()["memory_tight"] is False
    free[0] = 47 * 1024
    assert weather.unfit() == "memory_tight"
    assert weather.facts() | {"memory_available_kib": 47 * 1024} == weather.facts()
    assert weather.facts()["memory_tight"] is True


@pytest.mark.parametrize(
    ("text", "kib"),
    [
        ("MemTotal: 10 kB\nMemAvailable:   4711 kB\n", 4711),
        ("MemTotal: 10 kB\n", None),
        ("MemAvailable:\n", None),
        ("MemAvailable: -3 kB\n", None),
    ],
)
def test_what_is_available_is_read_as_the_kernel_says_it(
    tmp_path: Path, text: str, kib: int | None
) -> None:
    file = tmp_path / "meminfo"
    file.write_text(text, encoding="ascii")
    assert memory_left.available_kib(file) == kib


def test_this_machine_says_what_is_available_and_another_may_not() -> None:
    assert (memory_left.available_kib() or 0) > 0
    assert memory_left.available_kib(Path("/nowhere/meminfo")) is None
