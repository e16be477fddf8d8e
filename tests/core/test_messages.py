import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import messages
from likeness.errors import Untrusted

STATUS = b'{"status":"online","boot":"b"}'


def test_round_trip() -> None:
    status = messages.Status(status="online", boot="b")
    assert messages.to_json(status) == STATUS
    assert messages.from_json(STATUS, messages.Status) == status


def test_a_newer_writer_is_understood() -> None:
    newer = STATUS[:-1] + b',"new":{"a":[1]}}'
    assert messages.from_json(newer, messages.Status).boot == "b"


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"status":"online"}', "missing required field boot"),
        (b'{"status":"online","boot":5}', "boot"),
        (b'{"status":"online","boot":"b","boot":"c"}', "twice"),
        (b'{"status":"online","boot":"\\ud800"}', "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"", "not JSON"),
    ],
)
def test_anything_else_is_refused_without_its_values(data: bytes, says: str) -> None:
    with pytest.raises(Untrusted, match=says):
        messages.from_json(data, messages.Status)


@given(st.binary(max_size=100))
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(Untrusted):
        messages.from_json(noise, messages.Receipt)


def test_topics() -> None:
    name = messages.topic("shop-17", "result")
    assert name == "likeness/v1/shop-17/result"
    assert messages.device_and_leaf(name) == ("shop-17", "result")
    for other in ("", "likeness/v1/x", "likeness/v2/x/result", "a/likeness/v1/x/result",
                  "likeness/v1//result", "likeness/v1/x/"):  # fmt: skip
        with pytest.raises(Untrusted):
            messages.device_and_leaf(other)


def test_a_person_never_shows_in_a_repr() -> None:
    person = messages.Person(
        number="X00000000", name="SPECIMEN", salt="c2FsdA", addresses=["1 Road"]
    )
    shown = repr(person)
    assert not [part for part in ("X000", "SPECI", "c2Fs", "Road") if part in shown]
