"""A stand-in for a vendor's portrait decoder: record on stdin, picture on stdout.

    python -m likeness.simulators.wlt_decoder --pictures FILE_OR_FOLDER...

A real portrait record is WLT, whose decoder is closed and licensed per reader; **real
WLT decoding was never exercised here**. A simulated card's record is 1024 bytes made
from the picture's SHA-256, so this program finds the picture that a record belongs to
among those it is given. Exit 3: no picture fits. It imports little, to start quickly.
"""

import argparse
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

RECORD_SIZE = 1024
EXIT_UNKNOWN = 3


def portrait_record(picture: bytes) -> bytes:
    """Make the 1024 bytes that stand for a picture on a simulated card."""
    seed = sha256(picture).digest()
    blocks = (
        sha256(seed + bytes([count])).digest()
        for count in range(RECORD_SIZE // len(seed))
    )
    return b"".join(blocks)


def find_picture(record: bytes, places: list[Path]) -> bytes | None:
    """Find the picture that a record stands for, in files and folders."""
    for path in _files(places):
        picture = path.read_bytes()
        if portrait_record(picture) == record:
            return picture
    return None


def _files(places: list[Path]) -> Iterator[Path]:
    for place in places:
        if place.is_dir():
            yield from (path for path in sorted(place.iterdir()) if path.is_file())
        else:
            yield place


def main() -> int:
    """Read a record, write its picture."""
    parser = argparse.ArgumentParser(prog="wlt_decoder", description=__doc__)
    parser.add_argument("--pictures", nargs="+", type=Path, required=True)
    places = parser.parse_args().pictures
    try:
        picture = find_picture(sys.stdin.buffer.read(RECORD_SIZE + 1), places)
    except OSError as problem:
        sys.stderr.write(f"wlt_decoder: {problem.filename}: {problem.strerror}\n")
        return EXIT_UNKNOWN
    if picture is None:
        sys.stderr.write("wlt_decoder: no picture fits this record\n")
        return EXIT_UNKNOWN
    sys.stdout.buffer.write(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
