"""A name in any member of a transcript's head does not leave the terminal."""

import copy
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from likeness import __version__
from likeness.core.facts import Telemetry
from likeness.core.profile import PROFILES
from likeness.core.transcript_words import Head, policy_of
from likeness.diagnostics import head
from likeness.diagnostics.head import checked
from likeness.errors import UsageError
from likeness.service.diagnosing import FRAMES

SERVICE = Path(head.__file__).parents[1] / "service"
NAMES = ["Zhang Wei", "zhangwei", "zhang_wei", "ZHANG"]
WHOLE: dict[str, Any] = {
    "transcript": 1,
    "software": __version__,
    "policy": msgspec.to_builtins(policy_of(PROFILES["strict"])),
    "why": "camera_lost",
    "facts": {
        "environment": "production",
        "utc_s": 1_795_000_000,
        "time_quality": "ntp",
        "boot": "8a2f4c1e-0b1d-4c55-9f0a-3c2b1a0f9e8d",
        "telemetry": {
            "outbox_waiting": 3,
            "outbox_oldest_s": 12.5,
            "outbox_line": "online",
            "line_fault": "refused_0x80",
            "clock": "ntp",
            "reader": "well",
            "reader_id": "05.03-20140101-0000012345-0123456789",
            "camera": "found",
            "camera_id": None,
            "hung": ["vision"],
            "vision_slow": False,
            "temperature_c": 61.5,
            "thermal_level": "too_hot",
            "screen": "page",
            "screen_painted_p95_ms": None,
            "delivery_line_not_authorized": 1,
            "delivery_nobody_listens": 1,
            "visit_order_done": 1,
            "command_ignored": 1,
            "desired_applied": 1,
            "statement_waiting": 2,
        },
        "where": ["bundle.py:71 gather", "archive.py:20 pack"],
    },
}
Way = tuple[str | int, ...]


def leaves(value: Any, at: Way = ()) -> Iterator[Way]:
    """Give the way to each value that is neither a list nor a mapping."""
    match value:
        case dict():
            for name, one in value.items():
                yield from leaves(one, (*at, name))
        case list():
            for place, one in enumerate(value):
                yield from leaves(one, (*at, place))
        case _:
            yield at


def mappings(value: Any, at: Way = ()) -> Iterator[Way]:
    if isinstance(value, dict):
        yield at
        for name, one in value.items():
            yield from mappings(one, (*at, name))


def inside(whole: Any, at: Way) -> Any:
    for step in at:
        whole = whole[step]
    return whole


def left(given: dict[str, Any]) -> str:
    """What leaves the terminal of such a head: it, or why it does not."""
    try:
        return msgspec.json.encode(checked(msgspec.convert(given, Head))).decode()
    except (UsageError, msgspec.ValidationError) as wrong:
        return str(wrong)


def test_a_head_of_ours_leaves_as_it_is() -> None:
    assert json.loads(left(WHOLE)) == WHOLE


@pytest.mark.parametrize("at", [*leaves(WHOLE)], ids=str)
def test_a_name_in_the_place_of_a_value_stays(at: Way) -> None:
    for name in NAMES:
        for value in (name, [name], {name: name}, {"name": name}):
            given = copy.deepcopy(WHOLE)
            inside(given, at[:-1])[at[-1]] = value
            assert name not in left(given)


@pytest.mark.parametrize("at", [*mappings(WHOLE)], ids=str)
def test_a_member_more_stays(at: Way) -> None:
    for name in NAMES:
        given = copy.deepcopy(WHOLE)
        inside(given, at)[name] = 1
        inside(given, at)["name_of_visitor"] = name
        assert name not in left(given)


def test_a_profile_of_another_name_and_one_fact_more_are_refused() -> None:
    other, more = copy.deepcopy(WHOLE), copy.deepcopy(WHOLE)
    other["policy"]["name"] = other["policy"]["values"]["name"] = "zhangwei"
    more["facts"]["zhangwei"] = 1
    for given in (other, more):
        assert left(given) == "its head holds more than a head of ours"


@pytest.mark.parametrize(
    "place",
    [
        "zhangwei.py:1 gather",
        "bundle.py:1 zhangwei",
        "bundle.py:1 zhang wei",
        "../bundle.py:1 gather",
        "bundle.py:1 .*",
    ],
)
def test_a_place_that_is_in_no_program_of_ours_is_elsewhere(place: str) -> None:
    given = copy.deepcopy(WHOLE)
    given["facts"]["where"] = [place, *WHOLE["facts"]["where"] * 20]
    where = json.loads(left(given))["facts"]["where"]
    assert where[0] == head.ELSEWHERE
    assert where[1:3] == WHOLE["facts"]["where"]
    assert len(where) == FRAMES


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reader_id", "ACS ACR122U PICC Interface 00 00"),
        ("reader_id", 5),
        ("camera_id", "zhangwei 046d:0825"),
        ("camera_id", "uvcvideo 046d:0825\n"),
        ("hung", ["zhangwei"]),
        ("hung", "vision"),
        ("delivery_zhangwei", 1),
        ("delivery_sent", "1"),
        ("line_fault", ["zhangwei"]),
    ],
)
def test_what_is_no_figure_of_ours_is_left_out_of_the_telemetry(
    name: str, value: object
) -> None:
    given = copy.deepcopy(WHOLE)
    given["facts"]["telemetry"][name] = value
    expected = copy.deepcopy(WHOLE)
    expected["facts"]["telemetry"].pop(name, None)
    assert json.loads(left(given)) == expected


def test_the_model_of_a_camera_leaves() -> None:
    given = copy.deepcopy(WHOLE)
    given["facts"]["telemetry"]["camera_id"] = "uvcvideo 046d:0825"
    assert json.loads(left(given)) == given


def test_the_why_of_each_transcript_that_is_written_is_known() -> None:
    for why in head.WHYS:
        assert json.loads(left(WHOLE | {"why": why})).get("why", "") == why
    assert {"asked", "crashed", "result_not_safe", "store_hangs"} <= head.WHYS


def test_no_text_of_the_telemetry_is_without_its_words() -> None:
    """Of what `Telemetry` has as text nothing passes as a figure."""
    texts = {
        field.name
        for field in msgspec.structs.fields(Telemetry)
        if "str" in str(field.type) or "Literal" in str(field.type)
    }
    assert texts == {*head.WORDS, *head.FORMS, "hung"}


@pytest.mark.parametrize(
    ("file", "of"),
    [
        ("delivery", "delivery"),
        ("statements", "statement"),
        ("commanding", "command"),
        ("desiring", "desired"),
        ("remote_start", "visit_order"),
    ],
)
def test_each_counter_of_the_program_is_known(file: str, of: str) -> None:
    text = (SERVICE / f"{file}.py").read_text(encoding="utf-8")
    counted = set(re.findall(r'counts\["(\w+)"\]', text))
    assert counted
    assert {f"{of}_{word}" for word in counted} <= head.COUNTERS
