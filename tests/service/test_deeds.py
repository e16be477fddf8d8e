"""What a reply may hold: bounded, and the newest lines first to be kept."""

import msgspec

from likeness.core import jws
from likeness.service.deeds import RESULT_BYTES, bounded


def test_as_many_of_the_last_lines_as_find_room() -> None:
    lines = [f"INFO event=tick number={n} {'x' * 150}" for n in range(100)]
    kept = bounded({"birth": {"software": "1"}}, lines)
    size = len(msgspec.json.encode(kept))
    assert RESULT_BYTES - 250 < size <= RESULT_BYTES
    assert kept["log"] == lines[-len(kept["log"]) :]
    assert kept["birth"] == {"software": "1"}


def test_few_lines_are_all_kept() -> None:
    assert bounded({}, ["a", "Ж"])["log"] == ["a", "Ж"]
    assert bounded({}, []) == {"log": []}


def test_facts_that_are_too_large_are_left_out_and_said() -> None:
    kept = bounded({"doctor": "x" * RESULT_BYTES}, ["INFO a"])
    assert set(kept) == {"too_large", "log"}


def test_the_largest_reply_is_one_message() -> None:
    claims = 700  # around the result: jti, of, a reason of 256 signs in UTF-8
    header_and_signature = 400
    assert (RESULT_BYTES + claims) * 4 / 3 + header_and_signature < jws.MAX_TOKEN_BYTES
