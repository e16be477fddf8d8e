"""The loop that carries a visit, with edges that are small classes of their own."""

import asyncio

import pytest

import visits as v
from likeness.core import visit_events as e
from likeness.core.challenge import CHOICES
from likeness.core.session import State
from likeness.core.vocabulary import (
    Consent,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from likeness.errors import KeyLost, LikenessError, StoreFull
from likeness.service.ports import Frame, Portrait
from terminal_shop import PlayedCamera, Shop, performance


def test_a_result_is_committed_then_shown_then_sent() -> None:
    shop = Shop(performance(*CHOICES))
    end = asyncio.run(shop.visit())
    assert end is not None and end.verdict is Verdict.ACCEPTED
    assert end.nonce_source is NonceSource.DEVICE and len(shop.asked) == 1
    order = [
        shop.happened.index(x) for x in ("commit", "show verdict_accepted", "deliver 1")
    ]
    assert order == sorted(order)
    assert not shop.camera.running and shop.sight.forgotten


def test_a_card_that_lies_ends_in_a_result() -> None:
    shop = Shop([])
    end = asyncio.run(shop.visit(Reason.CARD_TAMPERED))
    assert end is not None
    assert (end.verdict, end.reasons) == (Verdict.REFUSED, (Reason.CARD_TAMPERED,))
    assert end.card is None and end.consent is not None
    assert "deliver 1" in shop.happened and not shop.camera.running


def test_a_card_laid_before_a_tap_waits_for_it_and_is_forgotten_without() -> None:
    async def both(agreed: bool) -> Shop:
        shop = Shop(performance(*CHOICES))
        async with shop.open(), asyncio.timeout(10):
            shop.terminal.card_laid(v.card(), Purpose.REPLACE_SIM, None)
            while not shop.terminal.glance.card_held:
                await asyncio.sleep(0.001)
            assert "show look_here" not in shop.happened
            assert not shop.camera.running
            visit = shop.terminal.glance.visit
            tap = e.ConsentGiven(Consent("2026-11", "screen"), visit)
            shop.terminal.post(tap if agreed else e.ConsentRefused(visit))
            await shop.terminal.concluded.wait()
        return shop

    (end,) = asyncio.run(both(agreed=True)).conclusions
    assert end.verdict is Verdict.ACCEPTED and end.card == v.card()
    assert end.consent == Consent("2026-11", "screen")
    shop = asyncio.run(both(agreed=False))
    (end,) = shop.conclusions
    assert end.reasons == (Reason.CONSENT_REFUSED,)
    assert end.card is None and end.consent is None
    assert shop.camera.starts == 0


@pytest.mark.parametrize("rest", [True, False])
def test_a_card_agrees_to_no_visit_that_was_begun_elsewhere_meanwhile(
    *, rest: bool
) -> None:
    async def visit() -> Shop:
        shop = Shop(performance(*CHOICES))
        async with shop.open(), asyncio.timeout(10):
            if rest:
                await asyncio.sleep(0.001)  # else the loop has not even begun
            begun = shop.terminal.begin(purpose=Purpose.NEW_NUMBER, transaction="desk")
            shop.terminal.card_laid(v.card(), Purpose.REPLACE_SIM, "2026-11")
            while not shop.terminal.glance.card_held:
                await asyncio.sleep(0.001)
            assert shop.terminal.glance.state is State.CONSENT
            assert not shop.camera.running
            tap = e.ConsentGiven(Consent("2026-11", "screen"), begun)
            shop.terminal.post(tap)
            await shop.terminal.concluded.wait()
        return shop

    (end,) = asyncio.run(visit()).conclusions
    assert (end.transaction, end.purpose) == ("desk", Purpose.NEW_NUMBER)
    assert end.consent == Consent("2026-11", "screen") and end.card == v.card()


def test_a_cards_consent_names_the_visit_that_it_is_for() -> None:
    async def visit() -> None:
        shop = Shop([])
        shop.terminal.card_laid(v.card(), Purpose.REPLACE_SIM, "2026-11")
        posted = [shop.terminal._events.get_nowait()[0] for _ in range(3)]
        assert posted[1] == e.ConsentGiven(Consent("2026-11", "card_laid"), 1)

    asyncio.run(visit())


@pytest.mark.parametrize("asks", [e.AttendantAsked(1), e.ConsentRefused(1)])
def test_who_does_not_want_the_machine_is_never_filmed(asks: e.Event) -> None:
    async def visit() -> Shop:
        shop = Shop(performance(*CHOICES))
        async with shop.open(), asyncio.timeout(10):
            assert shop.terminal.begin(purpose=Purpose.NEW_NUMBER) == 1
            shop.terminal.post(asks)
            await shop.terminal.concluded.wait()
        return shop

    shop = asyncio.run(visit())
    (end,) = shop.conclusions
    assert end.card is None and end.consent is None and end.match is None
    assert shop.camera.starts == 0 and "deliver 1" in shop.happened


def test_what_was_tapped_in_a_former_visit_changes_nothing() -> None:
    async def visits() -> Shop:
        shop = Shop([])
        async with shop.open(), asyncio.timeout(10):
            for number in (1, 2):
                assert shop.terminal.begin(purpose=Purpose.NEW_NUMBER) == number
                for late in (0, number - 1):
                    shop.terminal.post(e.ConsentGiven(Consent("x", "screen"), late))
                    shop.terminal.post(e.Cancelled(late))
                shop.terminal.post(e.AttendantAsked(number))
                while len(shop.conclusions) < number:
                    await asyncio.sleep(0.001)
                shop.clock.seconds += 1
                while shop.session.state is not State.IDLE:
                    await asyncio.sleep(0.001)
        return shop

    for end in asyncio.run(visits()).conclusions:
        assert end.reasons == (Reason.ATTENDANT_ASKED,) and end.consent is None


def test_after_a_visit_the_next_one_can_begin() -> None:
    async def two_visits() -> None:
        shop = Shop([])
        async with shop.open(), asyncio.timeout(10):
            for number in (1, 2):
                shop.terminal.card_laid(v.card(), Purpose.NEW_NUMBER, "2026-11")
                while len(shop.conclusions) < number:
                    await asyncio.sleep(0.001)
                shop.clock.seconds += 1
                while shop.session.state is not State.IDLE:
                    await asyncio.sleep(0.001)
        assert [c.visit for c in shop.conclusions] == [1, 2]
        assert all(Reason.NO_FACE in c.reasons for c in shop.conclusions)

    asyncio.run(two_visits())


def test_a_lost_camera_is_named() -> None:
    for then in ("breaks", "absent"):
        shop = Shop([], then=then)
        end = asyncio.run(shop.visit())
        assert end is not None
        assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.CAMERA_LOST,))


def test_a_fault_nobody_expects_ends_the_loop_instead_of_hanging() -> None:
    class Shattered(PlayedCamera):
        async def frame(self) -> Frame | None:
            raise ZeroDivisionError

    async def visit() -> None:
        shop = Shop([])
        shop.terminal._frames.camera = Shattered(shop.clock, [])
        shop.terminal.card_laid(v.card(), Purpose.REPLACE_SIM, "2026-11")
        async with asyncio.timeout(5):
            await shop.terminal.run()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(visit())


def test_a_portrait_that_cannot_be_used_is_named() -> None:
    for portrait, reason in (
        (Portrait(None, "wlt-no-decoder"), Reason.NO_PORTRAIT),
        (Portrait(b"a wall"), Reason.PORTRAIT_NOT_USABLE),
    ):
        end = asyncio.run(Shop(performance(*CHOICES), portrait=portrait).visit())
        assert end is not None
        assert (end.verdict, end.reasons) == (Verdict.REFERRED, (reason,))


def test_without_room_no_visit_begins_and_the_screen_says_so() -> None:
    async def try_it() -> None:
        shop = Shop([])
        shop.has_room = False
        async with shop.open():
            shop.terminal.card_laid(v.card(), Purpose.NEW_NUMBER, "2026-11")
            await asyncio.sleep(0.01)
            assert shop.session.state is State.IDLE
        assert "show out_of_service disk_full" in shop.happened

    asyncio.run(try_it())


@pytest.mark.parametrize(
    ("fault", "shown"),
    [
        (StoreFull("the disk is full"), "show out_of_service disk_full"),
        (KeyLost("the token is gone"), "show out_of_service key_lost"),
    ],
)
def test_a_result_that_cannot_be_made_safe_is_never_shown_as_a_verdict(
    fault: LikenessError, shown: str
) -> None:
    shop = Shop(performance(*CHOICES), fault=fault)
    assert asyncio.run(shop.visit()) is None
    assert shown in shop.happened
    assert not any("verdict" in line or "deliver" in line for line in shop.happened)
