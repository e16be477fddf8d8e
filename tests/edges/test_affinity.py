"""A thread goes to its processors, and no other thread with it."""

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from likeness.edges.affinity import begin_vision, bind_thread
from likeness.edges.quiet_cv2 import cv2

CALL = "SystemCallFilter=sched_setaffinity"


def on_a_thread(processors: set[int]) -> tuple[bool, set[int]]:
    with ThreadPoolExecutor(1) as thread:
        bound = thread.submit(bind_thread, processors).result()
        return bound, thread.submit(os.sched_getaffinity, 0).result()


def test_a_thread_is_bound_and_the_others_are_not() -> None:
    before = os.sched_getaffinity(0)
    one = min(before)
    assert on_a_thread({one}) == (True, {one})
    assert os.sched_getaffinity(0) == before


@pytest.mark.parametrize("processors", [set(), {1000}])
def test_what_is_not_there_binds_nothing(processors: set[int]) -> None:
    assert on_a_thread(processors) == (False, os.sched_getaffinity(0))


def test_a_part_of_them_is_enough() -> None:
    one = min(os.sched_getaffinity(0))
    assert on_a_thread({one, 1000}) == (True, {one})


def test_vision_asks_no_more_of_opencv_than_its_own_thread() -> None:
    with ThreadPoolExecutor(1, initializer=begin_vision, initargs=(set(),)) as thread:
        assert thread.submit(cv2.getNumThreads).result() == 1


ASK = """
import os
from likeness.edges.affinity import bind_thread
before = os.sched_getaffinity(0)
print(bind_thread({min(before)}), os.sched_getaffinity(0) == {min(before)})
"""


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="needs systemd-analyze"
)
@pytest.mark.parametrize(("more", "binds"), [("", False), (CALL, True)])
def test_the_shipped_unit_refuses_it_and_the_drop_in_allows_it(
    root: Path, tmp_path: Path, more: str, binds: bool
) -> None:
    systemd = root / "systemd"
    example = (systemd / "likeness.service.d" / "board.conf.example").read_text()
    assert f"#{CALL}\n" in example
    unit = tmp_path / "likeness.service"
    unit.write_text((systemd / "likeness.service").read_text() + f"\n{more}\n")
    command = [sys.executable, str(root / "tests" / "under_unit.py"), str(unit)]
    done = subprocess.run(
        [*command, sys.executable, "-c", ASK],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root / "daemon")},
    )
    said = done.stdout.split()
    assert said[0] == str(binds)
    if binds:
        assert said[1] == "True"
