"""From facts to a scene: every state has a step, every sentence a name."""

import pytest

from likeness.core import light
from likeness.core.glance import Glance, State
from likeness.core.scene import SAYS, EnterKey, NumberLine, Offer, Step
from likeness.core.scenery import Facts, Manner, scene_of, spoken, step_of
from likeness.core.vocabulary import Act, Purpose, Reason, Verdict

CARD = Manner((Purpose.NEW_NUMBER,), consent="2026-11", by_card=True)
TAP = Manner((Purpose.NEW_NUMBER,), consent="2026-11", by_card=False, keys_typed=True)
LINE = NumberLine(number="138****0001")

STEPS = {
    State.IDLE: Step.IDLE,
    State.CONSENT: Step.CONSENT,
    State.CARD: Step.CARD,
    State.LOOK: Step.LOOK,
    State.ACTS: Step.ACTS,
    State.LIGHT: Step.LIGHT,
    State.VERDICT: Step.VERDICT,
    State.RECEIPT: Step.VERDICT,
}


@pytest.mark.parametrize("state", State)
def test_every_state_has_its_step_and_an_attendant(state: State) -> None:
    scene = scene_of(Facts(Glance(state), "look_here"), CARD, 7)
    assert scene.step is STEPS[state] and scene.serial == 7
    assert Offer.ATTENDANT in scene.offers
    assert (Offer.DONE in scene.offers) is (state is State.RECEIPT)
    refusable = {State.CONSENT, State.CARD, State.LOOK, State.ACTS, State.LIGHT}
    assert (Offer.DECLINE in scene.offers) is (state in refusable)


@pytest.mark.parametrize(
    ("say", "step"),
    [
        ("starting", Step.CLOSED),
        ("no_reader", Step.CLOSED),
        ("out_of_service", Step.CLOSED),
        ("answer", Step.ANSWER),
        ("answer_missing", Step.ANSWER),
        ("disputed", Step.ANSWER),
        ("asking_carrier", Step.VERDICT),
    ],
)
def test_some_sentences_make_the_step(say: str, step: Step) -> None:
    assert step_of(Facts(Glance(State.RECEIPT), say)) is step


def test_what_is_shown_has_a_name_in_the_catalogues() -> None:
    shown = [
        ("idle", ""),
        ("consent", ""),
        ("lay_card", ""),
        ("look_here", ""),
        *(("ask_act", str(act)) for act in Act),
        ("act_seen", "blink"),
        ("reading_chip", "12 kB"),
        *((f"verdict_{verdict}", Reason.TOO_DARK) for verdict in Verdict),
    ]
    for manner in (CARD, TAP):
        assert {spoken(*one, manner)[0] for one in shown} <= set(SAYS)
    assert spoken("idle", "", CARD) == ("idle_card", "")
    assert spoken("consent", "", TAP) == ("consent", "")
    assert spoken("ask_act", "blink", TAP) == ("ask_blink", "")
    assert spoken("act_seen", "blink", TAP) == ("act_seen", "")
    assert spoken("reading_chip", "12 kB", TAP) == ("reading_chip", "12")
    assert spoken("key_wrong", "2", TAP) == ("key_wrong", "2")


def test_a_key_is_typed_only_where_it_is_wanted_and_may_be() -> None:
    wanted = Facts(Glance(State.IDLE), "access_key")
    assert Offer.KEY in scene_of(wanted, TAP, 0).offers
    assert Offer.KEY not in scene_of(wanted, CARD, 0).offers
    assert Offer.KEY not in scene_of(Facts(Glance(State.IDLE), "idle"), TAP, 0).offers


def test_what_a_visit_offers_is_passed_on() -> None:
    glance = Glance(
        State.LOOK, 3, offers_close_eyes=True, offers_nod=True, offers_more_time=True
    )
    offers = scene_of(Facts(glance, "look_here"), CARD, 0).offers
    assert {Offer.CLOSE_EYES, Offer.NOD, Offer.MORE_TIME} <= set(offers)


@pytest.mark.parametrize("heard", [True, False])
def test_a_page_knows_whether_anybody_hears_a_call(heard: bool) -> None:
    manner = Manner((), consent="2026-11", by_card=True, bell=heard)
    scene = scene_of(Facts(Glance(State.ACTS), "look_here", called=True), manner, 1)
    assert (scene.called, scene.bell) == (True, heard)


def test_a_text_stands_where_the_page_draws_it_and_nowhere_else() -> None:
    shown = {
        (state, say)
        for state in State
        for say in SAYS
        if scene_of(Facts(Glance(state), say), CARD, 1).consent
    }
    welcome = {(State.IDLE, "idle"), (State.IDLE, "idle_card")}
    asked = {say for state, say in shown - welcome if state is State.CONSENT}
    assert shown == welcome | {(State.CONSENT, say) for say in asked}
    assert {"consent", "consent_card"} <= asked


def test_who_must_wait_for_a_reader_may_still_decline() -> None:
    offers = scene_of(Facts(Glance(State.CONSENT), "no_reader"), CARD, 1).offers
    assert Offer.DECLINE in offers and Offer.AGREE not in offers


def test_colours_are_shown_as_they_were_drawn() -> None:
    drawn = light.draw(carrier_nonce=b"n", device_nonce=b"d", transaction="t")
    glance = Glance(State.LIGHT, 3, offers_light=True, light=drawn)
    scene = scene_of(Facts(glance, "light"), CARD, 0)
    assert {Offer.LIGHT, Offer.SKIP_LIGHT} <= set(scene.offers)
    assert [(one.rgb, one.ms) for one in scene.light] == list(drawn.on_screen)
    assert not scene_of(Facts(Glance(State.LIGHT), "light"), CARD, 0).light


def test_numbers_stand_in_their_own_step_only() -> None:
    for say, numbers in (("answer", (LINE,)), ("verdict_accepted", ())):
        facts = Facts(Glance(State.RECEIPT), say, numbers=(LINE,))
        assert scene_of(facts, CARD, 0).numbers == numbers


def test_nothing_personal_shows_in_a_repr() -> None:
    assert LINE.number not in repr(LINE)
    assert "L898902C" not in repr(EnterKey(serial=1, line="L898902C"))


def test_without_purposes_nothing_can_be_begun() -> None:
    manner = Manner((), consent="2026-11", by_card=True)
    assert (
        Offer.BEGIN not in scene_of(Facts(Glance(State.IDLE), "idle"), manner, 0).offers
    )
