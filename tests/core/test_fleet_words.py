"""What terminals say is read member by member; what cannot be read is unknown."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import fleet_words
from likeness.core.fleet_words import (
    MOST_CHARS,
    Birth,
    Reported,
    Status,
    Telemetry,
    Unread,
    read,
)

LEAVES = ("birth", "status", "telemetry", "reported", "result", "")


def said(leaf: str, **members: object) -> fleet_words.Said | None:
    return read(leaf, json.dumps(members).encode())


def test_what_a_terminal_says_is_read() -> None:
    assert said("status", status="online", boot="b-1") == Status("online", "b-1")
    birth = said("birth", software="1.2", models={"embed": "ab"}, capabilities=["page"])
    assert birth == Birth(
        software="1.2", models=(("embed", "ab"),), capabilities=("page",)
    )
    told = said(
        "telemetry",
        outbox_waiting=3,
        outbox_oldest_s=7.5,
        temperature_c=61,
        throttled=True,
        hung=["camera"],
        delivery_set_aside=2,
    )
    assert told == Telemetry(
        waiting=3,
        oldest_s=7.5,
        temperature_c=61.0,
        is_throttled=True,
        hung=("camera",),
        set_aside=2,
    )
    reported = said(
        "reported", version=4, digest="d", state="applied", running={"x": [1]}
    )
    assert reported == Reported(version=4, digest="d", state="applied")


def test_one_wrong_member_spoils_no_other() -> None:
    told = said(
        "telemetry",
        outbox_waiting="many",
        outbox_oldest_s=-1,
        temperature_c=1e9,
        throttled=1,
        hung="camera",
        disk_free_kib=True,
        clock=["ntp"],
        visits=12,
    )
    assert told == Telemetry(visits=12)


@pytest.mark.parametrize(
    "payload",
    [
        b"\xff\xfe",
        b"[1]",
        b'"online"',
        b"{",
        b"[" * 5_000,
        b'{"status": "online"' + b" " * fleet_words.MOST_BYTES + b"}",
    ],
)
def test_what_is_no_object_of_a_bearable_size_is_unread(payload: bytes) -> None:
    for leaf in ("status", "birth", "telemetry", "reported"):
        assert read(leaf, payload) == Unread(leaf)


def test_a_status_without_its_word_is_unread() -> None:
    assert said("status", boot="b") == Unread("status")


def test_a_topic_that_is_none_of_the_fleet_s_is_unread() -> None:
    assert said("result", status="online") == Unread("result")


def test_an_empty_message_takes_a_retained_one_back_and_says_nothing() -> None:
    assert read("status", b"") is None


def test_text_is_cut_and_loses_what_does_not_print() -> None:
    birth = said("birth", software="1\u202e0\n\x00" + "x" * 1000)
    assert isinstance(birth, Birth)
    assert birth.software.startswith("1�0��xx")
    assert len(birth.software) == MOST_CHARS + 1


@given(st.sampled_from(LEAVES), st.binary(max_size=300))
def test_no_bytes_raise_anything(leaf: str, payload: bytes) -> None:
    read(leaf, payload)


NAMES = """status boot models model_set hung capabilities running software version
throttled outbox_waiting temperature_c"""
MEMBERS = st.sampled_from(NAMES.split())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(LEAVES), st.dictionaries(MEMBERS, JSON))
def test_no_object_raises_anything_and_all_text_prints(
    leaf: str, members: dict[str, object]
) -> None:
    found = read(leaf, json.dumps(members).encode())
    if isinstance(found, Birth):
        assert found.software.isprintable()
        assert len(found.models) <= fleet_words.MOST_ITEMS
