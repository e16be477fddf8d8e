"""What stands on the page: one sentence, drawings the right way round, the truth about
the line; nothing from outside is markup, nothing is loaded or kept."""

import asyncio
from typing import Any

import msgspec
import pytest

from likeness.core import scene as words
from likeness.core.scene import Hint, NumberLine, Scene, Step
from likeness.core.vocabulary import Act
from page import scenes
from page.showing import Stand

pytestmark = pytest.mark.browser

SAID = "document.getElementById('sentence').textContent"
LIVE = "document.getElementById('said').getAttribute('aria-live')"


def eval_on(stand: Stand, scene: Scene, expression: str, language: str = "en") -> Any:
    stand.loop.run(stand.show.until_painted(scene, language))
    return stand.loop.run(stand.page.eval(expression))


def test_a_hint_stands_in_the_sentence_s_place(stand: Stand) -> None:
    assert eval_on(stand, scenes.acts(Act.BLINK), SAID) == "Blink with both eyes."
    with_hint = scenes.acts(Act.BLINK, hint=Hint.COME_CLOSER)
    assert eval_on(stand, with_hint, SAID) == "Come a little closer."


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        ("1", "That does not open your card. You have 1 try left."),
        ("2", "That does not open your card. You have 2 tries left."),
    ],
)
def test_numbers_are_spoken_by_the_language_s_rules(
    stand: Stand, left: str, sentence: str
) -> None:
    assert eval_on(stand, scenes.card("key_wrong", left), SAID) == sentence


def test_only_what_went_wrong_interrupts_a_screen_reader(stand: Stand) -> None:
    assert eval_on(stand, scenes.acts(Act.BLINK), LIVE) == "polite"
    assert eval_on(stand, scenes.card("key_wrong", "2"), LIVE) == "assertive"


def test_there_is_one_heading_and_one_main(stand: Stand) -> None:
    for scene in scenes.STATES.values():
        count = "['h1', 'main'].map((one) => document.querySelectorAll(one).length)"
        assert eval_on(stand, scene, count) == [1, 1]


def test_a_day_is_written_as_the_language_writes_it(stand: Stand) -> None:
    where = "document.querySelector('#number-0 .where').textContent"
    assert "March 8, 2019" in eval_on(stand, scenes.STATES["answer"], where)
    assert "8 mars 2019" in eval_on(stand, scenes.STATES["answer"], where, "fr")


def test_what_the_daemon_says_is_never_markup(stand: Stand) -> None:
    evil = "<img src=x onerror=alert(1)><b>"
    number = NumberLine(number=evil, place=evil, since=evil)
    text = "document.getElementById('show').textContent"
    assert evil in eval_on(stand, scenes.answer("answer", (number,), "1"), text)
    count = "document.querySelectorAll('#show img, #show b').length"
    assert stand.loop.run(stand.page.eval(count)) == 0


def test_what_cannot_be_understood_changes_nothing(stand: Stand) -> None:
    async def nonsense() -> str:
        await stand.show.until_painted(scenes.CONSENT)
        for text in ("", "{", "[]", '{"kind":"scene"}', '{"kind":"other","scene":{}}'):
            await stand.show.raw(text)
        await asyncio.sleep(0.1)
        said: str = await stand.page.eval(SAID)
        return said

    assert stand.loop.run(nonsense()).startswith("Do you agree?")
    assert stand.page.console_errors == []


# --- the picture --------------------------------------------------------------------
def test_the_picture_is_a_mirror_in_every_language(stand: Stand) -> None:
    turned = "getComputedStyle(document.getElementById('canvas')).transform"
    for language in ("en", "ar"):
        assert eval_on(stand, scenes.acts(Act.BLINK), turned, language) == (
            "matrix(-1, 0, 0, 1, 0, 0)"
        )


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(("act", "side"), [(Act.TURN_LEFT, -1), (Act.TURN_RIGHT, 1)])
def test_the_drawing_turns_as_a_mirror_does(
    stand: Stand, act: Act, side: int, language: str
) -> None:
    # The visitor's own left is at the left of a mirror, in Arabic too.
    moved = """(() => {
      const drawn = document.querySelector('#drawing .figure:not(.still) .features');
      const motion = drawn.getAnimations()[0];
      const at = (ms) => { motion.currentTime = ms;
        const box = drawn.getBoundingClientRect(); return box.x + box.width / 2; };
      motion.pause();
      return at(1650) - at(0);
    })()"""
    shift = eval_on(stand, scenes.acts(act), moved, language)
    assert shift * side > 3


def test_who_wants_no_motion_gets_two_stills(stand: Stand) -> None:
    reduce = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    stand.loop.run(stand.page.call("Emulation.setEmulatedMedia", features=reduce))
    seen = """(() => {
      const shown = [...document.querySelectorAll('#drawing .figure')].filter(
        (one) => one.getClientRects().length);
      const lids = shown.map((one) => one.querySelector('.lid'));
      const moving = document.getAnimations().filter(
        (one) => one.playState === 'running');
      return [lids.map((lid) => getComputedStyle(lid).opacity), moving.length];
    })()"""
    assert eval_on(stand, scenes.acts(Act.BLINK), seen) == [["0", "1"], 0]


def test_the_guide_says_with_its_shape_what_it_says_in_colour(stand: Stand) -> None:
    dashes = "getComputedStyle(document.querySelector('.edge')).strokeDasharray"
    looks = {
        eval_on(stand, scene, dashes)
        for scene in (
            scenes.look(),
            scenes.acts(Act.BLINK),
            scenes.acts(Act.BLINK, hint=Hint.CENTRE),
        )
    }
    assert len(looks) == 3


def test_no_picture_stays_when_the_camera_is_off(stand: Stand) -> None:
    inked = """(() => { const c = document.getElementById('canvas');
      return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(
        (value, place) => place % 4 < 3 && value > 0); })()"""

    async def look() -> list[bool]:
        await stand.show.until_painted(scenes.acts(Act.BLINK))
        await stand.show.picture(1)
        await stand.show.hears(words.Drawn)
        with_camera = await stand.page.eval(inked)
        await stand.show.until_painted(scenes.verdict("verdict_accepted"))
        return [with_camera, await stand.page.eval(inked)]

    assert stand.loop.run(look()) == [True, False]


# --- the line -----------------------------------------------------------------------
def test_without_a_line_no_old_instruction_stands(stand: Stand) -> None:
    async def lose() -> tuple[str, int, str]:
        await stand.show.until_painted(scenes.acts(Act.BLINK))
        await stand.show.__aexit__(None, None, None)
        await stand.page.wait_for("document.documentElement.dataset.step === 'notice'")
        lost = await stand.page.eval(SAID)
        buttons = await stand.page.eval(
            "document.querySelectorAll('[data-offer]').length"
        )
        await stand.show.__aenter__()
        await stand.page.wait_for(f"{SAID} === 'Blink with both eyes.'", 15.0)
        return lost, buttons, await stand.page.eval(SAID)

    lost, buttons, again = stand.loop.run(lose())
    assert lost.startswith("The screen has lost its connection")
    assert buttons == 0
    assert again == "Blink with both eyes."


def test_of_a_daemon_that_hangs_no_instruction_stands(stand: Stand) -> None:
    notice = "document.documentElement.dataset.step === 'notice'"

    async def hang() -> tuple[bool, str]:
        await stand.show.until_painted(scenes.acts(Act.BLINK))
        await asyncio.sleep(7.0)  # longer than the silence that it bears
        stood = await stand.page.eval(f"{SAID} === 'Blink with both eyes.'")
        stand.show.hangs = True
        try:
            await stand.page.wait_for(notice, 9.0)
        finally:
            stand.show.hangs = False
        lost = await stand.page.eval(SAID)
        await stand.page.wait_for(f"{SAID} === 'Blink with both eyes.'", 20.0)
        return stood, lost

    stood, lost = stand.loop.run(hang())
    assert stood  # where nothing changes, beats keep the line
    assert lost.startswith("The screen has lost its connection")


def test_a_daemon_with_other_sentences_gets_a_page_that_has_them(stand: Stand) -> None:
    async def another() -> bool:
        await stand.show.until_painted(scenes.CONSENT)
        await stand.page.eval("window.former = true")
        await stand.show.hang_up()
        stand.show.edition = "second"
        await stand.page.wait_for("!window.former", 15.0)
        await stand.page.wait_for(f"{SAID}.startsWith('Do you agree?')", 15.0)
        await stand.page.eval("window.latter = true")
        await stand.show.hang_up()
        await asyncio.sleep(1.5)
        return bool(await stand.page.eval("window.latter"))

    assert stand.loop.run(another())  # loaded once, not for each line


def test_a_language_that_does_not_come_leaves_no_old_text(stand: Stand) -> None:
    async def miss() -> tuple[str, str]:
        await stand.page.reload()  # which knows no language yet
        await stand.page.wait_for(
            "document.querySelectorAll('.languages button').length"
        )
        stand.show.refuses = True
        await stand.page.reload()
        await asyncio.sleep(1.0)
        before = await stand.page.eval(SAID)
        stand.show.refuses = False
        await stand.page.wait_for(f"{SAID}.startsWith('Welcome')", 10.0)
        return before, await stand.page.eval(SAID)

    before, after = stand.loop.run(miss())
    assert before == "…"
    assert after.startswith("Welcome")  # though nothing new was said


def test_another_window_is_told_and_may_take_over(stand: Stand) -> None:
    async def take_over() -> str:
        await stand.show.until_painted(scenes.CONSENT)
        await stand.show.hang_up(code=4001)
        await stand.page.wait_for(
            f"{SAID} === 'This terminal is shown in another window.'"
        )
        await asyncio.sleep(0.8)  # it does not come back by itself
        assert stand.show.lines == 0
        await stand.page.click("[data-offer='take_over']")
        await stand.page.wait_for(f"{SAID}.startsWith('Do you agree?')")
        said: str = await stand.page.eval(SAID)
        return said

    stand.loop.run(take_over())


def test_a_reload_shows_the_same_at_any_step(stand: Stand) -> None:
    async def reload_all() -> None:
        for scene in (scenes.CONSENT, scenes.acts(Act.BLINK), scenes.STATES["answer"]):
            await stand.show.until_painted(scene)
            before = await stand.page.eval(SAID)
            await stand.page.reload()
            await stand.page.wait_for(
                f"{SAID} === {msgspec.json.encode(before).decode()}"
            )

    stand.loop.run(reload_all())


def test_nothing_comes_from_elsewhere(stand: Stand) -> None:
    stand.page.requests.clear()
    stand.loop.run(stand.page.reload())
    stand.loop.run(stand.show.until_painted(scenes.STATES["key"]))
    assert len(stand.page.requests) > 10
    own = (stand.show.url, stand.show.url.replace("http", "ws"), "blob:", "data:")
    assert [url for url in stand.page.requests if not url.startswith(own)] == []
    assert stand.page.console_errors == []


def test_the_page_keeps_nothing(stand: Stand) -> None:
    kept = "localStorage.length + sessionStorage.length + document.cookie.length"
    for name in ("key", "answer"):
        assert eval_on(stand, scenes.STATES[name], kept) == 0
    assert stand.loop.run(stand.page.eval("location.href")) == stand.show.url


# --- focus --------------------------------------------------------------------------
def test_focus_goes_to_the_sentence_when_its_button_is_gone(stand: Stand) -> None:
    focus = "document.querySelector('[data-offer=agree]').focus()"
    eval_on(stand, scenes.CONSENT, focus)
    assert eval_on(stand, scenes.look(), "document.activeElement.id") == "sentence"


def test_a_scene_that_changes_nothing_leaves_the_focus_alone(stand: Stand) -> None:
    eval_on(stand, scenes.STATES["key"], "document.getElementById('key-field').focus()")
    stand.loop.run(stand.page.eval("document.getElementById('key-field').value = '12'"))
    again = msgspec.structs.replace(scenes.STATES["key"], health="offline")
    left = "[document.activeElement.id, document.getElementById('key-field').value]"
    assert eval_on(stand, again, left) == ["key-field", "12"]


# --- the rest ----------------------------------------------------------------------
def test_sound_is_off_until_it_is_asked_for(stand: Stand) -> None:
    pressed = "document.getElementById('sound').getAttribute('aria-pressed')"
    assert eval_on(stand, scenes.IDLE, pressed) == "false"
    stand.loop.run(stand.page.click("#sound"))
    assert stand.loop.run(stand.page.eval(pressed)) == "true"
    assert eval_on(stand, scenes.acts(Act.BLINK), SAID) == "Blink with both eyes."
    assert stand.page.console_errors == []


def test_the_step_before_the_consent_shows_the_card_s_own_state(stand: Stand) -> None:
    assert eval_on(
        stand, scenes.STATES["key-idle"], "!!document.getElementById('key-field')"
    )
    assert scenes.STATES["key-idle"].step is Step.IDLE
