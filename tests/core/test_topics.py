"""The contract's table by itself: no name twice, and no message that cannot be told."""

import msgspec
import pytest

from likeness.core import facts, topics
from likeness.core.topics import INSIDE, LATE, TOPICS, Who, Wire
from likeness.core.vocabulary import Environment

WIRES = [wire for topic in TOPICS for wire in topic.wires]
BIRTH = facts.Birth(
    software="1.0",
    environment=Environment.TEST,
    profile="shop",
    kid="k" * 43,
    key_tier="file",
    epoch="0" * 32,
    models={"mesh": "ab" * 32},
    model_set=facts.ModelSet(
        digest="packaged", accepted=0, on_trial=False, returned=0, returned_why=""
    ),
    runtime="tflite",
    capabilities=["page"],
)


def test_no_name_stands_for_two_things() -> None:
    every = [*WIRES, *INSIDE]
    for names in (
        [topic.leaf for topic in TOPICS],
        [wire.name for wire in every],
        [wire.typ for wire in every if wire.typ],
        [wire.body for wire in every],
    ):
        assert len(set(names)) == len(names)


def test_what_a_terminal_says_unsigned_is_of_itself_alone() -> None:
    plain = {wire.name for wire in WIRES if not wire.typ}
    assert plain == {"birth", "status", "telemetry", "reported"}
    by_carrier = [topic for topic in TOPICS if topic.sender is Who.CARRIER]
    assert all(wire.typ for topic in by_carrier for wire in topic.wires)


def test_what_is_kept_at_the_broker_does_not_expire_there() -> None:
    kept = {topic.leaf: topic for topic in TOPICS if topic.retain}
    assert kept.keys() == {"birth", "status", "desired", "reported"}
    for topic in kept.values():
        assert topic.qos == 1
        assert [wire.expires_s for wire in topic.wires] == [None]


@pytest.mark.parametrize("wire", [wire for wire in WIRES if wire.own_expiry])
def test_who_may_choose_an_expiry_has_a_bound(wire: Wire) -> None:
    assert wire.expires_s is not None
    assert 0 < wire.expires_s <= topics.DAY_S


@pytest.mark.parametrize(("body", "member"), LATE)
def test_what_is_read_late_is_a_member_that_is_left_raw(
    body: type[msgspec.Struct], member: str
) -> None:
    assert body in [wire.body for wire in WIRES]
    (late,) = (one for one in msgspec.structs.fields(body) if one.name == member)
    assert late.type in (msgspec.Raw, dict[str, object])


# --- facts --------------------------------------------------------------------------
def test_a_birth_is_read_as_it_was_said() -> None:
    said = msgspec.json.encode(BIRTH)
    assert msgspec.json.decode(said, type=facts.Birth) == BIRTH


@pytest.mark.parametrize("digest", ["ab", "AB" * 32, "ab" * 32 + "\n"])
def test_a_model_s_digest_is_64_digits_and_no_more(digest: str) -> None:
    broken = msgspec.structs.replace(BIRTH, models={"mesh": digest})
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(msgspec.json.encode(broken), type=facts.Birth)


def test_a_figure_that_a_machine_cannot_give_is_left_out() -> None:
    least = {"outbox_waiting": 0, "outbox_line": "online", "line_fault": ""}
    told = msgspec.convert(least, facts.Telemetry)
    assert msgspec.to_builtins(told) == least
    assert told.temperature_c is None
