"""The transcript: what is kept, what is personal, and that it plays to the same end."""

import base64
import math
from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import visits as v
from likeness.core import transcript
from likeness.core import visit_events as e
from likeness.core.matching import cosine
from likeness.core.seen import FaceLight
from likeness.core.session import Session, State
from likeness.core.transcript import Transcript
from likeness.core.transcript_doubts import doubts
from likeness.core.transcript_masks import Axes, Masks
from likeness.core.transcript_replay import Step, parse, replay
from likeness.core.transcript_words import EVENTS, Line, read, write
from likeness.core.vocabulary import (
    Act,
    Alternative,
    Card,
    CardKind,
    Consent,
    NonceSource,
    Purpose,
    Reason,
    Sex,
    Verdict,
)
from likeness.errors import UsageError
from played import ACTS, STANDARD, Visit, break_it

NAME, NUMBER = "MARKED-NAME", "11010519491231002X"
NONCE = b"n" * 32
TRANSACTION = "order-of-13812345678"
CARD = Card(
    kind=CardKind.RESIDENT,
    number=NUMBER,
    name=NAME,
    sex=Sex.MALE,
    birth=date(1949, 12, 31),
    valid_to=v.TODAY - timedelta(days=7),
    issuer="MARKED-ISSUER",
    checked=("sam_authenticated", "MARKED-FACT"),
    reader_id="MARKED-READER",
    portrait_record=b"MARKED-PORTRAIT",
    evidence_sha256="MARKED-EVIDENCE",
)


class Written(Visit):
    """A visit with its transcript; its acts are drawn, as in the field."""

    def __init__(self, acts: tuple[Act, ...] | None = None) -> None:
        self.scribe = new()
        super().__init__(acts=acts)
        self.session, self.scribe = Session(STANDARD, tries_key=b"test"), new()
        self.effects.clear()
        self.begin = replace(self.begin, transaction=TRANSACTION)
        self.give(self.begin)

    def give(self, *events: e.Event) -> None:
        for event in events:
            self.scribe.took(event, self.visitor.now)
            effects = self.session.handle(event, self.visitor.now)
            self.scribe.gave(effects)
            self.effects += effects

    def granted(self) -> None:
        self.consent_and_card()
        self.give(e.NonceGranted(1, NONCE))

    def acts_all(self) -> None:
        while (asking := self.session.glance.asking) is not None or (
            self.session.state is State.ACTS
        ):
            if asking is not None:
                self.watch(self.visitor.does(asking))
            self.watch([self.visitor.frame()])

    def over(self) -> None:
        self.give(e.Committed(self.begin.visit))
        self.visitor.now += 10
        self.give(e.TimePassed())
        assert self.session.state is State.IDLE

    @property
    def data(self) -> bytes:
        return b"\n".join(self.scribe.lines("test", {}))


def new() -> Transcript:
    return Transcript(STANDARD, software="1", key=b"key")


def played(data: bytes) -> list[Step]:
    return list(replay(*parse(data)))


def wrong(steps: list[Step]) -> list[int]:
    return [step.number for step in steps if step.differs]


def ends(steps: list[Step]) -> list[dict[str, object]]:
    return [done for step in steps for done in step.did if done["do"] == "conclude"]


def test_an_accepted_visit_plays_to_the_same_end() -> None:
    visit = Written()
    visit.granted()
    visit.until_asked()
    visit.acts_all()
    visit.over()
    assert visit.conclusion.verdict is Verdict.ACCEPTED
    assert visit.conclusion.nonce_source is NonceSource.CARRIER
    steps = played(visit.data)
    assert not wrong(steps)
    (end,) = ends(steps)
    assert end["verdict"] == "accepted"
    assert [act for act, _, _ in end["acts"]] == [  # type: ignore[attr-defined]
        str(found.act) for found in visit.conclusion.acts
    ]


@pytest.mark.parametrize(
    "how", ["lost", "second", "jumped", "changed", "taken", "camera", "cancelled"]
)
def test_a_broken_visit_plays_to_the_same_end(how: str) -> None:
    visit = Written()
    visit.granted()
    visit.until_asked()
    break_it(visit, how)
    steps = played(visit.data)
    assert not wrong(steps)
    assert ends(steps)[0]["reasons"] == [str(r) for r in visit.conclusion.reasons]


def test_another_rule_is_noticed_where_it_decides_otherwise() -> None:
    visit = Written()
    visit.granted()
    visit.until_asked()
    break_it(visit, "lost")
    changed = visit.data.replace(b'"reasons":["face_lost"]', b'"reasons":["no_face"]')
    assert changed != visit.data
    (number,) = wrong(played(changed))
    assert b"no_face" in changed.splitlines()[number - 1]


def test_a_card_s_former_tries_are_known_by_what_came_of_them() -> None:
    visit = Written(acts=ACTS)
    for number in (1, 2, 3):
        visit.fail(number)
        visit.scribe = new()  # so that it knows the fourth visit alone
        visit.next(number + 1)
    visit.consent_and_card(enrol=False)
    assert visit.conclusion.reasons == (Reason.TRIES_USED_UP,)
    steps = played(visit.data)
    assert ends(steps)[-1]["reasons"] == ["tries_used_up"]
    assert not wrong(steps)


def test_a_rule_that_falls_falls_again() -> None:
    visit = Written()
    visit.granted()
    visit.scribe.took(e.TimePassed(), visit.visitor.now)
    visit.scribe.fell("KeyError")
    (last,) = wrong(played(visit.data))  # here and now it does not fall
    assert last == len(visit.data.splitlines())


def test_what_comes_while_it_is_written_is_not_in_it() -> None:
    visit = Written()
    lines = visit.scribe.lines("asked", {})
    visit.give(e.Cancelled())
    assert len([*lines]) == 2  # its head, and that a visit began


def test_all_that_may_follow_is_in_our_words() -> None:
    reasons = [str(one) for one in Reason]
    end = {"do": "conclude", "reasons": reasons, "acts": [["blink", 1.5, None]]}
    lit = {"do": "conclude", "light": "answered", "light_shown": ["green 310"]}
    raised = Line(at=1.0, did=[end, lit], raised="KeyError")
    assert list(doubts([raised])) == []
    assert len(list(doubts([Line(at=1.0, did=[{**lit, "light": "Mr X"}])]))) == 1


def test_nobody_is_in_it() -> None:
    visit = Written()
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid", at_s=1_790_000_000)))
    visit.give(e.CardPresented(CARD))
    own = tuple(math.sin(i + 1) for i in range(128))
    unit = math.sqrt(sum(x * x for x in own))
    embedding = tuple(x / unit for x in own)
    visit.give(e.Enrolled(1, embedding, "a" * 64), e.NonceGranted(1, NONCE))
    seen = visit.visitor.frame()
    assert seen.face is not None
    face = replace(seen.face, embedding=embedding[::-1], landmarks=[[1, 2, 3]])
    visit.give(e.Observed(1, replace(seen, face=face, digest=0xABCDEF0123456789)))
    data = visit.data
    personal = ("MARKED", NUMBER, TRANSACTION, "1949", "a" * 64, "landmarks")
    numbers = [f"{abs(one):.9g}"[:-1] for one in embedding]
    coded = base64.b64encode(NONCE).decode()
    secret = (coded, base64.b64encode(b"d" * 32).decode(), str(0xABCDEF0123456789))
    for mark in (*personal, *numbers, *secret):
        assert mark.encode() not in data, mark
    assert b"card-1" in data
    assert list(doubts(parse(data)[1])) == []


@pytest.mark.parametrize(
    ("old", "new_"),
    [
        (b'"number":"card-1"', b'"number":"11010519491231002X"'),
        (b'"name":""', b'"name":"somebody"'),
        (b'"transaction":"visit-1"', b'"transaction":"order-7"'),
        (b'"embedding":[1.0]', b'"embedding":[0.6,0.8]'),
        (b'"portrait_sha256":""', b'"portrait_sha256":"aa"'),
        (b'"said":"card_found"', b'"said":"\xe6\xac\xa7"'),
        (b'"number":"card-1"', b'"who":"Zhang","number":"card-1"'),
        (b'"checked":[]', b'"checked":["Zhang Wei"]'),
        (b'"faces":1', b'"who":"Zhang","faces":1'),
        (b'"yaw_deg":', b'"who":{"name":"Zhang"},"yaw_deg":'),
        (b'"given":"card_laid"', b'"given":"Zhang Wei"'),
        (b'"at_s":0', b'"at_s":1790000000'),
        (b'"note":"sdt"', b'"with":{"name":"Zhang"},"note":"sdt"'),
        (b'"source":"carrier"', b'"who":"Zhang","source":"carrier"'),
    ],
)
def test_a_transcript_that_holds_more_is_doubted(old: bytes, new_: bytes) -> None:
    visit = Written()
    visit.granted()
    visit.watch([visit.visitor.frame()])
    visit.scribe.note("sdt", "card_found", 1.0)
    assert list(doubts(parse(visit.data)[1])) == []
    changed = visit.data.replace(old, new_, 1)
    assert changed != visit.data
    assert len(list(doubts(parse(changed)[1]))) == 1


def test_the_same_card_has_the_same_mark_and_another_has_another() -> None:
    masks = Masks(b"key")

    def mark(card: Card) -> str:
        event = masks.mask(e.CardPresented(card))
        assert isinstance(event, e.CardPresented)
        return event.card.number

    one, two = mark(CARD), mark(replace(CARD, number="another"))
    assert mark(replace(CARD, name="")) == one != two
    assert mark(replace(CARD, number="")) == ""


@given(
    st.lists(st.lists(st.floats(-1, 1), min_size=8, max_size=8).map(tuple), max_size=12)
)
def test_places_keep_every_product(vectors: list[tuple[float, ...]]) -> None:
    axes = Axes()
    places = [axes.place(one) for one in vectors]
    for one, its in zip(vectors, places, strict=True):
        for other, place in zip(vectors, places, strict=True):
            wide = (*its, *[0.0] * (8 - len(its)))
            narrow = (*place, *[0.0] * (8 - len(place)))
            assert cosine(wide, narrow) == pytest.approx(cosine(one, other), abs=1e-6)
    for count, place in enumerate(places, start=1):
        assert len(place) <= count


def test_an_embedding_that_is_none_stays_nobody() -> None:
    assert all(map(math.isnan, Axes().place((math.nan,) * 128)))


def test_colours_of_a_skin_become_ratios() -> None:
    masks = Masks(b"key")
    lit = FaceLight(((0.3, 0.2, 0.1),) * 12, (0.05, 0.05, 0.05))
    brighter = FaceLight(((0.33, 0.2, 0.1),) * 12, (0.05, 0.06, 0.05))
    seen = v.Visitor().frame()
    assert seen.face is not None
    masked = []
    for light in (lit, brighter):
        event = masks.mask(
            e.Observed(1, replace(seen, face=replace(seen.face, light=light)))
        )
        assert isinstance(event, e.Observed)
        assert event.observation.face is not None
        masked.append(event.observation.face.light)
    first, second = masked
    assert first is not None
    assert second is not None
    assert len({first.surround, *first.regions}) == 1  # no skin, no room
    assert second.regions[0][0] / first.regions[0][0] == pytest.approx(1.1)
    assert second.surround[1] / first.surround[1] == pytest.approx(1.2)


def test_the_last_events_are_kept_and_the_visit_that_goes_on_whole() -> None:
    visit = Written()
    for number in range(transcript.EVENTS + 50):
        visit.scribe.note("log", f"event={number}", 0.0)
    assert len(visit.data.splitlines()) == 1 + transcript.EVENTS + 51  # head, Begin
    assert not wrong(played(visit.data))
    visit.give(e.Cancelled())
    visit.over()
    lines = visit.data.splitlines()
    assert len(lines) == 1 + transcript.EVENTS
    assert b"VisitOver" not in lines[1]
    assert [step.played for step in played(visit.data)] == [False] * transcript.EVENTS


def test_a_visit_without_end_does_not_fill_the_memory() -> None:
    visit = Written()
    for _ in range(transcript.VISIT_EVENTS + 10):
        visit.scribe.note("log", "event=x", 0.0)
    assert len(visit.data.splitlines()) == 1 + transcript.EVENTS


def test_every_event_can_be_written_and_read() -> None:
    assert set(EVENTS.values()) == set(get_args(e.Event))
    seen = v.Visitor().frame()
    nan = replace(v.STILL, eye_left=math.nan, eye_right=math.nan, passive=math.nan)
    for event in (
        e.AlternativeAsked(1, Alternative.NOD),
        e.Lingered(1, 2.5),
        e.LightBegun(1, 1 / 3),
        e.PictureEnded(Reason.CAMERA_LOST),
        e.Observed(1, replace(seen, face=None)),
        e.Enrolled(1, None, reason=Reason.NO_PORTRAIT),
        e.Begin(1, Purpose.NEW_NUMBER, "t", b"", b"s", v.TODAY, (Act.BLINK,)),
    ):
        given = msgspec.json.decode(msgspec.json.encode(write(event)))
        assert read(type(event).__name__, given) == event
    given = msgspec.json.decode(
        msgspec.json.encode(write(e.Observed(1, replace(seen, face=nan))))
    )
    again = read("Observed", given)
    assert isinstance(again, e.Observed)
    face = again.observation.face
    assert face is not None
    assert face.passive is not None
    assert all(map(math.isnan, (face.eye_left, face.eye_right, face.passive)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"transcript":2,"software":"1","policy":{"name":"","digest":"","values":{}}}',
        b'{"transcript":1,"software":"1","policy":{"name":"","digest":"","values":{}}}\nx',
    ],
)
def test_what_is_no_transcript_is_refused_in_one_line(data: bytes) -> None:
    with pytest.raises(UsageError):
        parse(data)


def test_an_event_that_is_none_is_refused() -> None:
    head, _ = parse(Written().data)
    begin = Line(at=0.0, event="Begin", given={"visit": "one"})
    with pytest.raises(UsageError, match="Begin cannot be read"):
        list(replay(head, [begin]))
    with pytest.raises(UsageError, match="no event 'Nothing'"):
        read("Nothing", {})
