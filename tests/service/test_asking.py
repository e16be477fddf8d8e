from dataclasses import dataclass
from pathlib import Path

import pytest

from likeness.core import jws, messages
from likeness.core.vocabulary import Purpose
from likeness.errors import Untrusted
from likeness.service.asking import ASK_EXPIRES_S, Asking, VisitGrant
from results import bench


@dataclass
class Believer:
    """A verifier that believes what it is given: signatures are tested elsewhere."""

    says: messages.Visit

    def visit(self, _token: bytes, _now_s: int | None) -> messages.Visit:
        return self.says

    def receipt(self, _token: bytes, _now_s: int | None) -> messages.Receipt:
        raise AssertionError("nobody asked for a receipt")


@dataclass
class HandClock:
    """Stands still until it is set."""

    now_s: float = 1000.0

    def now(self) -> float:
        return self.now_s


def visit(counter: int, **other: object) -> messages.Visit:
    usual = {
        "transaction": "t-1",
        "purpose": Purpose.NEW_NUMBER,
        "commitment": jws.encode(b"c" * 32),
        "nonce": jws.encode(b"n" * 32),
    }
    fixed = {"aud": "shop-17", "jti": "j", "iat": 1, "exp": 2, "counter": counter}
    return messages.Visit(**{**fixed, **usual, **other})  # type: ignore[arg-type]


def test_an_answer_counts_once_and_only_for_what_was_asked(tmp_path: Path) -> None:
    grants = list[VisitGrant]()
    verifier = Believer(visit(5))
    asking = Asking(bench(tmp_path).notary, verifier, grants.append, HandClock())

    def refused(says: messages.Visit) -> bool:
        verifier.says = says
        with pytest.raises(Untrusted):
            asking.hear(b"", None)
        return True

    assert refused(visit(1)), "nothing was asked"
    asking.ask(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
    assert refused(visit(1, transaction="t-2"))
    assert refused(visit(1, purpose=Purpose.REPLACE_SIM))
    assert refused(visit(1, commitment=jws.encode(b"d" * 32)))
    verifier.says = visit(5)
    asking.hear(b"", None)
    assert [grant.nonce for grant in grants] == [b"n" * 32]
    assert refused(visit(6)), "it was answered"
    asking.ask(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
    assert refused(visit(5)), "a counter never stands still"
    verifier.says = visit(6)
    asking.hear(b"", None)
    assert len(grants) == 2


def test_an_answer_that_was_held_back_counts_no_more(tmp_path: Path) -> None:
    """Else a broker could keep it for a day when it wants our clock to be there."""
    grants, clock = list[VisitGrant](), HandClock()
    verifier = Believer(visit(5))
    asking = Asking(bench(tmp_path).notary, verifier, grants.append, clock)

    asking.ask(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
    clock.now_s += ASK_EXPIRES_S
    with pytest.raises(Untrusted, match="too late"):
        asking.hear(b"", None)
    asking.ask(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
    clock.now_s += ASK_EXPIRES_S - 1
    asking.hear(b"", None)
    assert len(grants) == 1


def test_a_nonce_shows_in_no_log() -> None:
    grant = VisitGrant("t-1", Purpose.NEW_NUMBER, b"c", b"secret")
    assert "secret" not in repr(grant)
