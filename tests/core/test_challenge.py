"""The draw is checked against a second writing of its description, and by counting."""

import hashlib
import hmac
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from likeness.core import challenge
from likeness.core.vocabulary import Act, Alternative

NONCES = st.binary(min_size=1, max_size=64)


def by_the_book(
    key: bytes, device: bytes, transaction: str, count: int
) -> list[object]:
    """Written from the module's description alone, as a carrier would."""
    seed = hmac.new(key, device + transaction.encode(), hashlib.sha256).digest()
    stream = b"".join(
        hmac.new(seed, i.to_bytes(4, "big"), hashlib.sha256).digest() for i in range(64)
    )
    place = 0
    drawn: list[object] = []
    for n in (3, 91) * count:
        while stream[place] >= 256 - 256 % n:
            place += 1
        value, place = stream[place] % n, place + 1
        drawn.append(
            ["blink", "turn_left", "turn_right"][value]
            if n == 3
            else (300 + 10 * value) / 1000
        )
    return drawn


@given(NONCES, NONCES, st.text(max_size=40), st.integers(1, 6))
def test_draw_follows_its_description(
    key: bytes, device: bytes, transaction: str, count: int
) -> None:
    drawn = challenge.draw(
        carrier_nonce=key, device_nonce=device, transaction=transaction, count=count
    )
    pairs = zip(drawn.acts, drawn.pauses_s, strict=True)
    flat = [value for pair in pairs for value in pair]
    assert flat == by_the_book(key, device, transaction, count)


def test_every_act_and_order_is_about_equally_likely() -> None:
    orders = Counter(
        challenge.draw(
            carrier_nonce=i.to_bytes(4, "big"),
            device_nonce=b"device",
            transaction="t",
            count=4,
        ).acts
        for i in range(8100)
    )
    assert len(orders) == 81
    # 100 each are expected; 60 and 140 are four standard deviations away.
    assert min(orders.values()) > 60 and max(orders.values()) < 140


def test_pauses_stay_between_three_tenths_and_twelve_tenths_of_a_second() -> None:
    pauses = {
        pause
        for i in range(2000)
        for pause in challenge.draw(
            carrier_nonce=i.to_bytes(4, "big"),
            device_nonce=b"",
            transaction="",
            count=4,
        ).pauses_s
    }
    assert (min(pauses), max(pauses), len(pauses)) == (0.3, 1.2, 91)


def test_commitment_is_the_plain_hash() -> None:
    # FIPS 180-4's example for "abc".
    assert challenge.commitment(b"abc").hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_scripted_acts_follow_without_pauses() -> None:
    assert challenge.scripted((Act.BLINK, Act.BLINK)).pauses_s == (0.0, 0.0)


ORDERS = st.lists(st.sampled_from(challenge.CHOICES), min_size=1, max_size=6)


@given(ORDERS, st.lists(st.sets(st.sampled_from(Alternative)), max_size=6))
def test_what_may_be_asked_in_the_drawn_acts_places(
    drawn: list[Act], wishes: list[set[Alternative]]
) -> None:
    chosen: set[Alternative] = set()
    asked = []
    for number, act in enumerate(drawn):
        chosen |= wishes[number] if number < len(wishes) else set()
        asked.append(challenge.form(act, chosen))
    assert challenge.fits(asked, drawn)
    assert challenge.fits(drawn, drawn)


@given(ORDERS, st.data())
def test_nothing_else_may_be_asked_there(drawn: list[Act], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(drawn) - 1))
    _, other = challenge.INSTEAD[drawn[place]]
    wrong = data.draw(
        st.sampled_from([a for a in Act if a not in (drawn[place], other)])
    )
    asked = [*drawn[:place], wrong, *drawn[place + 1 :]]
    assert not challenge.fits(asked, drawn)


def test_a_wish_is_not_taken_back_and_holds_for_its_kind_alone() -> None:
    blink, left, right = challenge.CHOICES
    close, up, down = Act.CLOSE_EYES, Act.RAISE_CHIN, Act.LOWER_CHIN
    assert challenge.fits([close, left, close], [blink, left, blink])
    assert challenge.fits([blink, left, close], [blink, left, blink])
    assert not challenge.fits([close, left, blink], [blink, left, blink])
    assert challenge.fits([left, blink, down], [left, blink, right])
    assert not challenge.fits([up, blink, right], [left, blink, right])
    assert not challenge.fits([down], [left])
