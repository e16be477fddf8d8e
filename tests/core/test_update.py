import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import update
from likeness.core.update import (
    PACKAGED,
    STARTS,
    Bundle,
    Here,
    Ledger,
    Offer,
    Returned,
    Trial,
)
from likeness.errors import UpdateRefused

HERE = Here(software="0.3.0", machine="aarch64", variant="w8")
A, B, C = ("a" * 64, "b" * 64, "c" * 64)


def offer(number: int, digest: str = A, **facts: object) -> Offer:
    says = {"number": number, "min_daemon": "0.3.0", "variants": ("w8",), **facts}
    return Offer(digest=digest, length=1, bundle=msgspec.convert(says, Bundle))


def fits(given: Offer, ledger: Ledger | None = None) -> None:
    update.refuse_unfit(given, ledger or Ledger(), HERE)


def refuses(given: Offer, why: str, ledger: Ledger | None = None) -> None:
    with pytest.raises(UpdateRefused, match=why):
        fits(given, ledger)


def passed(ledger: Ledger) -> Ledger:
    return update.confirm(ledger, ledger.current)


# --- what may follow what -----------------------------------------------------------
def test_only_a_higher_number_follows() -> None:
    ledger = passed(update.switch(offer(5, B), Ledger()))
    fits(offer(6), ledger)
    refuses(offer(4), "bundle 4 is older than bundle 5", ledger)
    refuses(offer(5), "not the bundle 5 that was accepted", ledger)
    assert update.is_here(offer(5, B), ledger)


def test_a_lost_set_may_be_taken_again_but_none_before_it() -> None:
    lost = Ledger(accepted=5, accepted_digest=B)  # what a broken ledger leaves
    fits(offer(5, B), lost)
    refuses(offer(4, A), "older", lost)


def test_what_was_given_back_is_not_taken_again() -> None:
    ledger = update.go_back(update.switch(offer(5, B), Ledger()), B, "it was blind")
    refuses(offer(5, B), "tried here and given back: it was blind", ledger)
    refuses(offer(4, A), "older", ledger)
    fits(offer(6, C), ledger)


@pytest.mark.parametrize(
    ("needs", "fitting"),
    [
        ("0.2.9", True),
        ("0.3", True),
        ("0.3.0.0", True),
        ("0.3.1", False),
        ("0.10", False),
        ("1", False),
    ],
)
def test_too_new_for_this_daemon(needs: str, fitting: bool) -> None:
    given = offer(1, min_daemon=needs)
    if fitting:
        fits(given)
    else:
        refuses(given, f"needs likeness {needs}, this is 0.3.0")


def test_a_preview_counts_as_its_release() -> None:
    preview = Here(software="0.4.0.dev3", machine="aarch64", variant="w8")
    update.refuse_unfit(offer(1, min_daemon="0.4"), Ledger(), preview)


def test_other_hardware_and_other_variants() -> None:
    fits(offer(1, machines=("armv7l", "aarch64")))
    refuses(offer(1, machines=("x86_64",)), "other hardware: x86_64, this is aarch64")
    refuses(offer(1, variants=("f32", "int8")), "f32, int8; models.variant is 'w8'")


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 0},
        {"number": 2**53},
        {"number": 1.5},
        {"min_daemon": "1.x"},
        {"min_daemon": "1\n"},
        {"variants": ()},
    ],
)
def test_a_bundle_that_says_nonsense_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        offer(**({"number": 1} | wrong))  # type: ignore[arg-type]


def test_a_newer_publisher_may_say_more() -> None:
    assert offer(1, colour="blue").bundle.number == 1


# --- trial and way back -------------------------------------------------------------
def test_starts_in_a_row_lead_back() -> None:
    ledger = update.switch(offer(5, B), Ledger(current=A))
    for _ in range(STARTS):
        ledger = update.start(ledger)
        assert ledger.current == B
    ledger = update.start(ledger)
    assert (ledger.current, ledger.previous, ledger.trial) == (A, PACKAGED, None)
    assert ledger.returned == Returned(
        digest=B, number=5, why="it was started 3 times and never stayed up"
    )
    assert update.start(ledger) == ledger


def test_a_start_that_ended_in_order_is_not_counted_and_confirms_nothing() -> None:
    fresh = update.switch(offer(5, B), Ledger(current=A))
    died = update.start(fresh)
    assert update.ended_in_order(update.start(died), B) == died
    assert update.ended_in_order(fresh, B) == fresh  # it lived: no start to take back
    assert update.ended_in_order(died, A) == died  # news of another set
    assert update.ended_in_order(passed(died), B) == passed(died)


def test_a_set_that_passed_may_be_started_for_ever() -> None:
    ledger = passed(update.switch(offer(5, B), Ledger()))
    assert ledger.trial is None
    for _ in range(STARTS + 5):
        ledger = update.start(ledger)
    assert ledger.current == B


def test_during_a_trial_the_way_back_leads_past_the_untried() -> None:
    ledger = passed(update.switch(offer(1, A), Ledger()))
    ledger = update.switch(offer(2, B), ledger)
    ledger = update.switch(offer(3, C), ledger)
    assert (ledger.current, ledger.previous) == (C, A)


def test_late_news_of_another_set_changes_nothing() -> None:
    ledger = update.switch(offer(2, B), Ledger(current=A))
    assert update.keep(ledger, A, Trial(visits=4)) == ledger
    assert update.confirm(ledger, A) == ledger
    assert update.go_back(ledger, A, "why") == ledger
    assert update.keep(ledger, B, Trial(visits=4)).trial == Trial(visits=4)
    done = passed(ledger)
    assert update.keep(done, B, Trial(visits=4)) == done


def test_from_the_packaged_set_nothing_leads_back() -> None:
    assert update.go_back(Ledger(), PACKAGED, "why") == Ledger()


def test_a_broken_previous_set_is_given_back_too() -> None:
    ledger = Ledger(accepted=2, accepted_digest=B, current=B, previous=A)
    ledger = update.go_back(update.go_back(ledger, B, "one"), A, "two")
    assert ledger.current == PACKAGED
    assert ledger.accepted == 2
    assert ledger.returned == Returned(digest=A, number=0, why="two")


NEWS = st.sampled_from(["start", "confirm", "back", "switch"])


@given(st.lists(st.tuples(NEWS, st.sampled_from([A, B, C])), max_size=40))
def test_what_was_accepted_never_goes_down(news: list[tuple[str, str]]) -> None:
    ledger = Ledger()
    for number, (what, digest) in enumerate(news, 1):
        before = ledger.accepted
        match what:
            case "start":
                ledger = update.start(ledger)
            case "confirm":
                ledger = update.confirm(ledger, digest)
            case "back":
                ledger = update.go_back(ledger, digest, "why")
            case _:
                ledger = update.switch(offer(number, digest), ledger)
        assert ledger.accepted >= before
        assert msgspec.json.decode(msgspec.json.encode(ledger), type=Ledger) == ledger
        refuses(
            offer(ledger.accepted, "d" * 64), "accepted", ledger
        ) if before else None
