"""A rollout to ten terminals that run the daemon's own code, over a real mosquitto.

Each takes its wishes by `service.desiring` over a line of its own, keeps them on its
disk, begins anew with `desired_in_force`, and says what it is by `Presence`. What is
left out is what surrounds these: visits, pictures, records.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from likeness import desired_in_force
from likeness.config import Config
from likeness.core import messages, orders
from likeness.core.line import Arrived, BrokerEvent, BrokerUp
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.edges.broker import LineSettings, MqttLine, Will
from likeness.edges.clock import SystemClock
from likeness.errors import Restarting, first_fault
from likeness.parts import policy_of
from likeness.service.anchoring import Anchoring
from likeness.service.desiring import Desiring, Use
from likeness.service.presence import Presence
from likeness.service.timekeeping import Timekeeping
from results import FACTS, FixedClock, bench
from rollouts import WITHIN_S, Stage, stage
from signed_orders import Shop
from stories import story
from terminals import settings

pytestmark = [pytest.mark.broker]

DEVICES = [f"real-{number}" for number in range(10)]


class Terminal:
    """One life after another, until it is cancelled."""

    def __init__(self, far: Stage, device: str) -> None:
        self.folder = far.folder / device
        self.folder.mkdir()
        self.falls = False  # what is on trial ends the daemon
        self.lives = 0
        keys = bench_keys.make(far.folder / "keys", device, (Environment.TEST,))
        path = keys.devices / f"{device}.json"
        labels = {"region": "east"}
        path.write_text(json.dumps({**json.loads(path.read_text()), "labels": labels}))
        given = settings(self.folder, self.folder / "clip", keys)
        self.settings: Config = msgspec.structs.replace(
            given,
            terminal=msgspec.structs.replace(given.terminal, device=device),
            keys=msgspec.structs.replace(
                given.keys, carrier_command_key=str(keys.public("command"))
            ),
        )
        Path(self.settings.terminal.state_dir).mkdir()
        self.clock = SystemClock()
        wall = FixedClock(replace(self.clock.moment(), quality="ntp"))
        self.time = Timekeeping(wall)
        lost = messages.Status(status="lost", boot="boot-1")
        self.line = MqttLine(
            LineSettings(
                host=far.broker.host,
                port=far.broker.port,
                client_id=device,
                topics=(messages.topic(device, "desired"),),
                will=Will(messages.topic(device, "status"), messages.to_json(lost), 0),
                retry_to_s=2.0,
            )
        )
        self.presence = Presence(
            self._publish,
            clock=self.clock,
            wall=wall,
            anchoring=Anchoring(bench(self.folder, facts=FACTS).notary, wall),
            birth=lambda: {"software": "0.4.0", "epoch": "0" * 32},
        )
        self.telemetry_every_s = 0.0

    async def run(self) -> None:
        """Live on; what an order ends is begun anew, as the unit does."""
        while True:
            try:
                await self._live()
            except Restarting:
                continue
            except BaseExceptionGroup as faults:
                if not isinstance(first_fault(faults), Restarting):
                    raise

    async def _live(self) -> None:
        self.lives += 1
        begun = desired_in_force.begin(self.settings, policy_of)
        while self.falls and begun.standing.wish is not None:
            self.lives += 1
            begun = desired_in_force.begin(self.settings, policy_of)
        self.telemetry_every_s = begun.settings.mqtt.telemetry_every_s
        assert begun.orders is not None
        wish = begun.standing.wish
        desiring = Desiring(
            device=self.settings.terminal.device,
            standing=begun.standing,
            file=begun.file,
            verifier=begun.orders,
            time=self.time,
            clock=self.clock,
            visits=Shop(),
            fits=self._fits,
            fetch=self._no_bundle,
            running=lambda: {
                "version": wish.version if wish else 0,
                "telemetry_every_s": round(self.telemetry_every_s),
            },
            unmet=lambda: "",
            say=self._say,
        )

        def hear(event: BrokerEvent) -> None:
            match event:
                case BrokerUp():
                    self.presence.introduce()
                    desiring.report()
                case Arrived():
                    desiring.hear(event)
                case _:
                    pass

        async with asyncio.TaskGroup() as group:
            group.create_task(self.line.run(hear))
            group.create_task(desiring.run())

    def _fits(self, over: orders.Overrides) -> None:
        policy_of(desired_in_force.overlaid(self.settings, over))

    async def _no_bundle(self, _bundle: orders.Bundle) -> Use:
        raise AssertionError("no bundle is rolled out here")

    def _publish(
        self, leaf: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> int | None:
        topic = messages.topic(self.settings.terminal.device, leaf)
        return self.line.publish(topic, payload, qos=qos, retain=retain)

    def _say(
        self,
        leaf: str,
        payload: bytes,
        *,
        retain: bool = False,
        correlation: bytes = b"",
    ) -> int | None:
        return self._publish(leaf, payload, retain=retain)


@pytest.fixture
def far(tmp_path: Path, place: str) -> Iterator[Stage]:
    with stage(tmp_path, place, 0) as made:
        yield made


@contextlib.asynccontextmanager
async def shops(far: Stage) -> AsyncIterator[dict[str, Terminal]]:
    made = {device: Terminal(far, device) for device in DEVICES}
    tasks = [asyncio.ensure_future(one.run()) for one in made.values()]
    try:
        yield made
        for task in tasks:
            assert not task.done(), task.exception()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def reaches(far: Stage, phase: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while far.phase()[0] != phase:
            await asyncio.sleep(0.1)


def plan(far: Stage, desired: str = "telemetry_every_s = 60") -> None:
    """Plan it by the command, before the terminals' loop begins."""
    file = far.file(
        where='["region=east"]', desired=desired, stop="report_within_s = 20"
    )
    assert far.rollout("start", file, "--no-run") == 0


def make_files(far: Stage) -> None:
    for device in DEVICES:
        far.label(device, region="east")


@story
async def _to_all_and_back(far: Stage) -> None:
    async with shops(far) as terminals:
        with far.carried_on():
            await reaches(far, "done")
        every = {one.telemetry_every_s for one in terminals.values()}
        assert every == {60.0}
        assert {one.lives for one in terminals.values()} == {2}
        assert far.rollout("back", "spring", "--no-run") == 0
        with far.carried_on():
            await reaches(far, "back")
        first = terminals["real-0"].settings.mqtt.telemetry_every_s
        assert {one.telemetry_every_s for one in terminals.values()} == {first}
        assert {one.lives for one in terminals.values()} == {3}


def test_real_terminals_take_it_and_come_back(far: Stage) -> None:
    make_files(far)
    plan(far)
    _to_all_and_back(far)


@story
async def _refused(far: Stage) -> None:
    async with shops(far) as terminals:
        with far.carried_on() as said:
            await reaches(far, "stopped")
        assert "terminal.profile" in said[-1]
        assert {one.lives for one in terminals.values()} == {1}
    assert len(far.issued()) == 1


def test_real_terminals_that_cannot_use_it_stop_it(far: Stage) -> None:
    make_files(far)
    plan(far, 'profile = "no-such-profile"')
    _refused(far)


@story
async def _falls(far: Stage) -> None:
    async with shops(far) as terminals:
        for one in terminals.values():
            one.falls = True
        with far.carried_on() as said:
            await reaches(far, "stopped")
        assert "did_not_live" in said[-1]
        lives = sorted(one.lives for one in terminals.values())
        assert lives[:9] == [1] * 9
        assert lives[9] > 3
    assert len(far.issued()) == 1


def test_real_terminals_that_fall_with_it_give_it_back_and_stop_it(far: Stage) -> None:
    make_files(far)
    plan(far)
    _falls(far)
