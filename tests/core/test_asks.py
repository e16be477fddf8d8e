"""What the carrier says of a visitor's numbers: bounded, masked, and in no repr."""

import msgspec
import pytest

from likeness.core import asks, jws, messages
from likeness.errors import Untrusted

MASKED, TOWN = "138****4471", "Marked Town"
ANSWER = {
    "iss": "carrier",
    "aud": "shop-17",
    "jti": "a-1",
    "iat": 1_795_000_000,
    "exp": 1_795_000_060,
    "ask": "q-1",
    "of": jws.encode(b"o" * 32),
    "transaction": "t-1",
    "key": jws.encode(b"k" * 32),
}


def line(**other: object) -> dict[str, object]:
    return {"number": MASKED, "place": TOWN, "ref": "r" * 22} | other


def read(*lines: dict[str, object]) -> asks.Numbers:
    payload = msgspec.json.encode(ANSWER | {"numbers": list(lines)})
    return messages.from_json(payload, asks.Numbers)


def test_nobodys_number_shows_in_a_repr() -> None:
    said = read(line())
    assert said.numbers[0].number == MASKED
    assert MASKED not in repr(said)
    assert TOWN not in repr(said)


@pytest.mark.parametrize(
    "wrong",
    [
        [line(number="")],
        [line(number="1" * 25)],
        [line(ref="r" * 21)],
        [line(ref="r" * 22 + "\n")],
        [line()] * (asks.NUMBERS_AT_MOST + 1),
    ],
)
def test_an_answer_of_another_form_is_not_believed(
    wrong: list[dict[str, object]],
) -> None:
    assert len(read(*[line()] * asks.NUMBERS_AT_MOST).numbers) == asks.NUMBERS_AT_MOST
    with pytest.raises(Untrusted):
        read(*wrong)
