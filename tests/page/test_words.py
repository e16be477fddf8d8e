"""What the page says to the daemon: each tap its word, with the scene's number."""

import asyncio
from typing import Any

import pytest

from browser.chromium import Chromium
from likeness.core import scene as words
from likeness.core.scene import Offer
from likeness.core.vocabulary import Act, Purpose
from page import scenes
from page.showing import Stand, gradient

pytestmark = pytest.mark.browser


def say(stand: Stand, scene: words.Scene, selector: str, kind: type[Any]) -> Any:
    """Show the scene, tap, and return the word that came."""

    async def tapped() -> words.Word:
        await stand.show.until_painted(scene)
        await stand.page.click(selector)
        return await stand.show.hears(kind)

    return stand.loop.run(tapped())


@pytest.mark.parametrize("purpose", list(Purpose))
def test_a_purpose_begins_a_visit(stand: Stand, purpose: Purpose) -> None:
    said = say(stand, scenes.IDLE, f"[data-purpose='{purpose}']", words.Begin)
    assert said == words.Begin(serial=1, purpose=purpose, language="en")


@pytest.mark.parametrize(
    ("scene", "offer", "said"),
    [
        (scenes.CONSENT, "agree", words.Agree(serial=2, language="en")),
        (scenes.CONSENT, "decline", words.Decline(serial=2)),
        (scenes.CONSENT, "more_time", words.MoreTime(serial=2)),
        (scenes.CONSENT, "attendant", words.CallAttendant(serial=2)),
        (scenes.acts(Act.BLINK), "decline", words.Decline(serial=7)),
        (
            scenes.acts(Act.BLINK),
            "close_eyes",
            words.Alternative(serial=7, instead=Offer.CLOSE_EYES),
        ),
        (
            scenes.acts(Act.TURN_LEFT),
            "nod",
            words.Alternative(serial=7, instead=Offer.NOD),
        ),
        (scenes.WARNING, "light", words.ShineLight(serial=11)),
        (scenes.WARNING, "skip_light", words.SkipLight(serial=11)),
        (scenes.SHINING, "skip_light", words.SkipLight(serial=12)),
        (scenes.verdict("verdict_accepted"), "done", words.Done(serial=9)),
    ],
)
def test_each_button_says_its_word(
    stand: Stand, scene: words.Scene, offer: str, said: words.Word
) -> None:
    assert say(stand, scene, f"[data-offer='{offer}']", type(said)) == said


def test_what_is_not_offered_has_no_button(stand: Stand) -> None:
    stand.loop.run(stand.show.until_painted(scenes.CLOSED))
    assert (
        stand.loop.run(
            stand.page.eval("document.querySelectorAll('[data-offer]').length")
        )
        == 0
    )


def test_only_the_alternative_of_the_asked_act_is_offered(stand: Stand) -> None:
    stand.loop.run(stand.show.until_painted(scenes.acts(Act.BLINK)))
    count = "document.querySelectorAll('[data-offer={0}]').length"
    assert stand.loop.run(stand.page.eval(count.format("close_eyes"))) == 1
    assert stand.loop.run(stand.page.eval(count.format("nod"))) == 0


def test_numbers_are_marked_and_reported_by_their_places(stand: Stand) -> None:
    async def report() -> words.Word:
        await stand.show.until_painted(scenes.STATES["answer"])
        await stand.page.click("#number-2-mark")
        await stand.page.click("#number-0-mark")
        await stand.page.click("#number-1-mark")
        await stand.page.click("#number-1-mark")  # not this one after all
        await stand.page.click("[data-offer='not_mine']")
        return await stand.show.hears(words.NotMine)

    assert stand.loop.run(report()) == words.NotMine(serial=10, places=(0, 2))


def test_a_mark_does_not_set_the_countdown_back(stand: Stand) -> None:
    async def left() -> tuple[float, float]:
        width = (
            "Number(document.getElementById('time').style.getPropertyValue('--left'))"
        )
        await stand.show.until_painted(scenes.STATES["answer"])
        await stand.page.wait_for(f"{width} < 0.98", within_s=10)
        await stand.page.click("#number-2-mark")
        return 0.98, await stand.page.eval(width)

    before, after = stand.loop.run(left())
    assert after < before


def test_without_a_mark_nothing_is_reported(stand: Stand) -> None:
    async def report() -> words.Word:
        await stand.show.until_painted(scenes.STATES["answer"])
        await stand.page.click("[data-offer='not_mine']")
        await stand.page.click("[data-offer='done']")
        return await stand.show.hears(words.Done)

    stand.loop.run(report())
    assert not any(isinstance(word, words.NotMine) for word in stand.show.heard)


def test_digits_are_typed_on_the_screen(stand: Stand) -> None:
    async def enter() -> words.Word:
        await stand.show.until_painted(scenes.STATES["key"])
        for digit in "1239":
            await stand.page.click(f"[data-digit='{digit}']")
        await stand.page.click(".back")
        for digit in "456":
            await stand.page.click(f"[data-digit='{digit}']")
        await stand.page.click("[data-offer='key']")
        return await stand.show.hears(words.EnterKey)

    said = stand.loop.run(enter())
    assert isinstance(said, words.EnterKey)
    assert (said.serial, said.line) == (5, "123456")
    # What was typed is gone from the page.
    assert (
        stand.loop.run(stand.page.eval("document.getElementById('key-field').value"))
        == ""
    )


async def type_text(stand: Stand, text: str) -> None:
    """Type as a scanner does: into the page, wherever the focus is."""
    for sign in text:
        key = "Enter" if sign == "\n" else sign
        extra = {"text": "\r"} if sign == "\n" else {"text": sign}
        await stand.page.call(
            "Input.dispatchKeyEvent", type="keyDown", key=key, **extra
        )
        await stand.page.call("Input.dispatchKeyEvent", type="keyUp", key=key)


def test_a_scanner_types_all_lines_of_a_card(stand: Stand) -> None:
    # The specimen of ICAO Doc 9303-5.
    lines = (
        "I<UTOD231458907<<<<<<<<<<<<<<<",
        "7408122F1204159UTO<<<<<<<<<<<6",
        "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
    )

    async def scan() -> words.Word:
        await stand.show.until_painted(scenes.STATES["key-mrz"])
        await type_text(stand, "".join(f"{line}\n" for line in lines))
        return await stand.show.hears(words.EnterKey)

    said = stand.loop.run(scan())
    assert isinstance(said, words.EnterKey)
    assert said.line == "\n".join(lines)


def test_ten_impatient_taps_are_one(stand: Stand) -> None:
    async def hammer() -> None:
        await stand.show.until_painted(scenes.CONSENT)
        tap = "document.querySelector('[data-offer=agree]').click()"
        await stand.page.eval(f"for (let i = 0; i < 10; i++) {tap}")
        await stand.page.click("[data-offer='attendant']")
        await stand.show.hears(words.CallAttendant)

    stand.loop.run(hammer())
    assert sum(isinstance(word, words.Agree) for word in stand.show.heard) == 1


@pytest.mark.parametrize("size", [(800, 480), (480, 800), (1280, 800)])
def test_a_double_tap_on_a_purpose_agrees_to_nothing(
    stand: Stand, size: tuple[int, int]
) -> None:
    middle = """(() => { const b = document.querySelector("[data-offer=agree]")
        .getBoundingClientRect();
      return [b.x + b.width / 2, b.y + b.height / 2]; })()"""

    async def tap_twice() -> None:
        await stand.page.resize(*size)
        await stand.show.until_painted(scenes.CONSENT)
        place = await stand.page.eval(middle)
        await stand.show.until_painted(scenes.IDLE)
        await stand.show.until_painted(scenes.CONSENT)
        await stand.page.tap(*place)  # the second of two, where a purpose was
        await stand.show.until_painted(scenes.CONSENT)  # later than any word of it

    stand.loop.run(tap_twice())
    assert not any(isinstance(word, words.Agree) for word in stand.show.heard)
    stand.loop.run(stand.page.click("[data-offer='agree']"))  # who has had time
    assert stand.loop.run(stand.show.hears(words.Agree))


def test_each_picture_is_answered_when_it_is_drawn(stand: Stand) -> None:
    async def draw() -> list[words.Word]:
        await stand.show.until_painted(scenes.acts(Act.BLINK))
        said = []
        for frame in (7, 2**32 - 1):
            await stand.show.picture(frame)
            said.append(await stand.show.hears(words.Drawn))
        return said

    assert stand.loop.run(draw()) == [
        words.Drawn(frame=7),
        words.Drawn(frame=2**32 - 1),
    ]


def test_a_picture_that_is_none_harms_nothing(stand: Stand) -> None:
    async def draw() -> words.Word:
        await stand.show.until_painted(scenes.acts(Act.BLINK))
        await stand.show.picture(1, b"no jpeg")
        assert await stand.show.hears(words.Drawn) == words.Drawn(frame=1)
        await stand.show.picture(2)
        return await stand.show.hears(words.Drawn)

    assert stand.loop.run(draw()) == words.Drawn(frame=2)
    assert stand.page.console_errors == []


def test_late_pictures_are_left_out(stand: Stand) -> None:
    async def flood() -> list[int]:
        await stand.show.until_painted(scenes.acts(Act.BLINK))
        jpeg = gradient()
        for frame in range(1, 31):
            await stand.show.picture(frame, jpeg)
        frames: list[int] = []
        while not frames or frames[-1] != 30:
            said = await stand.show.hears(words.Drawn)
            assert isinstance(said, words.Drawn)
            frames.append(said.frame)
        return frames

    frames = stand.loop.run(flood())
    assert frames == sorted(frames)


def test_the_language_is_told_and_the_page_speaks_it_at_once(stand: Stand) -> None:
    async def choose() -> words.Word:
        await stand.page.click("[data-language='ar']")
        await stand.page.wait_for("document.documentElement.dir === 'rtl'")
        return await stand.show.hears(words.Speak)

    assert stand.loop.run(choose()) == words.Speak(language="ar")


SOON = """const later = setTimeout;
window.setTimeout = (then, ms) => later(then, ms === 45000 ? 300 : ms);"""


def test_the_next_visitor_finds_the_usual_language(
    stand: Stand, browser: Chromium
) -> None:
    async def go_away() -> list[words.Word]:
        page = await browser.open(stand.show.url, before=SOON)
        await page.click("[data-language='fr']")
        said = [await stand.show.hears(words.Speak) for _ in range(2)]
        await page.close()
        return said

    said = stand.loop.run(go_away())
    assert said == [words.Speak(language="fr"), words.Speak(language="en")]


def test_keys_alone_do_for_everything(stand: Stand) -> None:
    async def by_keys() -> words.Word:
        await stand.show.until_painted(scenes.CONSENT)
        for _ in range(30):
            await type_key(stand, "Tab")
            if await stand.page.eval(
                "document.activeElement.dataset.offer === 'decline'"
            ):
                break
        outline = await stand.page.eval(
            "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"
        )
        assert outline >= 3
        await type_text(stand, "\n")
        return await stand.show.hears(words.Decline)

    assert stand.loop.run(by_keys()) == words.Decline(serial=2)


async def type_key(stand: Stand, key: str) -> None:
    code = {"Tab": 9}[key]
    for kind in ("keyDown", "keyUp"):
        await stand.page.call(
            "Input.dispatchKeyEvent",
            type=kind,
            key=key,
            code=key,
            windowsVirtualKeyCode=code,
        )
        await asyncio.sleep(0)
