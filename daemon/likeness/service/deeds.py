"""What a command can have done: diagnostics, a self-test, an announcement, a next key.

Each deed gives what the reply says of it. Leaves to others: when one may be done.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from likeness.core import orders
from likeness.errors import ConfigError, KeyLost, ModelError
from likeness.service.commanding import Deeds
from likeness.service.ports_carrier import Keys
from likeness.service.ports_keeping import Journal
from likeness.service.ports_parts import Visits

log = logging.getLogger(__name__)

# A reply is a JWS in one message of at most 16 KiB, and base64 makes four of three.
RESULT_BYTES = 11_000
Facts = Callable[[], Mapping[str, object]]


def deeds(
    *,
    visits: Visits,
    journal: Journal,
    keys: Keys,
    birth: Facts,
    snapshot: Facts,
    examine: Callable[[], Mapping[str, str]],
    trials: Callable[[], Mapping[str, Callable[[], object]]],
    announce: Callable[[], None],
) -> Deeds:
    """Return all deeds.

    Args:
        visits: a self-test goes on between them only.
        journal: its last lines.
        keys: where the next key is made.
        birth: versions and digests.
        snapshot: counters.
        examine: what the doctor says, in lines; it may take seconds.
        trials: for each model, what lets it give its golden answer; raises ModelError.
        announce: says who is there.
    """

    async def diagnose() -> dict[str, Any]:
        found = await asyncio.to_thread(examine)
        return bounded(
            {"birth": birth(), "now": snapshot(), "doctor": found}, journal.recent()
        )

    async def self_test() -> dict[str, Any]:
        return await _self_test(visits, trials())

    async def say_again() -> dict[str, Any]:
        announce()
        return {}

    async def rotate_key() -> dict[str, Any]:
        # On the loop: a token is not for two threads, and this takes a second at most.
        try:
            new = keys.prepare()
        except ConfigError as fault:
            raise KeyLost(str(fault)) from fault
        return {"next": new.kid, "key_tier": new.key_tier}

    return {
        orders.Diagnose: diagnose,
        orders.SelfTest: self_test,
        orders.Announce: say_again,
        orders.RotateKey: rotate_key,
    }


def bounded(facts: Mapping[str, object], lines: list[str]) -> dict[str, Any]:
    """Return facts and as many of the last lines as find room in a reply."""
    size = len(msgspec.json.encode(facts)) + len('{"log":[]}')
    room = RESULT_BYTES - size
    kept: list[str] = []
    for line in reversed(lines):
        room -= len(msgspec.json.encode(line)) + 1
        if room < 0:
            break
        kept.insert(0, line)
    if size > RESULT_BYTES:
        return {"too_large": size, "log": kept}
    return {**facts, "log": kept}


async def _self_test(
    visits: Visits, trials: Mapping[str, Callable[[], object]]
) -> dict[str, Any]:
    """Try one model after another, each between visits."""
    said: dict[str, Any] = {}
    for role, trial in trials.items():
        await visits.at_rest()
        began = time.monotonic()
        try:
            await asyncio.to_thread(trial)
        except (ModelError, OSError) as fault:  # a worn card cannot be read
            log.error("event=self_test_failed model=%s why=%s", role, fault)  # noqa: TRY400
            said[role] = str(fault)
        else:
            said[role] = f"ok, {(time.monotonic() - began) * 1000:.0f} ms"
    good = all(text.startswith("ok,") for text in said.values())
    return {"passed": good, "models": said}
