"""One target under atheris: inputs that reach new lines of ours are changed further.

    pip install atheris
    cd tests
    python -m fuzz.guided --target claims --seconds 600 FOLDER

FOLDER keeps what reached something new, and takes what crashed. Optional: the campaign
needs no coverage. Only our own package is watched. Leaves to others: counting.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any


def main() -> None:
    """Run the command; libFuzzer ends the process itself."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--target", required=True)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    try:
        import atheris  # noqa: PLC0415 - optional
    except ImportError:
        sys.exit("atheris is missing: pip install atheris")
    with atheris.instrument_imports(include=["likeness"]):
        from fuzz.targets import named  # noqa: PLC0415 - watched from here on
    (target,) = named([given.target])
    subject = target.make(Path(tempfile.mkdtemp(prefix="fuzz-")))
    given.folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(subject.seeds):
        (given.folder / f"seed-{number}").write_bytes(seed)

    def one(data: bytes) -> None:
        try:
            subject.run(data)
        except target.allowed:
            return

    # Any: atheris gives and takes what its own C++ side knows.
    def changed(data: bytes, size: int, seed: int) -> Any:
        """Let our own mutations take turns with libFuzzer's: they know the format."""
        if seed & 1:
            return atheris.Mutate(data, size)
        other = subject.seeds[seed % len(subject.seeds)]
        return subject.mutate(Dice(seed), data, other)[:size]

    from fuzz.mutate import Dice  # noqa: PLC0415 - after the watching began

    options = [
        sys.argv[0],
        f"-max_total_time={given.seconds}",
        f"-timeout={int(target.cpu_s * 10)}",
        f"-artifact_prefix={given.folder}/",
        "-max_len=65536",
        str(given.folder),
    ]
    atheris.Setup(options, one, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
