"""Bytes of the card reader: frames, records, and the whole talk with a lying reader.

Frames come in two kinds: a bare SAM's, and those of a multi-in-one module.
"""

import struct
from datetime import date
from functools import reduce
from operator import xor
from pathlib import Path

from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, any_bytes
from likeness.core import card_frames, stx_frames
from likeness.core.card_answers import (
    Command,
    parse_answer,
    parse_reader_id,
    parse_record,
)
from likeness.core.card_cycle import CardRead, Wishes
from likeness.core.card_dialogue import (
    Bytes,
    Dialogue,
    Effect,
    Event,
    Lost,
    Opened,
    Reopen,
    Rest,
    Seek,
    TimePassed,
)
from likeness.core.card_fields import (
    ADDRESS_SIZE,
    Unreadable,
    read_addresses,
    read_card,
    validity,
)
from likeness.core.card_frames import FalseStart, Found, Frame, FrameCutter, Noise
from likeness.core.stx_frames import StxCutter
from likeness.core.stx_talk import StxTalk
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_reader import MODULE_ID

MOST_STEPS = 100
TODAY = date(2026, 11, 22)
STATUS = (0x90, 0x9F, 0x80, 0x91, 0x10, 0x21, 0x24, 0x41, 0x31, 0x32, 0x40, 0x60, 0x00)
MARKS = tuple(mark.encode("utf-16-le") for mark in " \0JIY")
WORDS = ("长期", "20200101", "00000000", "\ue000", "X", "1", "0", "110105194912310021")


def records() -> list[bytes]:
    """Return what reads of fictitious cards bring."""
    cards = [simulated(fictitious_card(n), b"picture" * n) for n in range(1, 9)]
    sizes = ((len(card.text), len(card.portrait)) for card in cards)
    return [
        struct.pack(">HH", *size) + card.text + card.portrait
        for size, card in zip(sizes, cards, strict=True)
    ]


def framed(body: bytes) -> bytes:
    """Wrap any body, also a far too long one, without asking the code under test."""
    counted = ((len(body) + 1) & 0xFFFF).to_bytes(2, "big") + body
    return card_frames.START + counted + bytes([reduce(xor, counted)])


# --- frames -------------------------------------------------------------------------
def _frames(_folder: Path) -> Subject:
    bodies = [bytes([0, 0, one]) for one in STATUS] + records()[:3]
    bodies.append(b"\0\0\x90" + MODULE_ID)
    return Subject([framed(one) for one in bodies], _frame_bytes, _cut)


def _frame_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    if dice.random() < 0.3:
        body = any_bytes(dice, data[card_frames.HEADER_SIZE : -1], other)
        data = framed(body)
    if dice.random() < 0.3:
        start = card_frames.START[: dice.randint(1, 5)]
        data = dice.choice((other + data, data + other, start + data, start * 40))
    return any_bytes(dice, data, other) if dice.random() < 0.6 else data


def _cut(data: bytes) -> str:
    """Every byte must turn up in what was found; slicing must not matter."""
    whole, sliced = FrameCutter(), FrameCutter()
    found = whole.feed(data)
    at = len(data) // 3
    parts = sliced.feed(data[:at]) + sliced.feed(data[at:])
    if [one for one in found if isinstance(one, Frame)] != [
        one for one in parts if isinstance(one, Frame)
    ]:
        raise AssertionError("slices matter")
    found += whole.quiet()
    count = 0
    for one in found:
        match one:
            case Frame(body):
                count += card_frames.HEADER_SIZE + len(body) + 1
            case Noise(size):
                count += size
            case FalseStart():
                count += 1
    if count != len(data) or whole.waiting:
        raise AssertionError("bytes were lost")
    kinds = {type(one).__name__ for one in found}
    return "frame" if "Frame" in kinds else f"refused {'+'.join(sorted(kinds))}:"


# --- frames of a multi-in-one module, and what the driver hears of them --------------
def _stx(_folder: Path) -> Subject:
    bodies = [bytes([one, 0]) for one in STATUS] + [
        b"\x90\0" + WORDS[-1].encode("utf-16-le")
    ]
    bodies += [b"\x90\0" + one for one in records()[:3]]
    return Subject([stx_frames.encode(one) for one in bodies], _stx_bytes, _hear)


def _stx_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    if dice.random() < 0.3:
        data = stx_frames.encode(any_bytes(dice, data[3:-2], other)[:4096] or b"\x80")
    if dice.random() < 0.3:
        start = bytes([2, dice.choice((0, 5, 255)), dice.randrange(256)])
        data = dice.choice((other + data, data + other, start + data, b"\x02" * 40))
    return any_bytes(dice, data, other) if dice.random() < 0.6 else data


def _hear(data: bytes) -> str:
    """Bytes turn up, slices do not matter, and what comes out is a frame of a SAM."""
    whole, sliced = StxCutter(), StxCutter()
    found = whole.feed(data)
    at = len(data) // 3
    parts = sliced.feed(data[:at]) + sliced.feed(data[at:])
    frames = [one.body for one in found if isinstance(one, Frame)]
    if frames != [one.body for one in parts if isinstance(one, Frame)]:
        raise AssertionError("slices matter")
    count = sum(_size_of_stx(one) for one in found)
    if count > len(data) or (count < len(data) and not whole.waiting):
        raise AssertionError("bytes were lost")
    for asked in (Command.FIND, Command.READ):
        talk = StxTalk()
        talk.ask(asked.frame())
        heard = FrameCutter().feed(talk.hear(data))
        if any(not isinstance(one, Frame) for one in heard) or len(heard) > 1:
            raise AssertionError("the driver would hear no frame")
        record = asked is Command.READ and heard
        if not record and any(
            len(one.body) > 3 for one in heard if isinstance(one, Frame)
        ):
            raise AssertionError("a number would go further")
    return "frame" if frames else "refused No frame:"


def _size_of_stx(found: Found) -> int:
    match found:
        case Frame(body):
            return stx_frames.HEADER_SIZE + len(body) + stx_frames.TAIL_SIZE
        case Noise(size):
            return size
        case FalseStart():
            return 1


# --- a record -----------------------------------------------------------------------
def _record_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Change fields in the text's own alphabet; keep the sizes right half the time."""
    text = bytearray(data)
    for _ in range(dice.choice((1, 2, 4))):
        at = 4 + 2 * dice.randrange(128)
        word = dice.choice(WORDS).encode("utf-16-le")
        match dice.randrange(4):
            case 0:
                text[at : at + len(word)] = word
            case 1:
                text[4 + 248 : 4 + 250] = dice.choice(MARKS)
            case 2:
                text[at : at + 2] = dice.choice((b"\0\xd8", b"\0\xdc", b" \0", b"\0\0"))
            case _:
                text[at : at + 16] = other[at : at + 16]
    done = bytes(text)
    if dice.random() < 0.3:
        done = any_bytes(dice, done, other)
    if dice.random() < 0.5 and len(done) > 260:
        done = struct.pack(">HH", 256, len(done) - 260) + done[4:]
    return done


def _record(folder: Path) -> Subject:
    del folder
    return Subject(records(), _record_bytes, _read_record)


def _read_record(data: bytes) -> str:
    parse_reader_id(data)
    answer = parse_answer(b"\0\0" + data)
    if len(data) > 0:
        _ = answer.meaning, answer.status_text
    record = parse_record(data)
    if record is None:
        return "refused Sizes:"
    card = read_card(record.text, record.portrait, "reader")
    if len(read_addresses(data)) > len(data) / ADDRESS_SIZE + 1:
        raise AssertionError("more addresses than bytes")
    if isinstance(card, Unreadable):
        return f"refused {card.kind.name}: {card.field}"
    validity(card, TODAY)
    validity(card, TODAY, is_known=False)
    if card.number in repr(card) or (card.name and card.name in repr(card)):
        raise AssertionError("a card shows its holder")
    return f"card {card.kind} {len(card.doubts)}"


# --- the dialogue -------------------------------------------------------------------
# An input is a program: a byte for what happens, then what it needs.
def _dialogue(_folder: Path) -> Subject:
    record = records()[0]
    sizes = struct.pack(">H", len(record))
    well = b"\x00\x06\x02\x90\x00\x00\x03" + b"\x04\x02\x9f\0\0\x02\x90\0\0"
    read = well + b"\x01\x90" + sizes + record + b"\x02\x91\0\0" + b"\x02\x41\0\0"
    gone = read + b"\x02\x80\0\0" * 3 + b"\x05\x02\x90\0\0\x07\x00"
    return Subject([well, read, gone, well * 5], _program_bytes, _talk)


def _program_bytes(dice: Dice, data: bytes, other: bytes) -> bytes:
    done = bytearray(data)
    for _ in range(dice.choice((1, 3, 8))):
        at = dice.randint(0, len(done))
        step = dice.choice((b"\x00", b"\x06", b"\x04", b"\x05", b"\x07", b"\x03"))
        status = bytes([2, dice.choice(STATUS), 0, 0])
        done[at:at] = dice.choice((step, status, other[at : at + 8]))
    return any_bytes(dice, bytes(done), other) if dice.random() < 0.5 else bytes(done)


def _talk(program: bytes) -> str:
    now, at, read = 0.0, 0, 0
    dialogue = Dialogue()
    if len(program) % 2:  # half of them with all that an operator may ask for
        dialogue = Dialogue(wishes=Wishes(addresses=True, fingerprint=True), rf_size=80)
    steps = 0
    while at < len(program) and steps < MOST_STEPS:
        event, at, now = _next(program, at, now, dialogue)
        effects = dialogue.handle(event, now)
        steps += 1
        read += sum(isinstance(one, CardRead) for one in effects)
        deadline = dialogue.deadline
        if deadline is not None and not now - 60 <= deadline <= now + 60:
            raise AssertionError("a deadline out of all reason")
        if _asks_to_reopen(effects):
            dialogue.handle(Opened(), now)
    return f"read {min(read, 2)} {dialogue.state.name} {dialogue.step.name}"


def _next(
    program: bytes, at: int, now: float, dialogue: Dialogue
) -> tuple[Event, int, float]:
    code = program[at] & 7
    at += 1
    if code == 1:  # a good frame with any data
        size = int.from_bytes(program[at + 1 : at + 3], "big")
        body = b"\0\0" + program[at : at + 1] + program[at + 3 : at + 3 + size]
        return Bytes(framed(body)), at + 3 + size, now + 0.01
    if code == 2:
        data = MODULE_ID if program[at : at + 1] == b"\x90" else b""
        return Bytes(framed(b"\0\0" + program[at : at + 1] + data)), at + 3, now + 0.01
    if code == 6:  # noise
        size = program[at] if at < len(program) else 0
        return Bytes(program[at + 1 : at + 1 + size]), at + 1 + size, now + 0.001
    if code in (3, 7):
        due = dialogue.deadline
        return TimePassed(), at, max(now, due if due is not None else now + 0.5)
    others: dict[int, Event] = {0: Opened(), 4: Seek(), 5: Rest()}
    return others.get(code, Lost("unplugged")), at, now + 0.01


def _asks_to_reopen(effects: list[Effect]) -> bool:
    return any(isinstance(one, Reopen) for one in effects)


TARGETS = (
    Target("reader frames", _frames, share=10),
    Target("stx frames", _stx, share=6),
    Target("card record", _record, share=14),
    Target("card dialogue", _dialogue, share=6),
)
