"""Turns a keyboard's events into lines: scanners that act as a keyboard (wedges).

Events are Linux's own, `struct input_event` of this machine (linux/input.h). The keys
are read as a US keyboard has them, which is what such a scanner is set to when it
leaves its maker. Only the signs of an MRZ count; every other key is passed over. Leaves
to others: the device, what a line means.
"""

import struct

EVENT = struct.Struct("@llHHi")  # seconds, microseconds, type, code, value
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3  # the kernel had no room: keys, and releases of keys, are missing
RELEASED = 0  # 1: pressed, 2: repeats itself
SHIFTS = frozenset({42, 54})  # left, right
ENTERS = frozenset({28, 96})  # main block, keypad
COMMA, SPACE, BACKSPACE = 51, 57, 14
LINE_MOST = 128
# linux/input-event-codes.h: codes follow the rows of the keyboard.
SIGNS = {
    **dict(enumerate("1234567890", 2)),
    **dict(enumerate("QWERTYUIOP", 16)),
    **dict(enumerate("ASDFGHJKL", 30)),
    **dict(enumerate("ZXCVBNM", 44)),
    **dict(zip((71, 72, 73, 75, 76, 77, 79, 80, 81, 82), "7894561230", strict=True)),
    86: "<",  # beside the left shift of an ISO keyboard
    SPACE: " ",
}


class KeyStrokes:
    """Feed it the device's bytes in any slices; it gives whole lines."""

    def __init__(self) -> None:
        self._held = b""
        self._line = ""
        self._shifted: set[int] = set()

    def __repr__(self) -> str:
        """Say how much waits, never what."""
        return f"KeyStrokes({len(self._line)} signs waiting)"

    def feed(self, data: bytes) -> list[str]:
        """Take in events; return the lines that they ended."""
        data = self._held + data
        whole = len(data) - len(data) % EVENT.size
        self._held = data[whole:]
        lines = []
        for _, _, kind, code, value in EVENT.iter_unpack(data[:whole]):
            if (kind, code) == (EV_SYN, SYN_DROPPED):
                self._line = ""
                self._shifted.clear()
            if kind == EV_KEY and self._key(code, value) and self._line:
                lines.append(self._line)
                self._line = ""
        return lines

    def _key(self, code: int, value: int) -> bool:
        """Take in one key; True: it ends the line."""
        if code in SHIFTS:
            (self._shifted.discard if value == RELEASED else self._shifted.add)(code)
            return False
        if value == RELEASED:
            return False
        if code in ENTERS:
            return True
        if code == BACKSPACE:
            self._line = self._line[:-1]
        elif len(self._line) < LINE_MOST:
            self._line += self._sign(code)
        return False

    def _sign(self, code: int) -> str:
        if code == COMMA:
            return "<" if self._shifted else ","
        sign = SIGNS.get(code, "")
        # With shift a digit is another sign, which no MRZ has.
        return "" if self._shifted and sign.isdigit() else sign
