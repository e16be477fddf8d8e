"""Runs one target on many inputs, in a process of its own: counts, bounds, findings.

A finding is an input that ended in an error nobody announced (crash), took too much
processor time (hang) or too much memory. Processor time and not the wall's: the machine
may be busy. What never comes back from a library is seen by `campaign`, which looks at
`Board` from outside. Leaves to others: the inputs' meaning (`targets`).
"""

import mmap
import os
import re
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import msgspec

from fuzz.mutate import Dice, Mutate

MIB = 1 << 20
POOL_MOST = 400
SETTLED_IN = 200  # inputs, after which memory is measured
LOOK_EVERY = 256  # inputs between two looks at the memory
SLOW_S = 0.02  # after an input as slow as this, too
SETTLED_AFTER = 0.3  # of the inputs: caches are full by then
LEAK_MIB = 48
LEAK_FROM = 5_000  # fewer inputs say nothing about a leak
FINDINGS_MOST = 20
COSTLY_MOST = 2  # hangs, or peaks of memory: each takes its time
SHOWN_BYTES = 1 << 20


@dataclass(frozen=True)
class Subject:
    """What is tried: valid inputs, how to change them, and the code under test.

    `run` returns a few words for what became of an input, without its content.
    """

    seeds: Sequence[bytes]
    mutate: Mutate
    run: Callable[[bytes], str]
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Target:
    """One parser, or one way of messages, with what it may do.

    Args:
        make: builds the subject in an empty folder.
        allowed: errors by which it may refuse.
        share: how many of all inputs, against the other targets.
        cpu_s: for one input.
        room_mib: above what it has after its first inputs.
        renew_every: inputs, after which it is made anew (what it keeps would grow).
    """

    name: str
    make: Callable[[Path], Subject]
    allowed: tuple[type[Exception], ...] = ()
    share: float = 1.0
    cpu_s: float = 2.0
    room_mib: int = 192
    renew_every: int = 1 << 60


class Finding(msgspec.Struct, frozen=True):
    """One input that must not be as it is."""

    target: str
    kind: str  # "crash", "hang", "memory", "leak"
    what: str  # error and place
    input: bytes


class Tally(msgspec.Struct):
    """What one target did."""

    inputs: int = 0
    bytes: int = 0  # of all inputs
    accepted: int = 0
    refused: dict[str, int] = {}
    crashes: int = 0
    hangs: int = 0
    memory: int = 0
    cpu_s: float = 0.0
    slowest_ms: float = 0.0
    peak_mib: int = 0  # resident, of the whole process
    grown_mib: int = 0  # after caches were full
    findings: list[Finding] = []


class Hang(BaseException):
    """An input took too much processor time; no parser may catch it."""


class Board:
    """A page that a watcher outside can read: how many inputs, and the present one."""

    def __init__(self) -> None:
        self._map = mmap.mmap(-1, 16 + SHOWN_BYTES)

    def show(self, count: int, data: bytes) -> None:
        size = min(len(data), SHOWN_BYTES)
        self._map[16 : 16 + size] = data[:size]
        self._map[:16] = struct.pack("<QQ", count, size)

    def read(self) -> tuple[int, bytes]:
        count, size = struct.unpack("<QQ", self._map[:16])
        return count, bytes(self._map[16 : 16 + size])


@dataclass
class Engine:
    """Tries inputs; `tally` says what came of them."""

    target: Target
    seed: str
    board: Board = field(default_factory=Board)
    tally: Tally = field(default_factory=Tally)

    def __post_init__(self) -> None:
        self._dice = Dice(f"{self.seed}/{self.target.name}")
        self._words: Counter[str] = Counter()
        self._pool: list[bytes] = []  # one input for each way to end
        self._base = self._settled = 0  # MiB, once caches are full

    def go(self, inputs: int) -> Tally:
        """Try so many inputs, the seeds themselves first."""
        signal.signal(signal.SIGPROF, _too_long)
        began = time.process_time()
        while self.tally.inputs < inputs and not self._has_enough:
            with tempfile.TemporaryDirectory(prefix="fuzz-", dir=_quick_disk()) as name:
                subject = self.target.make(Path(name))
                _bound_addresses(self.target.room_mib)
                left = inputs - self.tally.inputs
                for _ in range(min(left, self.target.renew_every)):
                    self._one(subject, inputs)
                    if self._has_enough:
                        break
                subject.close()
        self._conclude(time.process_time() - began)
        return self.tally

    def _one(self, subject: Subject, inputs: int) -> None:
        number = self.tally.inputs
        data = self._next(subject, number)
        word, spent = self._try(subject, data)
        self._words[word] += 1
        if self._words[word] == 1 and len(self._pool) < POOL_MOST:
            self._pool.append(data)  # it ended as none before it
        if number == min(SETTLED_IN, inputs // 4):
            self._base = _resident()
        if self._base and (spent > SLOW_S or number % LOOK_EVERY == 0):
            self._look_at_memory(data)
        if number == int(inputs * SETTLED_AFTER):
            self._settled = _resident()

    def _next(self, subject: Subject, number: int) -> bytes:
        """Every other time change a seed: what is far from valid is dull."""
        if number < len(subject.seeds):
            return subject.seeds[number]
        near = self._pool if self._dice.random() < 0.5 else subject.seeds
        seed, other = self._dice.choice(near), self._dice.choice(self._pool)
        return subject.mutate(self._dice, seed, other)

    @property
    def _has_enough(self) -> bool:
        tally = self.tally
        costly = max(tally.hangs, tally.memory)
        return len(tally.findings) >= FINDINGS_MOST or costly >= COSTLY_MOST

    def _try(self, subject: Subject, data: bytes) -> tuple[str, float]:
        self.board.show(self.tally.inputs, data)
        self.tally.inputs += 1
        self.tally.bytes += len(data)
        began = time.process_time()
        word = attempt(self.target, subject, data)
        spent = time.process_time() - began
        self.tally.slowest_ms = max(self.tally.slowest_ms, spent * 1000)
        kind, _, what = word.partition(": ")
        if kind in ("crash", "hang", "memory"):
            self._find(kind, what, data)
        return word, spent

    def _find(self, kind: str, what: str, data: bytes) -> None:
        name = {"crash": "crashes", "hang": "hangs"}.get(kind, "memory")
        setattr(self.tally, name, getattr(self.tally, name) + 1)
        if all((one.kind, one.what) != (kind, what) for one in self.tally.findings):
            self.tally.findings.append(Finding(self.target.name, kind, what, data))

    def _look_at_memory(self, data: bytes) -> None:
        """One peak is told once: the next is measured against it."""
        peak = _peak()
        if peak - self._base > self.target.room_mib:
            self._find("memory", f"{self.target.room_mib} MiB were not enough", data)
            self._base = peak

    def _conclude(self, cpu_s: float) -> None:
        tally, refused = self.tally, self._words
        tally.accepted = sum(n for word, n in refused.items() if _is_good(word))
        kinds: Counter[str] = Counter()
        for word, count in refused.items():
            if word.startswith("refused"):
                kinds[word.removeprefix("refused ").partition(":")[0]] += count
        tally.refused = dict(kinds.most_common())
        tally.cpu_s = round(cpu_s, 2)
        tally.slowest_ms = round(tally.slowest_ms, 1)
        tally.peak_mib = _peak()
        tally.grown_mib = _resident() - self._settled if self._settled else 0
        if tally.inputs >= LEAK_FROM and tally.grown_mib > LEAK_MIB:
            self._find("leak", f"grew by {tally.grown_mib} MiB", b"")


def attempt(target: Target, subject: Subject, data: bytes) -> str:
    """Try one input: a few words, `refused KIND: …`, or `crash|hang|memory: …`."""
    signal.setitimer(signal.ITIMER_PROF, target.cpu_s)
    try:
        return subject.run(data)
    except target.allowed as fault:
        return f"refused {type(fault).__name__}: {without_values(str(fault))}"
    except Hang:
        return f"hang: more than {target.cpu_s} s in {_place()}"
    except MemoryError:
        return f"memory: MemoryError in {_place()}"
    except Exception as fault:  # noqa: BLE001 - this is what is looked for
        return f"crash: {type(fault).__name__} in {_place()}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise Hang


def _is_good(word: str) -> bool:
    return not word.startswith(("refused", "crash", "hang", "memory"))


def without_values(text: str) -> str:
    """Keep what tells one refusal from another, not what was refused."""
    return re.sub(r"'[^']*'|\d+|/\S+|[^\x20-\x7e]", "", text)[:60]


def _place() -> str:
    """Name the innermost line of ours that an error came through."""
    frames = traceback.extract_tb(sys.exc_info()[2])
    ours = [one for one in frames if "/likeness/" in one.filename] or frames
    return f"{Path(ours[-1].filename).name}:{ours[-1].name}"


def _quick_disk() -> str | None:
    """Databases sync at each commit; here nothing has to last."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def _bound_addresses(room_mib: int) -> None:
    """Let a single huge allocation fail where it is asked for."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + 4 * room_mib * MIB
    resource.setrlimit(resource.RLIMIT_AS, (most, resource.RLIM_INFINITY))


def _resident() -> int:
    return _status("VmRSS")


def _peak() -> int:
    return _status("VmHWM")


def _status(name: str) -> int:
    """Return one figure of proc(5), status, in MiB."""
    text = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found[1]) >> 10 if found else 0
