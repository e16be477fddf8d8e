from collections.abc import Set
from dataclasses import replace

import msgspec
import pytest

from likeness.carrier.nonces import Issued, doubt
from likeness.core import jws, light, messages, report
from likeness.core.chain import ChainHead
from likeness.core.challenge import commitment, draw, form
from likeness.core.vocabulary import ActFinding, Alternative, Environment, NonceSource
from results import EPOCH, FACTS, MOMENT, REFUSED

NONCE, DEVICE_NONCE = b"n" * 32, b"d" * 32
ISSUED = Issued(
    counter=1,
    transaction="t-1",
    purpose="new_number",
    nonce=jws.encode(NONCE),
    commitment=jws.encode(commitment(DEVICE_NONCE)),
    expires_utc_s=0,
    used_by="",
)


def result(
    transaction: str = "t-1", chosen: Set[Alternative] = frozenset()
) -> messages.Result:
    """A production result whose acts were drawn from both nonces."""
    drawn = draw(
        carrier_nonce=NONCE, device_nonce=DEVICE_NONCE, transaction="t-1", count=4
    )
    asked = [form(act, chosen) for act in drawn.acts]
    conclusion = replace(
        REFUSED,
        transaction=transaction,
        nonce=jws.encode(NONCE),
        nonce_source=NonceSource.CARRIER,
        device_nonce=jws.encode(DEVICE_NONCE),
        acts=tuple(ActFinding(act, 1.0 * n, None) for n, act in enumerate(asked)),
    )
    claims = report.compose(
        conclusion,
        facts=replace(FACTS, environment=Environment.PRODUCTION),
        moment=MOMENT,
        head=ChainHead(EPOCH, 1, jws.encode(b"p" * 32)),
        salt=b"s" * 16,
        sealed_person=None,
    )
    return messages.from_json(claims, messages.Result)


def test_a_result_that_used_its_nonce_leaves_no_doubt() -> None:
    assert doubt(result(), ISSUED) == ""


@pytest.mark.parametrize(
    "chosen",
    [{Alternative.NOD}, {Alternative.CLOSE_EYES}, set(Alternative)],
)
def test_other_acts_in_the_drawn_acts_places_are_no_doubt(
    chosen: set[Alternative],
) -> None:
    other, drawn = result(chosen=chosen), result()
    assert other.liveness and drawn.liveness
    assert other.liveness.acts != drawn.liveness.acts
    assert doubt(other, ISSUED) == ""


def test_other_acts_in_other_places_are_a_doubt() -> None:
    good = result(chosen=set(Alternative))
    assert good.liveness is not None
    acts = good.liveness.acts
    for wrong in ("raise_chin", "lower_chin", "close_eyes", "wink"):
        if wrong != acts[0].act:
            first = msgspec.structs.replace(acts[0], act=wrong)
            liveness = msgspec.structs.replace(good.liveness, acts=[first, *acts[1:]])
            bad = msgspec.structs.replace(good, liveness=liveness)
            assert "not drawn in this order" in doubt(bad, ISSUED)


def test_acts_in_another_order_are_a_doubt() -> None:
    good = result()
    assert good.liveness is not None
    acts = good.liveness.acts
    rolled = [*acts[1:], acts[0]]
    assert [act.act for act in rolled] != [act.act for act in acts]
    liveness = msgspec.structs.replace(good.liveness, acts=rolled)
    bad = msgspec.structs.replace(good, liveness=liveness)
    assert "not drawn in this order" in doubt(bad, ISSUED)


OURS = light.draw(
    carrier_nonce=NONCE, device_nonce=DEVICE_NONCE, transaction="t-1"
).words


@pytest.mark.parametrize(
    ("outcome", "colours", "says"),
    [
        ("answered", OURS, ""),
        ("not_visible", OURS, ""),
        ("skipped", OURS, ""),  # in their middle
        ("skipped", (), ""),
        ("answered", (), "not shown"),
        ("answered", (*OURS[1:], OURS[0]), "not drawn"),
        ("answered", OURS[:-1], "not drawn"),
        ("skipped", ("green 310",), "not drawn"),
    ],
)
@pytest.mark.parametrize("environment", Environment)
def test_colours_are_those_that_both_nonces_give(
    environment: Environment, outcome: str, colours: tuple[str, ...], says: str
) -> None:
    good = result()
    assert good.liveness is not None
    said = messages.Light(outcome=outcome, colours=list(colours) or None)
    liveness = msgspec.structs.replace(good.liveness, light=said)
    lit = msgspec.structs.replace(good, liveness=liveness, environment=environment)
    assert says in doubt(lit, ISSUED)
    assert bool(says) is bool(doubt(lit, ISSUED))


@pytest.mark.parametrize(
    ("issued", "says"),
    [
        (None, "not given to this device"),
        (replace(ISSUED, used_by="h"), "another result had used"),
        (replace(ISSUED, transaction="t-2"), "another transaction"),
        (replace(ISSUED, commitment=jws.encode(b"c" * 32)), "fit its commitment"),
    ],
)
def test_every_other_way_is_a_doubt(issued: Issued | None, says: str) -> None:
    assert says in doubt(result(), issued)


def test_a_device_nonce_must_be_there() -> None:
    good = result()
    for other in (None, "!"):
        bad = msgspec.structs.replace(good, device_nonce=other)
        assert doubt(bad, ISSUED) != ""


def test_a_nonce_of_the_devices_own_is_no_doubt() -> None:
    own = msgspec.structs.replace(result(), nonce_source=NonceSource.DEVICE)
    assert doubt(own, None) == ""
