"""A real process that is closed to others, and lets go of what is over."""

import subprocess
import sys


def run(code: str) -> str:
    begin = "from likeness.edges import process_memory as memory\n"
    return subprocess.run(
        [sys.executable, "-I", "-c", begin + code],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_it_dumps_no_core_and_says_so_to_the_kernel() -> None:
    code = (
        "import ctypes, resource\n"
        "PR_GET_DUMPABLE = 3\n"
        "asked = lambda: ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)\n"
        "before = asked(); memory.keep_from_others()\n"
        "print(before, asked(), resource.getrlimit(resource.RLIMIT_CORE))"
    )
    assert run(code).split(maxsplit=2) == ["1", "0", "(0, 0)\n"]


def test_what_refers_only_to_itself_is_freed() -> None:
    code = (
        "import gc, weakref\n"
        "gc.disable()\n"
        "class Visit: pass\n"
        "memory.settle()\n"
        "one = Visit(); one.itself = one; gone = weakref.ref(one); del one\n"
        "before = gone() is None; memory.let_go(); print(before, gone() is None)"
    )
    assert run(code).split() == ["False", "True"]


def test_free_pages_go_back_to_the_kernel() -> None:
    """Small pieces below one that stays: without a trim they would stay as well."""
    code = (
        "from pathlib import Path\n"
        "rss = lambda: int(Path('/proc/self/statm').read_text().split()[1])\n"
        "held = [bytes(2000) for _ in range(30000)]; stays = bytes(2000)\n"
        "del held; before = rss(); memory.let_go(); print(before, rss())"
    )
    before, after = map(int, run(code).split())
    assert after < before - 5000  # pages, of about 15,000


def test_others_of_its_own_user_cannot_look_into_it() -> None:
    """Its files in /proc belong to root from then on (proc(5))."""
    code = (
        "import ctypes, os\n"
        "PR_SET_DUMPABLE = 4\n"
        "os.setuid(65534) if os.geteuid() == 0 else None\n"
        "ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # setuid has closed it\n"
        "owner = lambda: os.stat('/proc/self/mem').st_uid\n"
        "before = owner() == os.getuid(); memory.keep_from_others()\n"
        "print(before, owner())"
    )
    assert run(code).split() == ["True", "0"]
