import logging
from collections.abc import Iterator

import pytest

from likeness.edges.journal import LINE_CHARS, LINES, RecentLines

ours = logging.getLogger("likeness.somewhere")
theirs = logging.getLogger("paho")


@pytest.fixture
def journal() -> Iterator[RecentLines]:
    journal = RecentLines()
    journal.open("info")
    yield journal
    journal.close()


def test_the_last_lines_are_kept_each_as_one_line(journal: RecentLines) -> None:
    for number in range(LINES + 5):
        ours.info("event=tick number=%d", number)
    ours.warning("two\nlines %s", "x" * LINE_CHARS)
    assert len(journal.recent()) == LINES
    assert journal.recent()[0] == "INFO event=tick number=6"
    assert journal.recent()[-1].startswith("WARNING two\\nlines xxx")
    assert len(journal.recent()[-1]) == LINE_CHARS


def test_neither_debug_nor_others_lines_are_kept(journal: RecentLines) -> None:
    journal.set_level("debug")
    ours.debug("event=detail")
    theirs.error("theirs")
    assert ours.isEnabledFor(logging.DEBUG)
    assert not theirs.isEnabledFor(logging.DEBUG)
    assert journal.recent() == []


def test_the_level_goes_back_to_what_is_configured() -> None:
    before = logging.getLogger("likeness").level
    journal = RecentLines()
    journal.open("warning")
    journal.set_level("debug")
    journal.set_level(None)
    assert logging.getLogger("likeness").level == logging.WARNING
    journal.close()
    assert logging.getLogger("likeness").level == before
    ours.error("after the end")
    assert journal.recent() == []
