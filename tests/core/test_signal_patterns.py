import pytest

from likeness.core.signal_patterns import (
    BLINK_S,
    PATTERNS,
    TICK_S,
    TONE_S,
    Levels,
    Signal,
    levels,
    signal_of,
)
from likeness.core.vocabulary import Verdict


@pytest.mark.parametrize(
    ("state", "signal"),
    [
        ("idle", Signal.READY),
        ("look_here", Signal.BUSY),
        ("ask_act", Signal.ASKED),
        ("act_seen", Signal.BUSY),
        ("camera_restarting", Signal.BUSY),
        ("no_reader", Signal.ATTENTION),
        ("out_of_service", Signal.ATTENTION),
        ("a state of tomorrow", Signal.BUSY),
    ],
)
def test_what_the_screen_shows_is_told(state: str, signal: Signal) -> None:
    assert signal_of(state) is signal


def test_nobody_in_the_shop_learns_how_a_visit_ended() -> None:
    assert {signal_of(f"verdict_{verdict}") for verdict in Verdict} == {Signal.DONE}


@pytest.mark.parametrize("signal", list(Signal))
def test_each_pattern_comes_to_rest_and_is_silent_then(signal: Signal) -> None:
    since_s, changes = 0.0, 0
    now, next_s = levels(signal, since_s)
    while next_s is not None:
        since_s, changes = since_s + next_s, changes + 1
        now, next_s = levels(signal, since_s)
    assert changes == len(PATTERNS[signal]) - 1
    assert not now.beeper
    assert now == levels(signal, 1e6)[0]


def test_a_tick_a_tone_and_a_blink() -> None:
    assert levels(Signal.ASKED, 0.0) == (Levels(busy=True, beeper=True), TICK_S)
    assert levels(Signal.ASKED, TICK_S) == (Levels(busy=True), None)
    assert levels(Signal.DONE, 0.0)[0] == Levels(ready=True, beeper=True)
    assert levels(Signal.DONE, TONE_S)[0] == Levels(ready=True)
    assert levels(Signal.DONE, BLINK_S + 0.01)[0] == Levels()
