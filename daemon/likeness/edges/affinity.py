"""Keeps vision to one thread and, where that is allowed, to its own processors.

The unit's sandbox forbids sched_setaffinity(2) (`SystemCallFilter=~@resources`): there
CPUAffinity= binds the whole daemon, and a drop-in may allow the call (decision 43).
Leaves to others: which processors (`core.boards`).
"""

import logging
import os
from collections.abc import Collection

from likeness.edges.quiet_cv2 import cv2

log = logging.getLogger(__name__)


def begin_vision(processors: Collection[int]) -> None:
    """Call it first on vision's thread.

    OpenCV else begins a thread for each processor, for pictures too small to share. How
    many threads the networks take, `models.threads` says.
    """
    cv2.setNumThreads(1)
    bind_thread(processors)


def bind_thread(processors: Collection[int]) -> bool:
    """Let the calling thread run on these processors only; say whether it does.

    On Linux the number 0 means the calling thread, not the process. Processors that
    are not there, or not ours, are left out; with none left nothing changes.
    """
    there = os.sched_getaffinity(0) & set(processors)
    if not there:
        if processors:
            log.warning(
                "event=vision_not_bound why='no such processor' processors=%s",
                ",".join(map(str, sorted(processors))),
            )
        return False
    try:
        os.sched_setaffinity(0, there)
    except PermissionError:
        log.info("event=vision_not_bound why='the sandbox forbids it'")
        return False
    return True
