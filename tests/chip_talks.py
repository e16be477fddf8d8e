"""Drives a talk with a chip: by a script of commands and answers, or by any chip."""

from collections.abc import Callable, Generator, Iterable
from typing import TypeVar

Returned = TypeVar("Returned")


class Scripted:
    """A chip that answers what the script says, and only to what the script says."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self._lines = [tuple(bytes.fromhex(part) for part in line) for line in lines]

    def answer(self, command: bytes) -> bytes:
        expected, answer = self._lines.pop(0)
        assert command.hex() == expected.hex()
        return answer

    @property
    def done(self) -> bool:
        return not self._lines


class Drawn:
    """What is drawn at random, in order; the sizes must fit."""

    def __init__(self, *parts: bytes) -> None:
        self._parts = list(parts)

    def __call__(self, size: int) -> bytes:
        part = self._parts.pop(0)
        assert len(part) == size
        return part


def hold(
    talk: Generator[bytes, bytes, Returned], answer: Callable[[bytes], bytes]
) -> Returned:
    """Hold the talk to its end and return what came of it."""
    try:
        command = next(talk)
        while True:
            command = talk.send(answer(command))
    except StopIteration as end:
        returned: Returned = end.value
        return returned


def in_turn(answers: Iterable[bytes]) -> Callable[[bytes], bytes]:
    """Give these answers, whatever was asked."""
    left = iter(answers)
    return lambda _command: next(left)
