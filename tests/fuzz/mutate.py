"""Changes valid inputs a little: bytes, lines, JSON; the same dice, the same input.

Each function takes `Dice` (a seeded generator) and gives new bytes. What is changed
keeps its grammar often enough to get behind the first check. Leaves to others: valid
inputs to begin with, and making signatures or checks fit again.
"""

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

Dice = random.Random
# Takes a seed and another one to splice with.
Mutate = Callable[[Dice, bytes, bytes], bytes]

LONGEST = 1 << 16  # what a mutation may make of a small input

EDGES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x100, 0x7FFF, 0x8000, 0xFFFF, 0x10000)
EDGES_32 = (*EDGES, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
TOKENS = (
    *(b"\0", b"\xff", b"\xff\xff\xff\xff", b"\r\n", b"\n", b",", b'"', b"'", b"\\"),
    *(b".", b"..", b"../", b"/", b"=", b"[", b"]", b"{", b"}", b"#", b"%00", b"%"),
    *(b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xc0\x80", "é".encode(), "\u202e".encode()),
    *(b"null", b"true", b"NaN", b"Infinity", b"-0", b"1e999", b"1_000", b"0x10"),
)

DEEP = "\x02deep\x03"  # stands for a nest: no encoder writes one
NESTS_AT_MOST = 250
DEPTHS = (10, 300, 480, 900, 960, 980, 990, 2000, 7000, 20_000)

# Any: values of JSON.
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, -(2**63) - 1),
    *(10**30, 0.5, -0.0, 1e308, float("inf"), float("nan"), 253_402_300_799, 10**12),
    *("", " ", "\0", "a\n", "\ud800", "\U0001f600", "a" * 129, "a" * 300, "a" * 5000),
    *("A" * 43, "0" * 32, "0" * 64, "online", "production", "test", "ntp", "visit"),
    *(
        DEEP,
        [],
        {},
        [[]],
        [0] * 40,
        {"a": {}},
        [{"epoch": "0" * 32, "seq": 0}],
        ["", ""],
    ),
)


def any_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Change bytes without knowing what they mean."""
    done = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        dice.choice(_CHANGES)(dice, done, other)
    return bytes(done[:LONGEST])


def with_tokens(*tokens: bytes) -> Mutate:
    """Return a mutation that also puts in words of the format."""

    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        if dice.random() < 0.5:
            at = dice.randint(0, len(data))
            data = data[:at] + dice.choice(tokens) + data[at + dice.choice((0, 1, 4)) :]
        return any_bytes(dice, data, other) if dice.random() < 0.6 else data[:LONGEST]

    return mutate


def lines(*tokens: bytes) -> Mutate:
    """Return a mutation for texts of lines `key = value` or of values with commas."""
    inside = with_tokens(*tokens)

    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        rows = data.split(b"\n")
        at = dice.randrange(len(rows))
        match dice.randrange(9):
            case 0:
                del rows[at]
            case 1:
                rows.insert(at, dice.choice(rows))
            case 2:
                rows.insert(at, dice.choice(other.split(b"\n")))
            case 3:
                dice.shuffle(rows)
            case 4 | 5:
                rows[at] = _new_value(dice, rows[at], tokens)
            case 6:
                rows[at] *= 500 if dice.random() < 0.03 else dice.choice((2, 3))
            case 7:
                row = rows[at].split(b",")
                dice.shuffle(row)
                rows[at] = b",".join(row[: dice.randint(1, len(row))])
            case _:
                rows[at] = inside(dice, rows[at], other)
        return b"\n".join(rows)[:LONGEST]

    return mutate


def json_value(dice: Dice, value: Any, other: Any = None) -> Any:
    """Return a copy of a JSON value with one to three places changed."""
    value = copy.deepcopy(value)
    for _ in range(dice.choice((1, 1, 2, 3))):
        value = _changed(dice, value, other)
    return value


def json_text(dice: Dice, value: Any) -> bytes:
    """Write JSON, sometimes as no encoder of ours would."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=dice.random() < 0.9)
    if DEEP[1:-1] in text:
        depth = dice.choice(DEPTHS) + dice.randint(-9, 9)
        nest = dice.choice(
            ("[" * depth + "]" * depth, '{"a":' * depth + "0" + "}" * depth)
        )
        text = text.replace('"\\u0002deep\\u0003"', nest)
    match dice.randrange(24):
        case 0 if text.startswith("{") and len(text) > 2:  # a member twice
            text = text[:-1] + "," + text[1:]
        case 1:
            text = text.replace(":", ' :\t"\\u0000" ,"a":', 1)
        case 2:
            text = text.replace("1", dice.choice(("9" * 400, "9" * 5000, "1.0", "1e2")))
        case 3:
            text = text[: dice.randint(0, len(text))]
        case _:
            pass
    return text.encode("utf-8", "surrogatepass")


def json_of(text: bytes) -> Any:
    """Read JSON; raise ValueError if it is none, or too deep to be changed again."""
    if text.count(b"[") + text.count(b"{") > NESTS_AT_MOST:
        raise ValueError("too deep")
    return json.loads(text)


def json_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Change a JSON text as a value, or else as bytes."""
    try:
        value, near = json_of(data), json_of(other)
    except ValueError:
        return any_bytes(dice, data, other)
    if dice.random() < 0.3:
        return any_bytes(dice, data, other)
    return json_text(dice, json_value(dice, value, near))[:LONGEST]


# --- one place of a JSON value ------------------------------------------------------
def _changed(dice: Dice, value: Any, other: Any) -> Any:
    inner = _keys(value)
    if not inner or dice.random() < 0.1:
        return _any(dice)
    key = dice.choice(inner)
    if _keys(value[key]) and dice.random() < 0.7:
        value[key] = _changed(dice, value[key], other)
        return value
    match dice.randrange(6):
        case 0:
            del value[key]
        case 1:
            value[key] = copy.deepcopy(value[dice.choice(inner)])
        case 2 if isinstance(value, dict):
            value[dice.choice(("", "x", "crit", "zip", "d"))] = _any(dice)
        case 3 if isinstance(other, dict) and other and isinstance(value, dict):
            name = dice.choice(list(other))
            value[name] = copy.deepcopy(other[name])
        case 4:
            value[key] = _near(dice, value[key])
        case _:
            value[key] = _any(dice)
    return value


def _any(dice: Dice) -> Any:
    return copy.deepcopy(dice.choice(VALUES))


def _near(dice: Dice, value: Any) -> Any:
    """Change a value into one of its own kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + dice.choice((-1, 1, 2, -1000, 10**9, -value, 2**53))
        case str():
            data = any_bytes(dice, value.encode("utf-8", "surrogatepass"), b"A_-")
            return data.decode("utf-8", "replace")
        case list():
            return value * dice.choice((2, 50)) if len(value) < 100 else value[:1]
        case _:
            return _any(dice)


def _keys(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value)
    return range(len(value)) if isinstance(value, list) else ()


def _new_value(dice: Dice, row: bytes, tokens: Sequence[bytes]) -> bytes:
    name, equals, _ = row.partition(b"=")
    if not equals:
        return dice.choice(tokens)
    if dice.random() < 0.2:
        name = dice.choice(
            (b"x", name * 2, b"a." + name, b'""', b"a." * _parts(dice) + name)
        )
    return name + b"= " + dice.choice((*_TEXTS, *tokens))


def _parts(dice: Dice) -> int:
    return 30_000 if dice.random() < 0.05 else dice.choice((2, 30, 70))


_TEXTS = (
    *(b'""', b'"a"', b"0", b"-1", b"1.5", b"nan", b"inf", b"-inf", b"true", b"9" * 400),
    *(b"9" * 5000, b"1e999", b"[]", b"{}", b"[" * 400, b"[[]]", b'"\\u0000"', b"'a'"),
    *(b"2026-01-01", b"2026-01-01T00:00:00Z", b"0x7fffffffffffffff", b'"\\ud800"'),
    *(b'"""\n"""', b'["blink", 1]', b'{a = {b = "c"}}', b'"' + b"a" * 5000 + b'"'),
)


# --- changes of bytes in place ------------------------------------------------------
def _flip(dice: Dice, data: bytearray, _other: bytes) -> None:
    if data:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _set(dice: Dice, data: bytearray, _other: bytes) -> None:
    if data:
        data[dice.randrange(len(data))] = dice.randrange(256)


def _put(dice: Dice, data: bytearray, _other: bytes) -> None:
    at = dice.randint(0, len(data))
    data[at:at] = dice.choice(TOKENS)


def _cut(dice: Dice, data: bytearray, _other: bytes) -> None:
    at = dice.randint(0, len(data))
    del data[at : at + dice.choice((1, 2, 4, 16, 64, 1 << 20))]


def _double(dice: Dice, data: bytearray, _other: bytes) -> None:
    at = dice.randint(0, len(data))
    piece = data[at : at + dice.choice((1, 5, 40, 400))]
    times = 3000 if dice.random() < 0.03 else dice.choice((1, 1, 2, 10))
    data[at:at] = piece * times
    del data[LONGEST:]


def _number(dice: Dice, data: bytearray, _other: bytes) -> None:
    size = dice.choice((2, 2, 4))
    if len(data) >= size:
        at = dice.randint(0, len(data) - size)
        value = dice.choice(EDGES_32) & ((1 << 8 * size) - 1)
        data[at : at + size] = value.to_bytes(size, dice.choice(("big", "little")))


def _splice(dice: Dice, data: bytearray, other: bytes) -> None:
    at, there = dice.randint(0, len(data)), dice.randint(0, len(other))
    data[at:] = other[there:]


def _borrow(dice: Dice, data: bytearray, other: bytes) -> None:
    at, there = dice.randint(0, len(data)), dice.randint(0, len(other))
    size = dice.choice((1, 4, 16, 100))
    data[at : at + size] = other[there : there + size]


_CHANGES = (_flip, _set, _put, _cut, _double, _number, _splice, _borrow)
