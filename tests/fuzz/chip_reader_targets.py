"""What comes from a reader of chips beside the chip: frames, keys, pictures."""

from pathlib import Path

from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, any_bytes
from likeness.core.key_lines import KeyLines, NotAKey
from likeness.core.key_strokes import EVENT, KeyStrokes
from likeness.core.mrz import AccessKey
from likeness.core.pn532_dialogue import (
    Answered,
    Broken,
    Bytes,
    CardFault,
    Event,
    Exchange,
    Find,
    Opened,
    Pn532Dialogue,
    Rest,
    TimePassed,
    Write,
)
from likeness.core.pn532_frames import (
    ACK,
    NACK,
    START,
    Ack,
    ErrorFrame,
    Frame,
    FrameCutter,
    Nack,
    Noise,
)
from likeness.edges import jpeg2000_check
from likeness.edges.chip_portrait import why_no_portrait
from likeness.simulators.emrtd_files import ImageForm
from likeness.simulators.emrtd_pictures import portrait

MOST_STEPS = 200
ANSWERS = tuple(
    bytes.fromhex(one)
    for one in (
        "0332010607",
        "15",
        "33",
        "4B00",
        "4B0101000420040811223305757781029000",
    )
)
ERROR = bytes.fromhex("0000FF01FF7F8100")
MRZ = (
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    "123456",
    "L898902C3 740812 120415",
)


def framed(body: bytes) -> bytes:
    """Wrap an answer as the chip does, without asking the code under test."""
    data = b"\xd5" + body
    size = len(data)
    if size < 255:
        length = bytes([size, -size & 0xFF])
    else:
        length = b"\xff\xff" + size.to_bytes(2) + bytes([-sum(size.to_bytes(2)) & 0xFF])
    return b"\0" + START + length + data + bytes([-sum(data) & 0xFF, 0])


# --- frames -------------------------------------------------------------------------
def _frames(_folder: Path) -> Subject:
    seeds = [framed(one) for one in ANSWERS]
    seeds += [ACK, NACK, ERROR, ACK + framed(b"\x41\0" + bytes(range(240)))]
    return Subject([*seeds, framed(b"\x41\0" + bytes(262))], _frame_bytes, _cut)


def _frame_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    if dice.random() < 0.4:
        data = framed(any_bytes(dice, data[6:-2], other)[:264])
    if dice.random() < 0.4:
        data = dice.choice((other + data, data + other, ACK + data, START * 40 + data))
    return any_bytes(dice, data, other) if dice.random() < 0.5 else data


def _cut(data: bytes) -> str:
    """Slices must not matter, and nothing that was found may be more than came."""
    whole, sliced = FrameCutter(), FrameCutter()
    found = whole.feed(data)
    at = len(data) // 3
    parts = sliced.feed(data[:at]) + sliced.feed(data[at:])
    kept = [one for one in found if not isinstance(one, Noise)]
    if kept != [one for one in parts if not isinstance(one, Noise)]:
        raise AssertionError("slices matter")
    size = sum(len(one.body) if isinstance(one, Frame) else 1 for one in kept)
    noise = sum(one.count for one in found if isinstance(one, Noise))
    if size + noise > len(data):
        raise AssertionError("more was found than came")
    kinds = {type(one).__name__ for one in kept}
    good = kinds & {Frame.__name__, Ack.__name__, Nack.__name__, ErrorFrame.__name__}
    return f"found {'+'.join(sorted(good))}" if good else "refused all"


# --- the dialogue: a byte for what happens, then what it needs ------------------------
def _dialogue(_folder: Path) -> Subject:
    well = b"\x00" + b"".join(bytes([1, len(one)]) + one for one in ANSWERS[:3])
    found = (
        well
        + b"\x01\x01\x33"
        + b"\x04"
        + b"".join(bytes([1, len(one)]) + one for one in (ANSWERS[2], ANSWERS[4]))
    )
    read = found + b"\x05\x01\x04\x41\x00\x90\x00" + b"\x05\x03" + b"\x06\x03"
    return Subject([well, found, read], _program_bytes, _talk)


def _program_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    done = bytearray(data)
    for _ in range(dice.choice((1, 3, 8))):
        at = dice.randint(0, len(done))
        answer = dice.choice(ANSWERS)
        step = bytes([1, len(answer)]) + answer
        done[at:at] = dice.choice((step, b"\x03", b"\x04", b"\x05", other[at : at + 8]))
    return any_bytes(dice, bytes(done), other) if dice.random() < 0.5 else bytes(done)


def _talk(program: bytes) -> str:
    dialogue, now, at, steps = Pn532Dialogue(), 0.0, 0, 0
    busy = False
    last = "nothing"
    while at < len(program) and steps < MOST_STEPS:
        code, at, steps = program[at] & 7, at + 1, steps + 1
        event: Event
        match code:
            case 1 | 2:
                size = program[at] if at < len(program) else 0
                body = program[at + 1 : at + 1 + size]
                event = Bytes(ACK + framed(body) if code == 1 else body)
                at += 1 + size
            case 3 | 7:
                due = dialogue.deadline
                now = max(now, due if due is not None else now + 0.5)
                event = TimePassed()
            case _ if busy:  # one order at a time, as its edge gives them
                continue
            case _:
                orders: dict[int, Event] = {0: Opened(), 4: Find(), 6: Rest()}
                event = orders.get(code, Exchange(program[at : at + 8]))
                busy = True
        for effect in dialogue.handle(event, now):
            if not isinstance(effect, Write):
                busy, last = False, type(effect).__name__
        due = dialogue.deadline
        if busy and due is None:
            raise AssertionError("an order that waits for nothing")
        if due is not None and not now - 1 <= due <= now + 60:
            raise AssertionError("a deadline out of all reason")
    ended = last in (Broken.__name__, CardFault.__name__, Answered.__name__)
    return f"{'ended' if ended else 'went on'} {last}"


# --- keys ---------------------------------------------------------------------------
def _keys(_folder: Path) -> Subject:
    texts = [line.encode() for line in MRZ] + ["\n".join(MRZ[:2]).encode()]
    return Subject(texts, any_bytes, _enter)


def _enter(data: bytes) -> str:
    lines, said = KeyLines(), "nothing"
    for at, line in enumerate(data.decode("ascii", "replace").splitlines()):
        found = lines.add(line, at * 0.1)
        if isinstance(found, AccessKey) and (
            found.mrz_information or found.can
        ) in repr((found, lines)):
            raise AssertionError("a key shows itself")
        said = found.value if isinstance(found, NotAKey) else type(found).__name__
    return f"refused {said}" if said in tuple(NotAKey) else said


def _strokes(_folder: Path) -> Subject:
    typed = b"".join(EVENT.pack(1, 2, 1, code, 1) for code in (42, 38, 9, 28, 2, 3, 28))
    return Subject([typed, typed * 3], any_bytes, _type)


def _type(data: bytes) -> str:
    whole, sliced = KeyStrokes(), KeyStrokes()
    lines = whole.feed(data)
    at = len(data) // 3
    if lines != sliced.feed(data[:at]) + sliced.feed(data[at:]):
        raise AssertionError("slices matter")
    if any(not line.isascii() or len(line) > 128 for line in lines):
        raise AssertionError("a line that is none")
    return f"{min(len(lines), 3)} lines"


# --- the picture's header -----------------------------------------------------------
def _headers(_folder: Path) -> Subject:
    seeds = [portrait(b"", form, (60, 80)) for form in ImageForm]
    return Subject(seeds, any_bytes, _size)


def _size(data: bytes) -> str:
    why = why_no_portrait(data)
    if not why and jpeg2000_check.is_jpeg2000(data):
        size = jpeg2000_check.stated_size(data)
        if size is None or size.width * size.height > 2000 * 2000:
            raise AssertionError("a picture too large is let through")
    return f"refused {why}" if why else "taken"


TARGETS = (
    Target("pn532 frames", _frames, share=6),
    Target("pn532 dialogue", _dialogue, share=4),
    Target("key lines", _keys, share=2),
    Target("key strokes", _strokes, share=2),
    Target("chip picture headers", _headers, share=2),
)
