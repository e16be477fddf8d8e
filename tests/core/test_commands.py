from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from likeness.core import command_reading, commands, jws, messages, orders
from likeness.core.commands import (
    Answer,
    Asked,
    AtRest,
    AwaitRest,
    Commands,
    Done,
    Heard,
    Ignore,
    Keep,
    Kept,
    State,
    Stop,
    Why,
)
from playbook import play, transcripts

FOLDER = Path(__file__).parent / "transcripts"
DEVICE = "shop-1"
EPOCH = "0123456789abcdef" * 2
NOW_S = 1_795_000_000
OF = "o" * 43


def claims(action: object, **other: object) -> dict[str, object]:
    """A good command, but for what the test says."""
    usual = {
        "aud": DEVICE,
        "jti": "j-1",
        "iat": NOW_S,
        "exp": NOW_S + 60,
        "counter": 7,
        "epoch": EPOCH,
        "command": action,
    }
    return {**usual, **other}


def read(
    payload: bytes,
    typ: str = messages.COMMAND,
    correlation: bytes = b"",
    *,
    believed_s: int | None = NOW_S,
) -> Heard:
    signed = jws.Unverified("ES256", "kid", typ, payload, b"", b"")
    return command_reading.read(
        signed,
        OF,
        correlation,
        earliest_s=NOW_S,
        believed_s=believed_s,
        epoch=EPOCH,
    )


def heard(counter: int, action: orders.Action, **other: object) -> Heard:
    said = msgspec.to_builtins(action)
    payload = msgspec.json.encode(claims(said, counter=counter, **other))
    return read(payload)


def outcome(event: Heard, counter: int = 6) -> Why | None:
    """What a terminal in rest whose last counter is `counter` makes of it."""
    (effect,) = Commands(DEVICE, counter).handle(event, 0.0)
    if isinstance(effect, Keep):
        return None
    assert isinstance(effect, Answer)
    assert effect.outcome == "refused"
    return Why(effect.reason)


NAMES: Mapping[str, Any] = {**vars(commands), **vars(orders), "heard": heard}


@pytest.mark.parametrize(
    "path", transcripts(FOLDER, "commands"), ids=lambda path: path.stem
)
def test_transcript(path: Path) -> None:
    text = path.read_text()
    restarts_from = 30.0 if "too_soon" in path.stem else 0.0
    rules = Commands(DEVICE, 6, restarts_from=restarts_from)
    assert play(text, rules, NAMES) == text


# --- single use ----------------------------------------------------------------------
def test_a_counter_must_be_greater_than_the_last() -> None:
    for counter, why in ((7, None), (10**9, None), (6, "replayed"), (1, "replayed")):
        assert outcome(heard(counter, orders.Announce())) == why


def test_one_step_of_the_counter_cannot_use_up_those_to_come() -> None:
    """A first one comes from nothing to the carrier's clock; no mistake goes on."""
    for last in (0, 6, NOW_S):
        most = last + orders.STEP_AT_MOST
        assert outcome(heard(most, orders.Announce()), last) is None
        assert outcome(heard(most + 1, orders.Announce()), last) is Why.TOO_FAR
    assert NOW_S < orders.STEP_AT_MOST
    assert outcome(heard(2**53 - 1, orders.Announce())) is Why.TOO_FAR
    assert outcome(heard(2**63, orders.Announce())) is Why.MALFORMED


def test_the_same_command_is_refused_after_it_was_carried_out() -> None:
    rules = Commands(DEVICE, 6)
    event = heard(7, orders.Announce())
    assert rules.handle(event, 0.0) == [Keep(7, NOW_S)]
    rules.handle(Kept(), 0.0)
    rules.handle(Done(), 0.0)
    (again,) = rules.handle(event, 0.1)
    assert again == Answer(Asked(OF, "j-1"), "refused", Why.REPLAYED)


def test_a_counter_that_was_not_kept_was_not_used() -> None:
    rules = Commands(DEVICE, 6)
    event = heard(7, orders.Announce())
    rules.handle(event, 0.0)
    (answer,) = rules.handle(commands.NotKept(), 0.0)
    assert answer == Answer(Asked(OF, "j-1"), "refused", Why.NOT_KEPT)
    assert rules.handle(event, 0.1) == [Keep(7, NOW_S)]


# --- each refusal --------------------------------------------------------------------
def test_for_another_device() -> None:
    assert outcome(heard(7, orders.Restart(), aud="shop-2")) is Why.WRONG_DEVICE


def test_expired() -> None:
    past = {"iat": NOW_S - 60, "exp": NOW_S - 1}
    assert outcome(heard(7, orders.Restart(), **past)) is Why.EXPIRED
    assert outcome(heard(7, orders.Restart(), exp=NOW_S)) is None


def test_signed_later_than_a_believed_clock_says() -> None:
    def why(iat: int, believed_s: int | None) -> Why | None:
        said = claims({"name": "announce"}, iat=iat, exp=iat + 60)
        return outcome(read(msgspec.json.encode(said), believed_s=believed_s))

    assert why(NOW_S + 300, NOW_S) is None
    assert why(NOW_S + 301, NOW_S) is Why.NOT_YET
    assert why(messages.LAST_SECOND - 60, NOW_S) is Why.NOT_YET
    assert why(NOW_S + 301, None) is None  # nobody is refused for want of a clock


def test_one_that_expires_before_it_was_signed() -> None:
    backward = {"iat": NOW_S + 61, "exp": NOW_S + 60}
    assert outcome(heard(7, orders.Restart(), **backward)) is Why.MALFORMED


def test_one_that_lives_for_more_than_a_day() -> None:
    day = 24 * 3600
    assert outcome(heard(7, orders.Restart(), exp=NOW_S + day)) is None
    why = outcome(heard(7, orders.Restart(), exp=NOW_S + day + 1))
    assert why is Why.LIVES_TOO_LONG


def test_of_a_database_that_is_gone() -> None:
    assert outcome(heard(7, orders.Restart(), epoch="f" * 32), 0) is Why.WRONG_EPOCH


def test_an_unknown_command_and_bad_arguments() -> None:
    def why(action: object) -> Why | None:
        return outcome(read(msgspec.json.encode(claims(action))))

    assert why({"name": "format_disk"}) is Why.UNKNOWN_COMMAND
    assert why({"name": "restart", "force": True}) is Why.BAD_ARGUMENTS
    assert why({"name": "log_level", "level": "debug"}) is Why.BAD_ARGUMENTS
    for for_s in (0, 3601, 1.5, "60"):
        level = {"name": "log_level", "level": "debug", "for_s": for_s}
        assert why(level) is Why.BAD_ARGUMENTS
    nonsense: list[object] = ["restart", None, 7, {}, [], {"name": None}]
    assert {why(action) for action in nonsense} == {Why.BAD_ARGUMENTS}


@pytest.mark.parametrize(
    "member", ["aud", "jti", "iat", "exp", "counter", "epoch", "command"]
)
def test_malformed_when_a_member_is_missing(member: str) -> None:
    good = claims({"name": "announce"})
    assert outcome(read(msgspec.json.encode(good))) is None
    del good[member]
    assert outcome(read(msgspec.json.encode(good))) is Why.MALFORMED


def test_malformed_when_it_is_no_object() -> None:
    for payload in (b"", b"[]", b"{", b'{"aud":"a","aud":"b"}', b"\xff"):
        assert outcome(read(payload)) is Why.MALFORMED


def test_a_desired_configuration_is_no_command() -> None:
    payload = msgspec.json.encode(claims({"name": "restart"}))
    assert outcome(read(payload, messages.DESIRED)) is Why.WRONG_TYPE


def test_a_doubt_comes_before_what_it_is_about() -> None:
    """Who replays an unknown command learns only that it is a replay."""
    payload = msgspec.json.encode(claims({"name": "unheard_of"}, counter=3))
    assert outcome(read(payload)) is Why.REPLAYED


# --- how it is answered --------------------------------------------------------------
def test_correlation_data_comes_back_unless_it_is_long() -> None:
    payload = msgspec.json.encode(claims({"name": "announce"}))
    assert read(payload, correlation=b"c" * 64).asked.correlation == b"c" * 64
    assert read(payload, correlation=b"c" * 65).asked.correlation == b""


def test_only_some_refusals_in_a_minute_are_answered() -> None:
    rules, old = Commands(DEVICE, 6), heard(1, orders.Restart())
    for second in range(10):
        (answer,) = rules.handle(old, float(second))
        assert isinstance(answer, Answer)
    assert rules.handle(old, 30.0) == [Ignore(Why.REPLAYED)]
    assert rules.handle(heard(7, orders.Announce()), 31.0) == [Keep(7, NOW_S)]
    rules.handle(commands.NotKept(), 31.0)
    (answer,) = rules.handle(old, 60.5)
    assert isinstance(answer, Answer)


def test_nothing_is_begun_while_a_restart_waits() -> None:
    rules = Commands(DEVICE, 6)
    rules.handle(heard(7, orders.Restart()), 0.0)
    assert rules.handle(Kept(), 0.0) == [AwaitRest()]
    (busy,) = rules.handle(heard(8, orders.Announce()), 1.0)
    assert busy == Answer(Asked(OF, "j-1"), "refused", Why.BUSY)
    answer, stop = rules.handle(AtRest(), 2.0)
    assert (answer, stop) == (Answer(Asked(OF, "j-1"), "done"), Stop())
    assert rules.state is State.LEAVING


def test_rest_that_nobody_waits_for_changes_nothing() -> None:
    rules = Commands(DEVICE, 6)
    assert rules.handle(AtRest(), 0.0) == []
    assert rules.state is State.READY
