"""A simulated scanner on a pty: gives what a person scans, as a serial scanner does.

Leaves to others: the pty (serial_pty), what is scanned.
"""

from collections.abc import Sequence
from pathlib import Path

from likeness.simulators.serial_pty import Piece, SerialPty

LINE_END = b"\r"


class Scanner(SerialPty):
    """`with Scanner() as scanner:` then open `scanner.path`, and `scan`."""

    def __init__(self, *, link: Path | None = None) -> None:
        super().__init__(_Silent(), link=link)

    def scan(self, *lines: str) -> None:
        """Send lines, each with its end."""
        sent = [Piece(0.0, line.encode("ascii") + LINE_END) for line in lines]
        self.call(lambda: sent)


class _Silent:
    """A device that takes no orders."""

    def power_up(self, now: float) -> None:
        """Nothing to begin."""

    def receive(self, data: bytes, now: float) -> Sequence[Piece]:
        """Hear nothing."""
        return ()
