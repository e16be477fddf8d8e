"""Scenes out, taps in: against a real terminal."""

import asyncio

import pytest

import visits as v
from front_shop import NOW_S, NUMBERS, TEXTS, FrontShop
from likeness.core import scene as words
from likeness.core.scene import CLOSED_FOR, SAYS, Hint, Offer, Scene, Step
from likeness.core.vocabulary import Act, Consent, Purpose, Reason, Verdict
from likeness.errors import KeyLost
from stories import story


def begin(scene: Scene, purpose: Purpose = Purpose.REPLACE_SIM) -> words.Begin:
    return words.Begin(serial=scene.serial, purpose=purpose, language="fr")


async def begun(shop: FrontShop, purpose: Purpose = Purpose.REPLACE_SIM) -> Scene:
    assert await shop.hear(begin(shop.scene, purpose))
    return await shop.until("consent", "consent_card")


async def agreed(shop: FrontShop, purpose: Purpose = Purpose.REPLACE_SIM) -> Scene:
    scene = await begun(shop, purpose)
    assert await shop.hear(words.Agree(serial=scene.serial, language="fr"))
    return await shop.until("lay_card")


async def accepted(shop: FrontShop, purpose: Purpose) -> Scene:
    await agreed(shop, purpose)
    shop.lay()
    return await shop.until("verdict_accepted", "asking_carrier")


@story
async def test_a_whole_visit_is_told_step_by_step() -> None:
    shop = FrontShop()
    async with shop.open():
        idle = shop.scene
        assert (idle.step, idle.say) == (Step.IDLE, "idle_card")
        assert idle.purposes == tuple(Purpose) and idle.consent == "2026-11"
        await accepted(shop, Purpose.NEW_INTERNET)
        end = shop.scene
        assert end.step is Step.VERDICT and Offer.DONE in end.offers
        assert (end.asked, end.done, end.camera) == (2, 2, False)
        assert end.left_s is not None and 0 < end.left_s <= 5
        assert await shop.hear(words.Done(serial=end.serial))
        await shop.until("idle_card")
    (conclusion,) = shop.conclusions
    assert conclusion.verdict is Verdict.ACCEPTED
    assert conclusion.purpose is Purpose.NEW_INTERNET
    assert conclusion.consent == Consent(
        "2026-11", "screen", language="fr", digest=TEXTS["fr"].digest, at_s=NOW_S
    )
    steps = [one.step for one in shop.scenes]
    order = [Step.IDLE, Step.CONSENT, Step.CARD, Step.LOOK, Step.ACTS, Step.VERDICT]
    assert [steps.index(step) for step in order] == sorted(map(steps.index, order))
    assert set(shop.says) <= set(SAYS)
    asked = [one for one in shop.scenes if one.say.startswith("ask_")]
    assert all(one.act is not None and one.say == f"ask_{one.act}" for one in asked)
    assert all(
        one.camera == (one.step in (Step.LOOK, Step.ACTS)) for one in shop.scenes
    )


@story
async def test_ten_impatient_taps_are_one() -> None:
    shop = FrontShop()
    async with shop.open():
        tap = begin(shop.scene)
        assert [shop.stage.hear(tap) for _ in range(10)] == [True] + [False] * 9
        scene = await shop.until("consent_card")
        assert scene.visit == 1
        agree = words.Agree(serial=scene.serial)
        assert [shop.stage.hear(agree) for _ in range(10)].count(True) == 1
        await shop.until("lay_card")
        shop.lay()
        end = await shop.until("verdict_accepted")
        done = words.Done(serial=end.serial)
        assert [shop.stage.hear(done) for _ in range(10)].count(True) == 1
        await shop.until("idle_card")
    assert len(shop.conclusions) == 1


@story
async def test_a_tap_for_a_former_scene_does_nothing() -> None:
    shop = FrontShop()
    async with shop.open():
        idle = shop.scene
        consent = await begun(shop)
        assert not await shop.hear(begin(idle))
        assert not await shop.hear(words.Decline(serial=idle.serial))
        assert await shop.hear(words.Agree(serial=consent.serial))
        card = await shop.until("lay_card")
        for late in (idle.serial, consent.serial):
            assert not await shop.hear(words.Decline(serial=late))
            assert not await shop.hear(words.CallAttendant(serial=late))
        assert shop.scene == card and not shop.calls and not shop.conclusions


@story
async def test_a_tap_counts_though_sentence_and_hint_have_changed() -> None:
    shop = FrontShop()
    shop.camera.acts = False
    async with shop.open():
        await agreed(shop)
        shop.camera.face = None
        shop.lay()
        look = await shop.until("look_here")
        while shop.scene.hint is not Hint.NO_FACE:
            await asyncio.sleep(0.001)
        assert shop.scene.serial == look.serial
        shop.camera.face = v.STILL
        shop.camera.acts = True
        while not shop.scene.say.startswith("ask_"):
            await asyncio.sleep(0.001)
        asked = shop.scene
        await shop.until("act_seen")
        assert shop.scene.serial == asked.serial
        assert await shop.hear(words.CallAttendant(serial=asked.serial))
        await shop.until("verdict_referred")
    assert shop.conclusions[0].reasons == (Reason.ATTENDANT_ASKED,)


@story
async def test_what_is_not_offered_is_not_done() -> None:
    shop = FrontShop(purposes=(Purpose.NEW_NUMBER,))
    async with shop.open():
        serial = shop.scene.serial
        taps: list[words.Tap] = [
            words.Agree(serial=serial),
            words.Decline(serial=serial),
            words.MoreTime(serial=serial),
            words.Alternative(serial=serial, instead=Offer.NOD),
            words.Alternative(serial=serial, instead=Offer.BEGIN),
            words.EnterKey(serial=serial, line="123456"),
            words.NotMine(serial=serial, places=(0,)),
            words.Done(serial=serial),
            words.ShineLight(serial=serial),
            words.SkipLight(serial=serial),
            words.LightShown(serial=serial),
        ]
        assert not any([await shop.hear(tap) for tap in taps])
        await shop.hear(begin(shop.scene, Purpose.CHECK_NUMBERS))
        assert shop.terminal.idle and shop.scene.step is Step.IDLE


@story
async def test_no_is_respected_at_once_and_at_any_time() -> None:
    shop = FrontShop()
    shop.camera.acts = False
    async with shop.open():
        scene = await begun(shop)
        assert await shop.hear(words.Decline(serial=scene.serial))
        scene = await shop.until("verdict_refused")
        assert scene.detail == Reason.CONSENT_REFUSED and not shop.camera.running
        await shop.hear(words.Done(serial=scene.serial))
        await shop.until("idle_card")
        await agreed(shop)
        shop.lay()
        while not shop.scene.say.startswith("ask_"):
            await asyncio.sleep(0.001)
        assert await shop.hear(words.Decline(serial=shop.scene.serial))
        await shop.until("verdict_refused")
        assert not shop.camera.running
    assert [one.reasons[0] for one in shop.conclusions] == [Reason.CONSENT_REFUSED] * 2


@story
async def test_an_attendant_can_be_called_at_rest() -> None:
    shop = FrontShop()
    async with shop.open():
        assert await shop.hear(words.CallAttendant(serial=shop.scene.serial))
        assert shop.scene.called and shop.calls == [0] and shop.terminal.idle
        scene = await begun(shop)  # that does not hinder a visit
        assert not scene.called  # and is not the next visitor's call
        assert await shop.hear(words.CallAttendant(serial=scene.serial))
        await shop.until("verdict_referred")
        assert shop.scene.called and shop.calls == [0, 1]
        await shop.passes(400.0)
        assert not shop.scene.called


@story
async def test_a_call_is_over_when_somebody_came() -> None:
    shop = FrontShop()
    async with shop.open():
        assert await shop.hear(words.CallAttendant(serial=shop.scene.serial))
        assert shop.scene.called
        assert not await shop.hear(words.CallAttendant(serial=shop.scene.serial))
        shop.stage.attendant_came()
        assert not shop.scene.called
        assert await shop.hear(words.CallAttendant(serial=shop.scene.serial))
        assert shop.scene.called and shop.calls == [0, 0]


@story
async def test_more_time_and_other_acts_are_asked_for() -> None:
    shop = FrontShop()
    shop.camera.acts = False
    async with shop.open():
        await agreed(shop)
        shop.lay()
        scene = await shop.until("look_here")
        assert {Offer.MORE_TIME, Offer.CLOSE_EYES, Offer.NOD} <= set(scene.offers)
        assert await shop.hear(words.MoreTime(serial=scene.serial))
        await shop.until("look_here")
        assert Offer.MORE_TIME not in shop.scene.offers
        for offer in (Offer.CLOSE_EYES, Offer.NOD):
            serial = shop.scene.serial
            tap = words.Alternative(serial=serial, instead=offer)
            assert await shop.hear(tap)
        assert not {Offer.CLOSE_EYES, Offer.NOD} & set(shop.scene.offers)
        shop.camera.acts = True
        await shop.until("verdict_accepted", "verdict_referred")
    others = {Act.CLOSE_EYES, Act.RAISE_CHIN, Act.LOWER_CHIN}
    assert {one.act for one in shop.conclusions[0].acts} <= others


@story
async def test_keys_are_typed_once_and_line_by_line() -> None:
    shop = FrontShop(typed=True)
    async with shop.open():
        shop.stage.show("access_key")
        serial = shop.scene.serial
        assert Offer.KEY in shop.scene.offers
        tap = words.EnterKey(serial=serial, line="I<UTO\nL898902C")
        assert [shop.stage.hear(tap) for _ in range(10)].count(True) == 1
        assert shop.keys == ["I<UTO", "L898902C"]
        shop.stage.show("key_next_line")  # the reader has answered
        again = words.EnterKey(serial=shop.scene.serial, line="ERIKSSON")
        assert shop.stage.hear(again) and shop.scene.serial == serial
        assert "ERIKSSON" not in repr(again)
        shop.stage.show("reading_chip", "12 kB")
        assert (shop.scene.say, shop.scene.detail) == ("reading_chip", "12")
        assert Offer.KEY not in shop.scene.offers
    plain = FrontShop()
    async with plain.open():
        plain.stage.show("access_key")
        assert Offer.KEY not in plain.scene.offers


@story
async def test_the_language_goes_with_its_visitor() -> None:
    shop = FrontShop()
    async with shop.open():
        assert shop.stage.languages == ("en", "fr")
        for odd in ("tlh", "fr-Latn"):
            shop.stage.speak(odd)
            tap = words.Begin(
                serial=shop.scene.serial, purpose=Purpose.NEW_NUMBER, language=odd
            )
            assert not await shop.hear(tap)
        assert shop.stage.language == "en" and shop.terminal.idle
        shop.stage.speak("fr")
        assert shop.stage.consent("card_laid") is None  # the page has not painted it
        shop.stage.text_stands("fr")
        shop.stage.speak("en")  # which is not painted yet
        assert shop.stage.consent("card_laid") == Consent(
            "2026-11", "card_laid", "fr", TEXTS["fr"].digest, NOW_S
        )
        shop.stage.unseen()
        assert shop.stage.consent("card_laid") is None
        shop.stage.speak("fr")
        await shop.passes(61.0)
        shop.stage.refresh()
        assert shop.stage.language == "en"  # who chose it has gone
        await shop.settle()
    shop = FrontShop()
    async with shop.open():
        end = await accepted(shop, Purpose.NEW_NUMBER)
        assert shop.stage.language == "fr"
        await shop.hear(words.Done(serial=end.serial))
        await shop.until("idle_card")
        assert shop.stage.language == "en"


@story
async def test_the_page_tells_the_truth_about_what_does_not_work() -> None:
    shop = FrontShop()
    async with shop.open():
        for why in CLOSED_FOR:
            shop.trouble = ("out_of_service", why)
            shop.stage.refresh()
            assert (shop.scene.step, shop.scene.detail) == (Step.CLOSED, why)
            assert shop.scene.offers == (Offer.ATTENDANT,)
        shop.trouble = ("no_reader", "reader-absent")
        shop.stage.refresh()
        assert shop.scene.say == "no_reader"
        shop.trouble = None
        shop.stage.refresh()
        assert shop.scene.say == "idle_card"
        for health in (*words.HEALTH, ""):
            shop.health = health
            shop.clock.seconds += 2
            shop.stage.refresh()
            assert shop.scene.health == health


@story
async def test_a_result_that_is_not_safe_is_none() -> None:
    shop = FrontShop()
    shop.full = True
    async with shop.open():
        await agreed(shop)
        shop.lay()
        scene = await shop.until("out_of_service")
        assert (scene.step, scene.detail) == (Step.CLOSED, "disk_full")
        assert not shop.carrier.asked
        await shop.passes(6.0)
        await shop.until("idle_card")


@story
async def test_where_only_a_tap_is_the_consent_the_page_says_so() -> None:
    shop = FrontShop(by_card=False)
    async with shop.open():
        assert shop.scene.say == "idle"
        scene = await begun(shop)
        assert scene.say == "consent"


# --- numbers in my name -------------------------------------------------------------
@story
async def test_numbers_are_shown_disputed_and_cleared() -> None:
    shop = FrontShop()
    async with shop.open():
        scene = await accepted(shop, Purpose.CHECK_NUMBERS)
        assert (scene.step, scene.say) == (Step.VERDICT, "asking_carrier")
        await shop.settle()
        shop.carrier.answer(NUMBERS)
        scene = await shop.until("answer")
        assert (scene.step, scene.detail) == (Step.ANSWER, "2")
        assert scene.numbers == NUMBERS and NUMBERS[0].number not in repr(scene)
        assert scene.left_s is not None and 28 < scene.left_s <= 30  # as configured
        for wrong in ((), (2,), (0, 9)):
            await shop.hear(words.NotMine(serial=scene.serial, places=wrong))
            assert not shop.carrier.disputed
            shop.stage._taps.renew()  # the next one is another visitor's tap
        assert await shop.hear(words.NotMine(serial=scene.serial, places=(1, 1)))
        scene = await shop.until("disputed")
        assert (scene.detail, scene.numbers) == ("1", ())
        assert scene.left_s is not None and 6 < scene.left_s <= 8
        assert shop.carrier.disputed == [(1, (1,))]
        assert await shop.hear(words.Done(serial=scene.serial))
        await shop.until("idle_card")
        assert shop.carrier.forgotten == [1]


@story
async def test_numbers_leave_the_screen_by_themselves() -> None:
    shop = FrontShop(numbers_shown_s=0.05)
    async with shop.open():
        await accepted(shop, Purpose.CHECK_NUMBERS)
        await shop.settle()
        shop.carrier.answer(NUMBERS)
        assert (await shop.until("answer")).numbers
        await shop.until("idle_card")  # nobody tapped
        assert not shop.scene.numbers and shop.terminal.idle
        shop.carrier.answer(NUMBERS)  # a late one finds nobody
        await shop.settle()
        assert shop.scene.say == "idle_card"


@pytest.mark.parametrize(
    ("lines", "say"), [(None, "answer_missing"), ((), "answer_none")]
)
def test_no_answer_and_no_number_are_two_things(
    lines: tuple[words.NumberLine, ...] | None, say: str
) -> None:
    @story
    async def told() -> None:
        shop = FrontShop()
        async with shop.open():
            await accepted(shop, Purpose.CHECK_NUMBERS)
            await shop.settle()
            shop.carrier.answer(lines)
            scene = await shop.until(say)
            assert scene.step is Step.ANSWER and Offer.NOT_MINE not in scene.offers
            shop.carrier.answer(NUMBERS)  # it answers once
            assert shop.scene.say == say

    told()


@story
async def test_a_dispute_that_is_not_safe_is_not_promised() -> None:
    shop = FrontShop()
    shop.carrier.fault = KeyLost("the token is gone")
    async with shop.open():
        await accepted(shop, Purpose.CHECK_NUMBERS)
        await shop.settle()
        shop.carrier.answer(NUMBERS)
        scene = await shop.until("answer")
        assert await shop.hear(words.NotMine(serial=scene.serial, places=(0,)))
        scene = await shop.until("dispute_not_kept")
        assert Offer.ATTENDANT in scene.offers and not scene.numbers


@story
async def test_only_an_accepted_visitor_is_asked_about() -> None:
    shop = FrontShop()
    async with shop.open():
        scene = await begun(shop, Purpose.CHECK_NUMBERS)
        await shop.hear(words.Decline(serial=scene.serial))
        await shop.until("verdict_refused")
        await shop.settle()
        assert not shop.carrier.asked
