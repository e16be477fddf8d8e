"""The draw is checked against a second writing of its description; safety by WCAG."""

import hashlib
import hmac
from collections import Counter
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from light_frames import sequence
from likeness.core import challenge, light, light_signal

NONCES = st.binary(min_size=1, max_size=64)
EVER_SHOWN = [*light.ON_SCREEN.values(), light.REST_ON_SCREEN]
NAMES = ["green", "magenta", "azure", "rose", "yellow", "violet"]


def by_the_book(key: bytes, device: bytes, transaction: str) -> list[tuple[str, float]]:
    """Written from the module's description alone, as a carrier would."""
    message = b"likeness light 1" + bytes(1) + device + transaction.encode()
    seed = hmac.new(key, message, hashlib.sha256).digest()
    stream = b"".join(
        hmac.new(seed, i.to_bytes(4, "big"), hashlib.sha256).digest() for i in range(64)
    )
    place = 0

    def drawn(n: int) -> int:
        nonlocal place
        while stream[place] >= 256 - 256 % n:
            place += 1
        place += 1
        return stream[place - 1] % n

    steps: list[tuple[str, float]] = []
    for _ in range(8):
        left = [name for name in NAMES if not steps or name != steps[-1][0]]
        colour = left[drawn(len(left))]
        steps.append((colour, (250 + 10 * drawn(16)) / 1000))
    return steps


@given(NONCES, NONCES, st.text(max_size=40))
def test_draw_follows_its_description(
    key: bytes, device: bytes, transaction: str
) -> None:
    drawn = light.draw(carrier_nonce=key, device_nonce=device, transaction=transaction)
    flat = [(step.colour.value, step.length_s) for step in drawn.steps]
    assert flat == by_the_book(key, device, transaction)


def test_no_colour_follows_itself_and_each_is_about_equally_likely() -> None:
    counts: Counter[light.Colour] = Counter()
    for number in range(500):
        colours = [step.colour for step in sequence(number).steps]
        assert all(one is not two for one, two in pairwise(colours))
        counts.update(colours)
    assert set(counts) == set(light.Colour)
    assert max(counts.values()) < 1.15 * min(counts.values())


def test_light_and_acts_do_not_share_their_draws() -> None:
    shared = 0
    for number in range(300):
        nonce = number.to_bytes(4, "big")
        acts = challenge.draw(
            carrier_nonce=nonce, device_nonce=b"device", transaction="t", count=1
        ).acts
        first = sequence(number).steps[0].colour
        shared += (
            challenge.CHOICES.index(acts[0]) == list(light.Colour).index(first) % 3
        )
    assert 70 < shared < 130  # a third by chance; all of them from the same stream


def test_every_step_is_shown_for_its_time_between_two_rests() -> None:
    one = sequence(1)
    assert one.shown_at(light.REST_S - 0.001) == light.REST_ON_SCREEN
    at = light.REST_S
    for step in one.steps:
        assert one.shown_at(at + 0.001) == light.ON_SCREEN[step.colour]
        at += step.length_s
        assert one.shown_at(at - 0.001) == light.ON_SCREEN[step.colour]
    assert one.shown_at(at + 0.001) == light.REST_ON_SCREEN
    assert abs(one.length_s - at - light.REST_S) < 1e-9


def test_what_fills_the_screen_is_the_same_as_what_is_judged() -> None:
    one = sequence(1)
    assert sum(ms for _, ms in one.on_screen) == round(one.length_s * 1000)
    assert one.on_screen[0] == one.on_screen[-1] == (light.REST_ON_SCREEN, 400)
    assert one.words == tuple(
        f"{step.colour} {ms}"
        for step, (_, ms) in zip(one.steps, one.on_screen[1:-1], strict=True)
    )
    at_ms = 0
    for rgb, ms in one.on_screen:
        assert one.shown_at((at_ms + 1) / 1000) == rgb
        assert one.shown_at((at_ms + ms - 1) / 1000) == rgb
        at_ms += ms
    # What is judged is tabled in steps of so many milliseconds.
    assert all(ms % light_signal.GRID_MS == 0 for _, ms in one.on_screen)


def test_linear_light_is_that_of_the_standard() -> None:
    # IEC 61966-2-1: both branches meet, the ends are exact; mid grey is 21.4 %.
    assert light.linear(0) == 0
    assert light.linear(255) == 1
    assert abs(light.linear(127.5) - 0.2140) < 1e-4
    assert abs(light.linear(10) - 10 / 255 / 12.92) < 1e-12


def test_no_pair_of_colours_is_a_flash() -> None:
    """WCAG 2.2, 2.3.1: neither a general flash nor a red one, at whatever pace."""
    colours = [light.linear_rgb(one) for one in EVER_SHOWN]
    luminances = [0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in colours]
    assert max(luminances) - min(luminances) < 0.06  # 0.10 would be a flash
    assert all(r / (r + g + b) < 0.8 for r, g, b in colours)


@given(NONCES, NONCES, st.text(max_size=20))
def test_no_second_of_any_sequence_holds_three_flashes_by_its_pace_alone(
    key: bytes, device: bytes, transaction: str
) -> None:
    """Even if each change were one half of a flash, and each pair of them a flash."""
    drawn = light.draw(carrier_nonce=key, device_nonce=device, transaction=transaction)
    changes_ms = list(accumulate(ms for _, ms in drawn.on_screen))[:-1]
    for first in changes_ms:
        within = [at for at in changes_ms if first <= at <= first + 1000]
        assert len(within) // 2 < 3
    assert all(rgb in EVER_SHOWN for rgb, _ in drawn.on_screen)


def test_the_fastest_pace_there_can_be_is_below_three_flashes_a_second() -> None:
    # Two opposing changes make a flash: six changes, five lengths, in one second.
    assert 5 * min(light.LENGTH_FROM_MS, 1000 * light.REST_S) > 1000
