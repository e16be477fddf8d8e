"""The desk's rules on a real terminal and a real store, without HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

import desks
import visits as v
from likeness.core import jws, messages
from likeness.core.desk_lines import STATES
from likeness.core.desk_words import (
    Decide,
    Decided,
    DecisionReason,
    OpenVisit,
    Refused,
    VisitLine,
    VisitState,
)
from likeness.core.glance import State
from likeness.core.next_step import NextStep
from likeness.core.visit_events import AttendantAsked, Cancelled, ConsentGiven
from likeness.core.vocabulary import Consent, Purpose, Reason, Verdict
from likeness.edges.store_statements import SqliteStatements
from likeness.errors import KeyLost, StoreFull
from likeness.service.desk_memory import DeskMemory

NEW = Purpose.NEW_NUMBER


def wanted(name: str, purpose: Purpose = NEW) -> OpenVisit:
    return OpenVisit(transaction=name, purpose=purpose)


def word(decision: str, attendant: str = "a-1", note: str = "") -> Decide:
    return Decide(
        decision="accept" if decision == "accept" else "refuse",
        reason=DecisionReason.COMPARED_IN_PERSON,
        attendant=attendant,
        note=note,
    )


@asynccontextmanager
async def running(shop: desks.Shop) -> AsyncIterator[desks.Shop]:
    """Run terminal and desk."""
    await shop.near.store.open()
    await shop.desk.restore()
    tasks = [
        asyncio.create_task(shop.terminal.run()),
        asyncio.create_task(shop.desk.run()),
    ]
    try:
        yield shop
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        await shop.near.store.close()


def line(shop: desks.Shop, name: str) -> VisitLine:
    found = shop.desk.visit(name)
    assert isinstance(found, VisitLine), found
    return found


async def begun(shop: desks.Shop, name: str) -> VisitLine:
    """Open a visit and see it taken up."""
    opened = shop.desk.open(wanted(name))
    assert not isinstance(opened, Refused), opened
    await desks.until(lambda: shop.terminal.glance.visit > 0)
    return opened[0]


async def referred(shop: desks.Shop, name: str, *, with_card: bool = True) -> VisitLine:
    """Let a visitor ask for an attendant."""
    await begun(shop, name)
    desks.ask_attendant(shop.terminal, with_card=with_card)
    await desks.until(lambda: shop.terminal.idle)
    assert line(shop, name).verdict is Verdict.REFERRED
    return line(shop, name)


def test_each_state_of_a_visit_has_a_name_for_the_desk() -> None:
    shown = set(STATES.values()) | {VisitState.OPENING, VisitState.ENDED}
    assert shown == set(VisitState)
    assert set(STATES) == set(State) - {State.IDLE, State.RECEIPT}


def test_opening_is_done_once_for_a_transaction(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            first = shop.desk.open(wanted("T-1"))
            # In the same turn of the loop: the visit is not even taken up yet.
            assert shop.desk.open(wanted("T-2")) is Refused.BUSY
            assert not isinstance(first, Refused) and first[1]
            again = shop.desk.open(wanted("T-1"))
            assert not isinstance(again, Refused) and not again[1]
            other = shop.desk.open(wanted("T-1", Purpose.REPLACE_SIM))
            assert other is Refused.OTHER_PURPOSE
            await desks.until(lambda: line(shop, "T-1").state is VisitState.CONSENT)
            await shop.desk.cancel("T-1")
            await desks.until(lambda: shop.terminal.idle)
            ended = shop.desk.open(wanted("T-1"))
            assert not isinstance(ended, Refused)
            assert not ended[1] and ended[0].state is VisitState.ENDED
            assert len(shop.desk.visits().visits) == 1
            shop.terminal.close("update")
            assert shop.desk.open(wanted("T-3")) is Refused.OUT_OF_SERVICE
            assert shop.desk.visits().obstacle == "update"

    asyncio.run(run())


def test_a_card_laid_in_the_same_moment_is_that_visits_card_but_no_consent(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            shop.desk.open(wanted("T-1"))
            shop.terminal.card_laid(v.card(), NEW, "2026-11")
            assert shop.terminal.begin(purpose=NEW) is None
            await desks.until(lambda: shop.terminal.glance.card_held)
            assert line(shop, "T-1").state is VisitState.CONSENT
            tap = ConsentGiven(Consent("2026-11", "screen"), 1)
            shop.terminal.post(tap)
            await desks.until(lambda: line(shop, "T-1").state is VisitState.LOOK)
            assert [one.transaction for one in shop.desk.visits().visits] == ["T-1"]
            await shop.desk.cancel("T-1")
            await desks.until(lambda: shop.terminal.idle)
            assert [one.transaction for one in shop.desk.visits().visits] == ["T-1"]

    asyncio.run(run())


def test_visits_that_a_card_began_are_told_as_well(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            shop.terminal.card_laid(v.card(), NEW, "2026-11")
            await desks.until(
                lambda: shop.desk.visits().visits[0].state is VisitState.LOOK
            )
            (told,) = shop.desk.visits().visits
            assert told.transaction.startswith("t-")
            assert "no-1" not in repr(told) and "name-1" not in repr(told)
            shop.terminal.post(Cancelled())
            await desks.until(lambda: shop.terminal.idle)

    asyncio.run(run())


def test_a_cancel_that_comes_while_the_verdict_is_kept_comes_too_late(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            shop.slow_record_s = 0.2
            await begun(shop, "T-1")
            shop.terminal.post(AttendantAsked(shop.terminal.glance.visit))
            await desks.until(lambda: shop.terminal.glance.state is State.VERDICT)
            assert await shop.desk.cancel("T-1") is Refused.ALREADY_ENDED
            told = line(shop, "T-1")
            assert told.verdict is Verdict.REFERRED
            assert Reason.CANCELLED not in told.reasons
            token = await shop.desk.result("T-1")
            parsed = jws.parse(token, types=(messages.RESULT,))
            claims = messages.from_json(parsed.payload, messages.Result)
            assert claims.verdict is Verdict.REFERRED

    asyncio.run(run())


def test_cancels_side_by_side_are_one(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            shop.slow_record_s = 0.05
            await begun(shop, "T-1")
            ends = await asyncio.gather(*(shop.desk.cancel("T-1") for _ in range(10)))
            assert all(isinstance(one, VisitLine) for one in ends)
            await desks.until(lambda: shop.terminal.idle)
            await begun(shop, "T-2")  # none of them has hit the next one
            assert isinstance(await shop.desk.cancel("T-1"), VisitLine)
            assert line(shop, "T-2").state is not VisitState.ENDED
            assert await shop.desk.cancel("T-9") is Refused.UNKNOWN_VISIT

    asyncio.run(run())


def test_a_result_that_is_not_safe_is_no_verdict(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        shop.record_fault = StoreFull("the disk is full")
        async with running(shop):
            await begun(shop, "T-1")
            await shop.desk.cancel("T-1")
            told = line(shop, "T-1")
            assert (told.state, told.verdict) == (VisitState.ENDED, None)
            assert told.next_step is NextStep.MEND and told.result is None
            assert await shop.desk.result("T-1") is Refused.NO_RESULT

    asyncio.run(run())


def test_after_a_restart_the_day_is_there_again(tmp_path: Path) -> None:
    async def before() -> list[VisitLine]:
        async with running(desks.shop(tmp_path)) as shop:
            await referred(shop, "T-1")
            await shop.desk.decide("T-1", word("accept"))
            await begun(shop, "T-2")
            await shop.desk.cancel("T-2")
            await desks.until(lambda: shop.terminal.idle)
            await referred(shop, "T-3")
            return list(shop.desk.visits().visits)

    async def after(told: list[VisitLine]) -> None:
        async with running(desks.shop(tmp_path)) as shop:
            assert list(shop.desk.visits().visits) == told
            token = await shop.desk.result("T-2")
            assert token == await shop.near.store.token(shop.near.store.epoch, 2)
            again = shop.desk.open(wanted("T-2"))
            assert not isinstance(again, Refused) and not again[1]
            refused = await shop.desk.decide("T-1", word("refuse", "a-2"))
            assert refused is Refused.ALREADY_DECIDED
            assert isinstance(await shop.desk.decide("T-3", word("refuse")), VisitLine)
            stated = shop.statements.stated[0]
            assert (stated["transaction"], stated["result"].seq) == ("T-3", 3)

    told = asyncio.run(before())
    assert [one.transaction for one in told] == ["T-3", "T-2", "T-1"]
    asyncio.run(after(told))


def test_after_a_restart_the_newest_visit_of_a_reference_speaks(tmp_path: Path) -> None:
    async def run(*, first: bool) -> VisitLine:
        async with running(desks.shop(tmp_path)) as shop:
            for end in (Cancelled, AttendantAsked) if first else ():
                # As the carrier may start it: the desk opens a reference once only.
                assert shop.terminal.begin(purpose=NEW, transaction="T-1")
                await desks.until(lambda: shop.terminal.glance.visit > 0)
                shop.terminal.post(end(shop.terminal.glance.visit))
                await desks.until(lambda: shop.terminal.idle)
            return line(shop, "T-1")

    told = asyncio.run(run(first=True))
    assert told.verdict is Verdict.REFERRED
    assert asyncio.run(run(first=False)) == told


def test_a_visit_is_told_for_a_day(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            await begun(shop, "T-1")
            await shop.desk.cancel("T-1")
            await desks.until(lambda: shop.terminal.idle)
            await begun(shop, "T-2")  # a long one, and nobody comes after it
            shop.clock.ahead_s += 24 * 3600 + 1
            await desks.until(lambda: len(shop.desk.visits().visits) == 1)
            assert [one.transaction for one in shop.desk.visits().visits] == ["T-2"]

    asyncio.run(run())


# --- decisions ----------------------------------------------------------------------
def test_only_what_was_referred_is_decided_and_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            decide = shop.desk.decide
            assert await decide("T-1", word("accept")) is Refused.UNKNOWN_VISIT
            await begun(shop, "T-1")
            assert await decide("T-1", word("accept")) is Refused.NO_RESULT_YET
            await shop.desk.cancel("T-1")
            assert await decide("T-1", word("accept")) is Refused.NOT_REFERRED
            await desks.until(lambda: shop.terminal.idle)
            assert (await referred(shop, "T-2")).next_step is NextStep.DECIDE
            both = await asyncio.gather(
                decide("T-2", word("accept", "a-1", "passport seen")),
                decide("T-2", word("refuse", "a-2")),
            )
            assert both[1] is Refused.ALREADY_DECIDED
            (stated,) = shop.statements.stated
            assert stated["decision"] == "accept"
            assert stated["reason"] == "compared_in_person: passport seen"
            token = await shop.desk.result("T-2")
            assert stated["result"].hash == jws.chain_hash(token)
            told = line(shop, "T-2")
            assert told.decision and told.decision.jti == "statement-1"
            assert told.next_step is NextStep.PROCEED
            assert "passport" not in repr(told)
            # Who lost the answer says it again.
            assert isinstance(await decide("T-2", word("accept")), VisitLine)
            assert len(shop.statements.stated) == 1

    asyncio.run(run())


def test_decisions_side_by_side_are_all_known_after_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            memory = DeskMemory(shop.near.store, SqliteStatements(shop.near.store))
            made = [
                Decided(
                    transaction=f"T-{seq}",
                    epoch="e",
                    seq=seq,
                    decision="refuse",
                    reason="other",
                    attendants=("a-1",),
                    jti=f"j-{seq}",
                )
                for seq in range(5)
            ]
            await asyncio.gather(*map(memory.keep, made))
            assert list((await memory.decided()).values()) == made

    asyncio.run(run())


@pytest.mark.parametrize("two_persons", [False, True])
def test_nobody_is_accepted_where_no_card_was_read(
    tmp_path: Path, *, two_persons: bool
) -> None:
    async def run(*, first: bool) -> None:
        async with running(desks.shop(tmp_path, two_persons=two_persons)) as shop:
            if first:
                await referred(shop, "T-1", with_card=False)
            told = line(shop, "T-1")
            assert (told.has_person, told.next_step) == (False, NextStep.READ_CARD)
            made = await shop.desk.decide("T-1", word("accept"))
            assert made is Refused.NO_PERSON
            assert line(shop, "T-1").decision is None and not shop.statements.stated
            if first:
                return  # after a restart it is known from the signed result
            made = await shop.desk.decide("T-1", word("refuse"))
            assert isinstance(made, VisitLine) and made.decision

    asyncio.run(run(first=True))
    asyncio.run(run(first=False))


def test_two_persons_agree_or_nothing_is_decided(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path, two_persons=True)) as shop:
            await referred(shop, "T-1")
            decide, stated = shop.desk.decide, shop.statements.stated
            proposed = await decide("T-1", word("accept", "a-1"))
            assert isinstance(proposed, VisitLine) and proposed.decision
            assert proposed.decision.jti == ""
            assert proposed.next_step is NextStep.DECIDE
            same = await decide("T-1", word("accept", "A-1"))
            assert same is Refused.SAME_ATTENDANT
            other = await decide("T-1", word("refuse", "a-2"))
            assert other is Refused.ATTENDANTS_DISAGREE
            assert line(shop, "T-1").decision is None and not stated
            await decide("T-1", word("accept", "a-1"))
            await decide("T-1", word("refuse", "a-1"))  # taken back
            made = await decide("T-1", word("refuse", "a-2", "left the shop"))
            assert isinstance(made, VisitLine) and made.decision
            assert made.decision.attendants == ("a-1", "a-2")
            both = "compared_in_person / compared_in_person: left the shop"
            assert [one["reason"] for one in stated] == [both]
            assert made.next_step is NextStep.DO_NOT_PROCEED
            assert [one["attendants"] for one in stated] == [("a-1", "a-2")]

    asyncio.run(run())


@pytest.mark.parametrize("fault", [StoreFull("full"), KeyLost("gone")])
def test_a_decision_that_cannot_be_kept_is_none(
    tmp_path: Path, fault: StoreFull | KeyLost
) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            await referred(shop, "T-1")
            shop.statements.fault = fault
            assert await shop.desk.decide("T-1", word("accept")) is Refused.NOT_KEPT
            assert line(shop, "T-1").decision is None
            shop.statements.fault = None
            made = await shop.desk.decide("T-1", word("refuse", "a-2"))
            assert isinstance(made, VisitLine) and made.decision
            assert made.decision.decision == "refuse"

    asyncio.run(run())


# --- calls --------------------------------------------------------------------------
def test_a_call_is_told_once_until_somebody_answers(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            await referred(shop, "T-1")
            shop.desk.called(1)  # the page tells it as well
            shop.desk.called()
            told = shop.desk.calls().calls
            assert [one.transaction for one in told] == ["T-1", ""]
            left = shop.desk.answer(told[0].id)
            assert not isinstance(left, Refused) and len(left.calls) == 1
            assert shop.desk.answer(told[0].id) is Refused.UNKNOWN_CALL
            assert shop.answered == [1]

    asyncio.run(run())


def test_a_call_is_news_also_as_the_first_change(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            since, first = await shop.desk.news(0)
            assert first.calls == ()
            shop.desk.called()
            async with asyncio.timeout(5):
                _, event = await shop.desk.news(since)
            assert event.calls is not None and len(event.calls) == 1

    asyncio.run(run())


def test_news_wakes_who_waits_and_tells_each_change(tmp_path: Path) -> None:
    async def run() -> None:
        async with running(desks.shop(tmp_path)) as shop:
            since, first = await shop.desk.news(0)
            assert first.calls == () and first.visits == ()
            waiting = asyncio.create_task(shop.desk.news(since))
            await begun(shop, "T-1")
            async with asyncio.timeout(5):
                since, event = await waiting
            assert [one.transaction for one in event.visits] == ["T-1"]
            states = [one.state for one in event.visits]
            while states[-1] is not VisitState.ENDED:
                if VisitState.CONSENT in states:
                    await shop.desk.cancel("T-1")
                async with asyncio.timeout(5):
                    since, event = await shop.desk.news(since)
                states += [one.state for one in event.visits]
            assert event.calls is None

    asyncio.run(run())
