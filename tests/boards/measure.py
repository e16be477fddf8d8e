"""What a terminal writes, holds and takes to start: measured on the real programs.

`python -m boards.measure --out FILE.json`, as root: `likeness run`, `likeness carrier
run` and mosquitto, a clip for a camera, a simulated reader; the terminal's state lies
on an ext4 of its own in a loop device, whose counters (sectors written) hold what
SQLite, the file system and its journal write together. What the memory card does below
that is not seen. Leaves to others: what it means on a board (daemon/BOARDS.md).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cv2

from likeness.edges.recorded import frames
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.vision.manifest import BUILT, PICTURES, models_dir
from programs import Shop, Terminal

SECTOR = 512
IMAGE_MIB = 256
READY_WITHIN_S = 120.0
VISIT_WITHIN_S = 90.0
SETTLED_S = 8.0  # longer than the journal waits for its next commit (commit=5)
CLIP_FRAMES = 250


@dataclass(frozen=True, slots=True)
class Card:
    """The memory card's stand-in: a file system of its own."""

    place: Path
    device: str

    def written(self) -> int:
        """Return how many bytes were written so far, after all of it is there."""
        descriptor = os.open(self.place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        subprocess.run(["sync", "-f", self.place], check=True)
        # Documentation/block/stat.rst: the seventh number is sectors written.
        text = Path(f"/sys/block/{self.device}/stat").read_text(encoding="ascii")
        return int(text.split()[6]) * SECTOR


@contextmanager
def card(folder: Path, place: Path) -> Iterator[Card]:
    """Mount a fresh ext4, as INSTALL.md has it for /var/lib/likeness."""
    image = folder / "card.img"
    with image.open("wb") as file:
        file.truncate(IMAGE_MIB << 20)
    # Without lazy initialization: its zeros would be counted as ours.
    lazy = "lazy_itable_init=0,lazy_journal_init=0"
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", lazy, image], check=True)
    place.mkdir()
    subprocess.run(["mount", "-o", "loop,noatime", image, place], check=True)
    try:
        place.chmod(0o700)
        found = subprocess.run(
            ["findmnt", "-no", "SOURCE", place],
            check=True,
            capture_output=True,
            text=True,
        )
        yield Card(place, Path(found.stdout.strip()).name)
    finally:
        subprocess.run(["umount", place], check=True)


def memory_kib(pid: int) -> dict[str, int]:
    """Return what a process holds, and the most it has held (proc(5))."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    fields = dict(line.split(":", 1) for line in status)
    names = {"VmRSS": "resident", "RssAnon": "own", "VmHWM": "peak"}
    return {ours: int(fields[name].split()[0]) for name, ours in names.items()} | {
        "threads": int(fields["Threads"])
    }


def cpu_s(pid: int) -> float:
    """Return the processor time a process has used, all threads, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def io_bytes(pid: int) -> int:
    """Return what a process has had written to disks, its pages whole (proc(5), io)."""
    lines = Path(f"/proc/{pid}/io").read_text(encoding="ascii").splitlines()
    return int(dict(line.split(":") for line in lines)["write_bytes"])


def starts(terminal: Terminal, times: int) -> dict[str, object]:
    """Start and stop it some times; return medians from exec to READY."""
    wall, cpu = [], []
    for _ in range(times):
        since = terminal.written
        begun = time.monotonic()
        terminal.start()
        assert terminal.says("event=ready", READY_WITHIN_S, since), terminal.said()
        wall.append(time.monotonic() - begun)
        cpu.append(cpu_s(terminal.pid))
        terminal.stop()
    return {
        "starts": times,
        "wall_s": round(statistics.median(wall), 2),
        "cpu_s": round(statistics.median(cpu), 2),
    }


def visit(terminal: Terminal, folder: Path, number: int) -> str:
    """One visitor with his own card, from card to welcome; return the verdict."""
    since = terminal.written
    portrait = (folder / "cards" / "1.jpg").read_bytes()
    terminal.reader.lay(simulated(fictitious_card(number), portrait))
    terminal.says("event=visit_done", VISIT_WITHIN_S, since)
    terminal.reader.take_away()
    terminal.says("Welcome.", VISIT_WITHIN_S, since)
    said = terminal.announced()
    return said[-1][1] if said else "none"


def wear(
    shop: Shop,
    terminal: Terminal,
    on: Card,
    folder: Path,
    *,
    visits: int,
    idle_s: float,
) -> dict[str, object]:
    """Count what is written in idleness, by visits on and off line, by delivery."""
    numbers = iter(range(1, 10_000))

    def while_it(does: Callable[[], object]) -> tuple[int, int]:
        """Return bytes that reached the disk, and those the daemon itself wrote."""
        before, own = on.written(), io_bytes(terminal.pid)
        does()
        time.sleep(SETTLED_S)
        return on.written() - before, io_bytes(terminal.pid) - own

    def each(counted: tuple[int, int]) -> dict[str, int]:
        disk, own = counted
        return {"disk": round(disk / visits), "daemon": round(own / visits)}

    def some() -> None:
        for _ in range(visits):
            verdicts.append(visit(terminal, folder, next(numbers)))

    def some_and_delivered() -> None:
        some()
        terminal.delivers_all(VISIT_WITHIN_S)

    verdicts: list[str] = []
    visit(terminal, folder, next(numbers))  # the first after a start is not like others
    terminal.delivers_all(VISIT_WITHIN_S)
    idle = while_it(lambda: time.sleep(idle_s))
    on_line = while_it(some_and_delivered)
    shop.broker.kill()
    off_line = while_it(some)
    shop.broker.start()
    delivery = while_it(lambda: terminal.delivers_all(VISIT_WITHIN_S))
    return {
        "idle_bytes_per_hour": round(idle[0] / (idle_s + SETTLED_S) * 3600),
        "visit_on_line_bytes": each(on_line),
        "visit_off_line_bytes": each(off_line),
        "late_delivery_bytes": each(delivery),
        "visits": visits,
        "verdicts": sorted(verdicts),
        "database_bytes": terminal.database.stat().st_size,
    }


def wide_clip(folder: Path, size: tuple[int, int]) -> Path:
    """Scale the clip to what a board's camera gives; MJPEG, as USB cameras send it."""
    clip = models_dir() / BUILT / PICTURES / "carphone.mp4"
    path = folder / "wide.avi"
    code = cv2.VideoWriter.fourcc(*"MJPG")
    out = cv2.VideoWriter(str(path), code, 25.0, size)
    for number, one in enumerate(frames(clip)):
        if number == CLIP_FRAMES:
            break
        out.write(cv2.resize(one.image, size, interpolation=cv2.INTER_CUBIC))
    out.release()
    return path


def measure(folder: Path, given: argparse.Namespace) -> dict[str, object]:
    """Measure all of it once."""
    width, height = map(int, given.size.split("x"))
    pictures = models_dir() / BUILT / PICTURES
    camera = wide_clip(folder, (width, height))
    stage = folder / "stage"
    stage.mkdir()
    with Shop(stage, pictures, "shop-1", camera=camera, more=given.more) as shop:
        (terminal,) = shop.terminals
        with card(folder, terminal.database.parent) as on:
            try:
                shop.broker.start()
                shop.carrier.start()
                boot = starts(terminal, given.starts)
                since = terminal.written
                terminal.start()
                assert terminal.says("event=ready", READY_WITHIN_S, since)
                ready = memory_kib(terminal.pid)
                written = wear(
                    shop,
                    terminal,
                    on,
                    stage,
                    visits=given.visits,
                    idle_s=given.idle_s,
                )
                after = memory_kib(terminal.pid)
            finally:
                terminal.stop()
    return {
        "size": given.size,
        "boot": boot,
        "memory_kib": {"ready": ready, "after_visits": after},
        "wear": written,
    }


def main() -> None:
    """Measure and write."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--out", type=Path, required=True)
    words.add_argument("--size", default="640x480", help="of the camera's pictures")
    words.add_argument("--visits", type=int, default=5)
    words.add_argument("--idle-s", type=float, default=120.0)
    words.add_argument("--starts", type=int, default=5)
    words.add_argument("--more", default="", help="lines of TOML for the terminal")
    given = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="likeness-boards-") as name:
        figures = measure(Path(name), given)
    given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
