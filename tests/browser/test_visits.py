"""Whole visits in Debian's chromium against `likeness run`, its broker and carrier."""

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from browser.axe import violations
from browser.chromium import Chromium
from browser.counter import Counter, eventually, let_go, stalling
from browser.visitor import SENTENCE, Visitor, at_counter
from likeness.core.messages import Result
from likeness.edges.recorded import frames

pytestmark = [pytest.mark.browser, pytest.mark.broker]

# A machine that is busy with other things shows vision too few frames: then somebody
# who does all that is asked is not seen to do it, and tries again as people do.
BUSY = {"act_not_seen", "too_slow_for_blink"}
TRIES = 3
LANGUAGES = {"en": "ltr", "zh-Hans": "ltr", "es": "ltr", "ar": "rtl", "fr": "ltr"}
# Each purpose and each language once, on screens of each kind.
VISITS = [
    ("new_number", "en", (800, 480)),
    ("replace_sim", "zh-Hans", (480, 800)),
    ("new_internet", "es", (1280, 800)),
    ("reverify_owner", "ar", (1920, 1080)),
]


@pytest.fixture(scope="module")
def counter(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path
) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("counter")
    with Counter(folder, pictures, screen={"consent_by": "tap"}) as counter:
        yield counter


@pytest.fixture(scope="module")
def clip(pictures: Path) -> Path:
    return pictures / "carphone.mp4"


async def ended(visitor: Visitor, counter: Counter, known: int) -> Result:
    """Wait for the verdict on the page and at the carrier: they must be one."""
    await visitor.is_at("verdict", "answer", within_s=40)
    result = await counter.next_result(known)
    shown = await visitor.page.eval("window.seen.map(one => one[1])")
    assert (await visitor.texts("say"))[f"verdict_{result.verdict}"] in shown
    return result


@pytest.mark.parametrize(("purpose", "language", "size"), VISITS)
@at_counter
async def test_a_visit_is_accepted_in_each_language(
    browser: Chromium,
    counter: Counter,
    purpose: str,
    language: str,
    size: tuple[int, int],
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter, width=size[0], height=size[1])
    await visitor.speaks(language)
    assert (
        await visitor.page.eval("document.documentElement.dir") == (LANGUAGES[language])
    )
    for again in range(TRIES):
        await visitor.wants(purpose)
        await visitor.is_at("consent")
        text = "\n\n".join(await visitor.consent_text())
        await visitor.taps("agree")
        await visitor.is_at("card")
        counter.lay(counter.own_card)
        await visitor.is_at("acts")
        result = await ended(visitor, counter, known + again)
        if BUSY.isdisjoint(result.reasons) or again == TRIES - 1:
            break
        await visitor.goes()
        await visitor.speaks(language)
        await visitor.page.eval("window.seen.length = 0")
    assert (result.verdict, result.reasons) == ("accepted", [])
    assert result.purpose == purpose
    assert result.consent is not None
    assert result.liveness is not None
    assert result.consent.language == language
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest())
    assert result.consent.digest == digest.decode().rstrip("=")
    # What was asked on the screen is what the carrier's nonce asked for.
    names = {said: act for act, said in (await visitor.texts("act")).items()}
    read = [said for step, said in await visitor.has_read() if step == "acts"]
    asked = [names[said] for said in read if said in names]
    assert asked == [one.act for one in result.liveness.acts]
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_numbers_in_my_name_are_shown_disputed_and_cleared(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    await visitor.speaks("fr")
    for again in range(TRIES):
        await visitor.begins("check_numbers", counter.holders_card)
        await visitor.is_at("answer", "verdict", within_s=40)
        result = await counter.next_result(known + again)
        if BUSY.isdisjoint(result.reasons) or again == TRIES - 1:
            break
        await visitor.goes()
        await visitor.speaks("fr")
    await visitor.is_at("answer")
    assert (result.verdict, result.purpose) == ("accepted", "check_numbers")
    await visitor.page.wait_for("document.querySelectorAll('.number').length === 3")
    shown = await visitor.page.eval("document.querySelector('main').innerText")
    assert "199****0001" in shown
    assert "19900000001" not in shown
    assert "1 mai 2024" in shown
    assert await violations(visitor.page) == []
    await visitor.page.click("#number-1-mark")
    await visitor.taps("not_mine")
    disputed = (await visitor.texts("say"))["disputed"]["one"].replace("{n}", "1")
    await visitor.page.wait_for(f"{SENTENCE} === {json.dumps(disputed)}")
    await eventually(lambda: counter.disputed() == [1])
    counter.take_away()
    await visitor.is_at("idle")
    text = await visitor.page.eval("document.documentElement.textContent")
    assert "****" not in text, "they are gone from the page"
    await visitor.leaves()


@at_counter
async def test_axe_finds_nothing_at_any_step_of_a_real_visit(
    browser: Chromium, counter: Counter
) -> None:
    found = {}
    visitor = await Visitor.comes(browser, counter)
    found["idle"] = await violations(visitor.page)
    await visitor.wants("new_number")
    await visitor.is_at("consent")
    found["consent"] = await violations(visitor.page)
    await visitor.taps("agree")
    await visitor.is_at("card")
    found["card"] = await violations(visitor.page)
    counter.lay(counter.own_card)
    await visitor.is_at("look", "acts")
    found["acts"] = await violations(visitor.page)
    await visitor.is_at("verdict")
    found["verdict"] = await violations(visitor.page)
    assert not any(found.values()), found
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_another_persons_card_is_refused_and_the_page_says_why(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.strangers_card)
    result = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("refused", ["not_same_person"])
    assert result.person is None
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_a_card_without_a_portrait_is_for_an_attendant(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.card_without_portrait)
    result = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("referred", ["no_portrait"])
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_a_card_that_is_taken_away_ends_the_visit_at_once(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.own_card)
    await visitor.is_at("acts")
    counter.take_away()
    result = await ended(visitor, counter, known)
    assert "card_removed" in result.reasons
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_a_visitor_who_leaves_is_not_waited_for(
    browser: Chromium, counter: Counter, clip: Path, tmp_path: Path
) -> None:
    known = len(counter.results())
    counter.play(emptied(clip, tmp_path / "empty.avi"))
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.own_card)
    result = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("refused", ["face_lost"])
    counter.play(clip)
    await visitor.goes()
    await visitor.leaves()


def emptied(clip: Path, to: Path) -> Path:
    """A person who goes away after two seconds; the empty room is not frozen."""
    out, noise = None, np.random.default_rng(1)
    for frame in frames(clip, end_s=12):
        height, width = frame.image.shape[:2]
        out = out or cv2.VideoWriter(
            str(to), cv2.VideoWriter.fourcc(*"MJPG"), 25, (width, height)
        )
        empty = noise.integers(118, 138, frame.image.shape, np.uint8)
        out.write(frame.image if frame.number < 50 else empty)
    assert out is not None
    out.release()
    return to


@at_counter
async def test_no_is_respected_at_once_and_nobody_looked(
    browser: Chromium, counter: Counter, clip: Path
) -> None:
    """There is no camera, and nobody finds that out."""
    known = len(counter.results())
    counter.play(clip.with_name("nothing"))
    since = counter.terminal.written
    visitor = await Visitor.comes(browser, counter)
    await visitor.wants("new_number")
    await visitor.is_at("consent")
    await visitor.taps("decline")
    result = await ended(visitor, counter, known)
    assert result.reasons == ["consent_refused"]
    assert result.person is None
    await visitor.goes()
    assert "event=feed_unreadable" not in counter.terminal.said(since)
    await visitor.begins("new_number", counter.own_card)
    result = await ended(visitor, counter, known + 1)
    assert result.reasons == ["feed_unreadable"]
    assert "event=feed_unreadable" in counter.terminal.said(since)
    counter.play(clip)
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_a_visit_goes_on_over_a_reload(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    for again in range(TRIES):
        await visitor.speaks("fr")
        await visitor.begins("new_number", counter.own_card)
        await visitor.is_at("acts")
        await visitor.page.reload()
        await visitor.is_at("acts", "verdict")
        assert await visitor.page.eval("document.documentElement.lang") == "fr"
        result = await ended(visitor, counter, known + again)
        if BUSY.isdisjoint(result.reasons) or again == TRIES - 1:
            break
        await visitor.goes()
    assert (result.verdict, result.reasons) == ("accepted", [])
    assert result.consent is not None
    assert result.consent.language == "fr"
    await visitor.page.reload()
    await visitor.is_at("verdict")
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_a_second_tab_takes_over_and_the_first_says_so(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    for again in range(TRIES):
        await visitor.begins("new_number", counter.own_card)
        await visitor.is_at("acts")
        second = await Visitor.comes(browser, counter, beside=visitor.page)
        await visitor.is_at("notice")
        assert await visitor.page.eval("document.querySelector('#picture').hidden")
        result = await ended(second, counter, known + again)
        if BUSY.isdisjoint(result.reasons) or again == TRIES - 1:
            break
        await second.goes()
        await second.leaves()
        await visitor.taps("take_over")
        await visitor.is_at("idle")
    assert (result.verdict, result.reasons) == ("accepted", [])
    await visitor.taps("take_over")
    await visitor.is_at("verdict")
    await second.is_at("notice")
    await second.leaves()
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_ten_impatient_taps_are_one(browser: Chromium, counter: Counter) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    place = await visitor.page.eval(
        """(() => { const b = document.querySelector("[data-purpose=new_number]")
            .getBoundingClientRect();
          return [b.x + b.width / 2, b.y + b.height / 2]; })()"""
    )
    for _ in range(10):
        await visitor.page.tap(*place)
    await visitor.is_at("consent")
    await visitor.taps("decline")
    result = await ended(visitor, counter, known)
    assert result.reasons == ["consent_refused"]
    await visitor.goes()
    assert len(counter.results()) == known + 1
    await visitor.leaves()


@at_counter
async def test_a_camera_that_falls_silent_is_nobodys_fault(
    browser: Chromium, counter: Counter, clip: Path, tmp_path: Path
) -> None:
    known = len(counter.results())
    stalled = stalling(clip, tmp_path / "stalls")
    counter.play(stalled)
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.strangers_card)
    result = await ended(visitor, counter, known)
    assert "camera_lost" in result.reasons
    assert result.verdict != "accepted"
    let_go(stalled)
    counter.play(clip)
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_without_its_broker_the_page_says_so_and_the_result_is_kept(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    counter.shop.broker.kill()
    offline = (await visitor.texts("health"))["offline"]
    await visitor.is_told(offline)
    await visitor.begins("new_number", counter.own_card)
    await visitor.is_at("verdict", within_s=40)
    await eventually(lambda: counter.terminal.waiting == 1)
    assert len(counter.results()) == known
    counter.shop.broker.start()
    result = await counter.next_result(known)
    assert result.verdict != "accepted"
    assert result.nonce_source == "device"
    assert set(result.reasons) <= {"nonce_from_device", *BUSY}
    await visitor.is_told("")
    await visitor.goes()
    await visitor.leaves()


@at_counter
async def test_an_attendant_is_called_in_the_middle_of_the_acts(
    browser: Chromium, counter: Counter
) -> None:
    """The last of these visits: its word stands for some minutes.

    No desk hears a call here: the page must not say that anybody comes.
    """
    known = len(counter.results())
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.own_card)
    await visitor.is_at("acts")
    await visitor.taps("attendant")
    result = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("referred", ["attendant_asked"])
    words = await visitor.texts("page")
    assert await visitor.health() == words["counter"]
    await visitor.goes()
    await visitor.leaves()
