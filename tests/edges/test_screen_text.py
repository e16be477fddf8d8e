"""Every state that any part shows has its sentence."""

import ast
import io
from pathlib import Path

import pytest

from likeness.core.card_trouble import Trouble
from likeness.core.key_lines import NotAKey
from likeness.core.vocabulary import Act, Reason, Verdict
from likeness.edges.screen_text import ACTS, SENTENCES, TextScreen

SHOWS = {"Show", "show", "_show_idle"}


def shown(state: str, detail: str = "") -> str:
    out = io.StringIO()
    TextScreen(out).show(state, detail)
    return out.getvalue()


def states_in(source: Path) -> set[str]:
    """Read the states that one file shows, written as plain text in its code."""
    calls = (
        node
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and node.args
    )
    return {
        call.args[0].value
        for call in calls
        if getattr(call.func, "id", getattr(call.func, "attr", "")) in SHOWS
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_every_state_in_the_code_has_a_sentence(root: Path) -> None:
    states = set[str]()
    for source in (root / "daemon/likeness").rglob("*.py"):
        states |= states_in(source)
    assert {"idle", "look_here", "ask_act", "card_trouble", "no_reader"} <= states
    assert states - set(SENTENCES) == {"ask_act"}


@pytest.mark.parametrize("act", Act)
def test_each_act_is_asked_in_its_own_words(act: Act) -> None:
    assert shown("ask_act", act) == f"screen: {ACTS[act]}\n"
    assert "your left" in ACTS[Act.TURN_LEFT]
    assert "your right" in ACTS[Act.TURN_RIGHT]
    assert len(set(ACTS.values())) == len(Act)


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_has_words_and_its_first_reason(verdict: Verdict) -> None:
    plain = shown(f"verdict_{verdict}")
    assert "(" not in plain
    assert shown(f"verdict_{verdict}", Reason.TOO_DARK) == plain[:-1] + " (too_dark)\n"


def test_a_trouble_is_named_and_an_act_that_was_seen_is_not() -> None:
    assert shown("no_reader", Trouble.READER_ABSENT).endswith("(reader-absent)\n")
    assert shown("act_seen", Act.BLINK) == "screen: Thank you.\n"


def test_what_is_told_of_a_key_is_a_whole_sentence() -> None:
    for state, detail, end in (
        ("key_wrong", "2", "2 tries are left.\n"),
        ("key_wrong", "1", "1 try is left.\n"),
        ("key_not_understood", NotAKey.UNKNOWN, "scan or type it again.\n"),
        ("key_not_understood", NotAKey.CHECK_DIGIT, "scan or type it again.\n"),
        ("card_trouble", Trouble.ACCESS_KEY_BLOCKED, "take your card.\n"),
    ):
        line = shown(state, detail)
        assert line.endswith(end)
        assert "(" not in line


def test_a_welcome_that_stands_is_not_repeated() -> None:
    out = io.StringIO()
    screen = TextScreen(out)
    for state in ("idle", "idle", "hold_still", "idle"):
        screen.show(state)
    assert out.getvalue().count(SENTENCES["idle"]) == 2


def test_progress_is_written_once_a_second() -> None:
    out, ticks = io.StringIO(), iter([5.0, 5.1, 5.9, 6.0, 6.1, 6.2])
    screen = TextScreen(out, lambda: next(ticks))
    for detail in ("", "2 kB", "4 kB", "6 kB"):
        screen.show("reading_chip", detail)
    screen.show("hold_still")
    screen.show("reading_chip")
    lines = out.getvalue().splitlines()
    assert [line.endswith("(6 kB)") for line in lines] == [False, True, False, False]


def test_a_line_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "screen"
    with path.open("w", encoding="utf-8") as out:
        screen = TextScreen(out)
        screen.show("idle")
        assert path.read_text() == f"screen: {SENTENCES['idle']}\n"
        screen.show("look_here")
        assert path.read_text().count("\n") == 2
