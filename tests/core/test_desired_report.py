"""The report stays about the newest wish, and says nothing twice."""

import pytest

from likeness.core import orders
from likeness.core.desired import Refused, Why, Wish
from likeness.core.desired_report import REFUSALS_AT_MOST, DesiredReport

D = "d" * 43


def wish(version: int) -> Wish:
    return Wish(version, D, orders.Overrides(), 0, 0, f"token-{version}")


def told(report: DesiredReport) -> tuple[int, str, str]:
    return report.said.version, report.said.state, report.said.reason


def beside(report: DesiredReport) -> tuple[int, str] | None:
    refused = report.said.refused
    return None if refused is None else (refused.version, refused.reason)


def test_a_newer_one_that_is_refused_takes_the_place() -> None:
    report = DesiredReport(wish(7), None)
    assert told(report) == (7, "applied", "")
    assert report.note(Refused("malformed: no", 8, D), 0.0)
    assert (told(report), beside(report)) == ((8, "refused", "malformed: no"), None)
    assert report.note(wish(9), 0.0)
    assert told(report) == (9, "pending", "")
    assert report.note(Refused("its source is gone", 9, D), 0.0)
    assert told(report) == (9, "refused", "its source is gone")


@pytest.mark.parametrize(
    "refused",
    [
        Refused(Why.STALE, 3, D),
        Refused(Why.STALE, 8, D),  # newer than the one in force, but given back before
        Refused(Why.WRONG_TYPE),
        Refused(Why.WRONG_DEVICE, 99, D),
        Refused(Why.MALFORMED),
        Refused(f"{Why.MALFORMED}: keep_days", 6, D),
        Refused(Why.NOT_YET, 99, D),
        Refused(Why.TOO_FAR, 2**52, D),
        Refused(Why.WRONG_DIGEST, 7, D),  # under the number of the one in force
    ],
)
def test_what_is_no_newer_wish_of_ours_stands_beside(refused: Refused) -> None:
    report = DesiredReport(wish(7), None)
    assert report.note(refused, 0.0)
    assert told(report) == (7, "applied", "")
    assert beside(report) == (refused.version, refused.why)
    assert not report.note(refused, 1.0), "the same again is no news"


def test_an_older_one_does_not_hide_that_the_newest_was_refused() -> None:
    report = DesiredReport(wish(7), None)
    report.note(Refused("malformed: no", 9, D), 0.0)
    assert report.note(Refused("malformed: no", 8, D), 0.0)
    assert told(report) == (9, "refused", "malformed: no")
    assert [report.is_superseded(version) for version in (8, 9)] == [True, False]


def test_old_wishes_in_turn_are_said_some_times_in_a_minute() -> None:
    report = DesiredReport(wish(99), None)
    said = [
        now for now in range(600) if report.note(Refused(Why.STALE, now % 7, D), now)
    ]
    assert len(said) == REFUSALS_AT_MOST * 10
    assert told(report) == (99, "applied", "")


def test_one_number_that_is_refused_for_two_reasons_in_turn_is_braked_as_well() -> None:
    report = DesiredReport(None, None)
    report.note(wish(9), 0.0)
    whys = (Why.EXPIRED, Why.WRONG_DIGEST)
    said = [n for n in range(50) if report.note(Refused(whys[n % 2], 9, D), 1.0)]
    assert len(said) == 1 + REFUSALS_AT_MOST


def test_what_was_refused_does_not_hide_a_newer_one() -> None:
    """Also while nothing more is said of refusals."""
    report = DesiredReport(wish(7), None)
    for version in range(1, 7):
        for why in ("one", "two", "three"):
            report.note(Refused(why, version, D), 0.0)
    assert report.note(Refused("malformed: no", 8, D), 0.0)
    assert told(report) == (8, "refused", "malformed: no")


def test_a_start_that_gave_one_back_says_so() -> None:
    report = DesiredReport(wish(6), Refused(Why.DID_NOT_LIVE, 7, D))
    assert told(report) == (7, "refused", "did_not_live")
    assert not report.note(Refused(Why.DID_NOT_LIVE, 7, D), 0.0)
    assert report.note(Refused(Why.STALE, 6, D), 0.0)
    assert told(report) == (7, "refused", "did_not_live")


def test_before_anything_was_desired_an_unreadable_one_stands_beside() -> None:
    report = DesiredReport(None, None)
    report.note(Refused(Why.MALFORMED), 0.0)
    assert (told(report), beside(report)) == ((0, "applied", ""), (0, "malformed"))


def test_a_long_reason_is_cut() -> None:
    report = DesiredReport(None, None)
    report.note(Refused("x" * 1000, 1, D), 0.0)
    assert len(report.said.reason) == orders.REASON_CHARS
