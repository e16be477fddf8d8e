"""What is said of a reader: once each time it changes."""

import logging

import pytest

from likeness.core.card_events import ReaderReady, ReaderTrouble
from likeness.core.card_trouble import Trouble
from likeness.service.reader_news import News, ReaderNews


def test_each_change_is_told_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    told: list[News] = []
    news = ReaderNews(told.append)
    absent = ReaderTrouble(Trouble.READER_ABSENT, "plug it in")
    ready = ReaderReady("SAM-1")
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            news.tell(absent)
        news.tell(ready, baud=9600)
        news.tell(ready, baud=9600)
        news.tell(absent)
        news.tell(ready)
    assert told == [absent, ready, absent, ready]
    lines = [record.getMessage() for record in caplog.records]
    assert lines[1] == "event=reader_ready reader=SAM-1 baud=9600"
    assert lines[3] == "event=reader_ready reader=SAM-1"
    assert lines[0] == lines[2]
    assert lines[0].endswith("detail=plug it in")
