"""Makes what was found small enough to be read.

Leaves to others: finding it.
"""

from fuzz.engine import Board, Subject, Target, attempt


def minimal(
    target: Target, subject: Subject, data: bytes, board: Board, tries: int = 200
) -> bytes:
    """Make a finding's input smaller for as long as it ends in the same way."""
    wanted = attempt(target, subject, data)
    size = max(1, len(data) // 2)
    while size and tries > 0:
        at = 0
        while at < len(data) and tries > 0:
            shorter = data[:at] + data[at + size :]
            tries -= 1
            board.show(tries, shorter)  # whoever watches sees that it goes on
            if attempt(target, subject, shorter) == wanted:
                data = shorter
            else:
                at += size
        size //= 2
    return data
