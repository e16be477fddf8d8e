"""Makes who writes the transcript down, and ties it to readers, log and faults.

Leaves to others: what stands in it (`service.diagnosing`).
"""

import secrets
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from likeness import __version__, config
from likeness.core.profile import Profile
from likeness.core.transcript import Transcript
from likeness.edges.fault_files import FaultFolder
from likeness.edges.log_listener import LogListener
from likeness.service.diagnosing import Diagnosing
from likeness.service.ports import Clock
from likeness.service.timekeeping import Timekeeping


def build(
    settings: config.Config,
    policy: Profile,
    clock: Clock,
    wall: Timekeeping,
    stack: AsyncExitStack,
    now: Callable[[], Mapping[str, Any]] = dict,
) -> Diagnosing:
    """Return it; what it has begun to write is on the disk when the stack is closed.

    Args:
        settings: of this terminal.
        policy: in force.
        clock: monotonic, as the terminal has it.
        wall: what time is believed.
        stack: for what must be closed.
        now: telemetry's snapshot, for the head of what is written.
    """

    def facts() -> Mapping[str, Any]:
        moment = wall.moment()
        return {
            "environment": str(settings.terminal.environment),
            "utc_s": moment.utc_s,
            "time_quality": moment.quality,
            "boot": moment.boot,
            "telemetry": now(),
        }

    thread = ThreadPoolExecutor(1, thread_name_prefix="faults")
    stack.callback(thread.shutdown)
    folder = FaultFolder(Path(settings.terminal.state_dir), lambda: wall.moment().utc_s)
    diagnosing = Diagnosing(
        Transcript(policy, software=__version__, key=secrets.token_bytes(32)),
        clock=clock,
        files=folder,
        facts=facts,
        thread=thread,
    )
    listener = LogListener(diagnosing.logged)
    listener.open()
    stack.callback(listener.close)
    return diagnosing
