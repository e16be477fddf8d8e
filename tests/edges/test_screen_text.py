"""Every state that any part shows has its sentence."""

import ast
import io
from pathlib import Path

import pytest

from likeness.core.card_trouble import Trouble
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


def test_a_line_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "screen"
    with path.open("w", encoding="utf-8") as out:
        screen = TextScreen(out)
        screen.show("idle")
        assert path.read_text() == f"screen: {SENTENCES['idle']}\n"
        screen.show("look_here")
        assert path.read_text().count("\n") == 2
