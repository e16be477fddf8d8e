"""How many instructions a frame's look takes: arm64 and x86-64, under qemu-user.

`python -m instructions.count --out FILE.json` counts for each processor of PROCESSORS
that it can: with this interpreter for x86-64; for arm64 with `--root DIR`, a Debian
arm64 root (tests/arm64, systemd/package/root), and `--site DIR`, its site-packages. A
count is a difference of two marks around N frames, over N, less that of an empty loop:
start, loading and warm-up fall out of it. It is not a time: BOARDS.md says what makes
a time of it. Leaves to others: the plugin (`counter.c`), what runs (`guest.py`).

Needs gcc and qemu-user (not qemu-user-static: a static one takes no plugin).
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from instructions.guest import Order
from likeness.bench import speed_child
from likeness.bench.speed_child import Job
from likeness.edges.recorded import frames
from likeness.vision.manifest import BUILT, PICTURES, Variant, models_dir
from likeness.vision.runtimes import RuntimeName

HERE = Path(__file__).parent
CLIP = "carphone.mp4"
NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Processor:
    """One that qemu imitates; `cpuinfo` is what the runtime reads to choose kernels."""

    emulator: str
    cpu: str
    part: str = ""  # ARM's number, as /proc/cpuinfo gives it; empty: this machine's own
    features: str = ""


_V8 = "fp asimd evtstrm crc32 cpuid"
PROCESSORS = {
    "x86-64": Processor("qemu-x86_64", "max"),
    # Raspberry Pi: Zero 2 W and 3, 4, 5; features as their kernels list them.
    "cortex-a53": Processor("qemu-aarch64", "cortex-a53", "0xd03", _V8),
    "cortex-a72": Processor("qemu-aarch64", "cortex-a72", "0xd08", _V8),
    "cortex-a76": Processor(
        "qemu-aarch64",
        "cortex-a76",
        "0xd0b",
        "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm"
        " lrcpc dcpop asimddp",
    ),
}


@dataclass(frozen=True, slots=True)
class Guest:
    """Where the arm64 interpreter and its packages are."""

    root: Path
    site: Path


def counted(
    processor: Processor,
    guest: Guest | None,
    *,
    frames_n: int,
    runtime: RuntimeName,
    variant: Variant = "w8",
    parts: tuple[str, ...] = (),
) -> dict[str, object]:
    """Run the guest once; return instructions for each part, and what ran.

    Raises:
        subprocess.CalledProcessError: the emulator or the guest failed.
    """
    with tempfile.TemporaryDirectory(prefix="likeness-count-") as name:
        folder = Path(name)
        job = _job(folder, frames_n, runtime, variant)
        order = Order(job=job, frames=frames_n, parts=parts)
        environment = {
            **os.environ,
            "INSTRUCTIONS_OUT": str(folder / "marks"),
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONHASHSEED": "0",
        }
        command = _command(processor, guest, folder, environment)
        done = subprocess.run(
            [*command, msgspec.json.encode(order).decode()],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
        return told | {"instructions": _differences(folder / "marks", told)}


def _differences(marks: Path, told: dict[str, object]) -> dict[str, int]:
    """Take what lies between two marks of a part, for one frame, less an empty loop."""
    counts = [int(line.split()[1]) for line in marks.read_text().splitlines()]
    parts = told["parts"]
    frames_n = told["frames"]
    assert isinstance(parts, list)
    assert isinstance(frames_n, int)
    spans = {
        name: counts[2 * number + 1] - counts[2 * number]
        for number, name in enumerate(parts)
    }
    empty = spans.pop(NOTHING)
    return {name: round((span - empty) / frames_n) for name, span in spans.items()}


def _command(
    processor: Processor, guest: Guest | None, folder: Path, environment: dict[str, str]
) -> list[str]:
    plugin = folder / "counter.so"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-O2", HERE / "counter.c", "-o", plugin], check=True
    )
    emulator = shutil.which(processor.emulator)
    if emulator is None:
        raise SystemExit(f"{processor.emulator} is missing: apt install qemu-user")
    command = [emulator, "-cpu", processor.cpu, "-plugin", str(plugin)]
    tests, daemon = HERE.parent, HERE.parent.parent / "daemon"
    paths = [str(tests), str(daemon)]
    python = Path(sys.executable)
    if guest is not None:
        # What the guest opens below this folder goes before the machine's own files.
        prefix = _prefix(guest.root, processor, folder)
        command += ["-L", str(prefix)]
        python = guest.root / "usr/bin/python3"
        paths.append(str(guest.site))
        environment["PYTHONHOME"] = str(guest.root / "usr")
    else:
        paths.append(sysconfig.get_path("purelib"))
    environment["PYTHONPATH"] = ":".join(paths)
    return [*command, str(python.resolve()), "-s", "-m", "instructions.guest"]


def _prefix(root: Path, processor: Processor, folder: Path) -> Path:
    """Make a folder that is the root, with another /proc/cpuinfo."""
    prefix = folder / "prefix"
    (prefix / "proc").mkdir(parents=True)
    for one in ("lib", "usr", "etc"):
        (prefix / one).symlink_to(root / one)
    (prefix / "proc/cpuinfo").write_text(
        "".join(
            f"processor\t: {core}\nBogoMIPS\t: 108.00\n"
            f"Features\t: {processor.features}\nCPU implementer\t: 0x41\n"
            f"CPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: {processor.part}\n"
            "CPU revision\t: 4\n\n"
            for core in range(os.cpu_count() or 1)
        )
    )
    return prefix


def _job(folder: Path, frames_n: int, runtime: RuntimeName, variant: Variant) -> Job:
    raw = folder / "frames"
    models = models_dir()
    clip = models / BUILT / PICTURES / CLIP
    # Scaled to what a camera gives: the clip's own 176x144 would flatter the rest.
    shots = [speed_child.to_vga(one.image) for one in islice(frames(clip), frames_n)]
    raw.write_bytes(b"".join(one.tobytes() for one in shots))
    height, width = shots[0].shape[:2]
    return Job(
        models=str(models),
        variant=variant,
        runtime=runtime,
        threads=1,
        frames=str(raw),
        width=width,
        height=height,
        rounds=1,
        started_ns=0,
    )


def main() -> None:
    """Count and write."""
    words = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    words.add_argument("--out", type=Path, required=True)
    words.add_argument("--frames", type=int, default=28)
    words.add_argument("--runtime", choices=("tflite", "litert"), default="tflite")
    words.add_argument("--variant", choices=("w8", "f32", "int8"), default="w8")
    words.add_argument("--part", action="append", help="only this one, e.g. model mesh")
    words.add_argument("--root", type=Path, help="a Debian arm64 root")
    words.add_argument("--site", type=Path, help="its site-packages")
    words.add_argument("--only", choices=PROCESSORS, action="append")
    given = words.parse_args()
    guest = Guest(given.root, given.site) if given.root and given.site else None
    figures: dict[str, object] = {}
    for name in given.only or PROCESSORS:
        is_arm = bool(PROCESSORS[name].part)
        if is_arm and guest is None:
            sys.stderr.write(f"{name}: left out; give --root and --site\n")
            continue
        figures[name] = counted(
            PROCESSORS[name],
            guest if is_arm else None,
            frames_n=given.frames,
            runtime=given.runtime,
            variant=given.variant,
            parts=tuple(given.part or ()),
        )
        sys.stdout.write(f"{name} {json.dumps(figures[name])}\n")
        given.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
