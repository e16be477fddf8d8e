"""What the page says of the colours, as it reaches the visit."""

from likeness.bench.bench_shop import FeedClock
from likeness.core import light, scene
from likeness.core import visit_events as e
from likeness.core.glance import Glance, State
from likeness.core.guidance import Guidance, Picture
from likeness.core.scenery import ConsentText, Manner
from likeness.core.vocabulary import Purpose
from likeness.service.stage import Stage
from likeness.service.terminal import Terminal

OURS = light.draw(carrier_nonce=b"n", device_nonce=b"d", transaction="t")
WARNED = Glance(State.LIGHT, visit=7, offers_light=True)
SHINING = Glance(State.LIGHT, visit=7, light=OURS)


class Standing(Terminal):
    """A terminal whose visit stands where the test puts it."""

    def __init__(self) -> None:
        self.stands = Glance(State.IDLE)
        self.heard: list[e.Event] = []

    @property
    def glance(self) -> Glance:
        return self.stands

    def post(self, event: e.Event) -> None:
        self.heard.append(event)


class Front:
    """A stage before such a terminal."""

    def __init__(self) -> None:
        self.terminal, self.clock = Standing(), FeedClock(50.0)
        self.stage = Stage(
            terminal=lambda: self.terminal,
            clock=self.clock,
            manner=Manner(tuple(Purpose), consent="2026-11", by_card=True),
            texts={"en": ConsentText("2026-11", "d" * 43)},
            guidance=Guidance(min_face_px=30.0, min_brightness=0.1),
            picture=lambda: Picture(176, 144),
            now_s=lambda: 0,
        )

    def at(self, glance: Glance, say: str) -> scene.Scene:
        self.terminal.stands = glance
        self.stage.show(say)
        return self.stage.scene


def test_the_warning_comes_without_colours_and_both_answers_count_once() -> None:
    front = Front()
    warned = front.at(WARNED, "light_warning")
    assert (warned.step, warned.light) == (scene.Step.LIGHT, ())
    assert not warned.camera  # its picture would shine as well
    go_on = scene.ShineLight(serial=warned.serial)
    assert front.stage.hear(go_on)
    assert not front.stage.hear(go_on)
    assert front.stage.hear(scene.SkipLight(serial=warned.serial))
    assert front.terminal.heard == [e.LightAccepted(7), e.LightSkipped(7)]


def test_the_first_colour_is_dated_back_to_when_it_stood_there() -> None:
    front = Front()
    warned = front.at(WARNED, "light_warning")
    shining = front.at(SHINING, "light")
    assert [(one.rgb, one.ms) for one in shining.light] == list(OURS.on_screen)
    assert shining.serial != warned.serial
    assert not front.stage.hear(scene.LightShown(serial=warned.serial, since_ms=0))
    assert front.stage.hear(scene.LightShown(serial=shining.serial, since_ms=30))
    assert front.terminal.heard == [e.LightBegun(7, 50.0 - 0.03)]


def test_a_page_that_begins_anew_says_so_again() -> None:
    front = Front()
    shining = front.at(SHINING, "light")
    for _ in range(2):
        assert front.stage.hear(scene.LightShown(serial=shining.serial))
    assert len(front.terminal.heard) == 2


def test_no_colour_shines_where_no_page_shows_the_scene() -> None:
    front = Front()
    for glance in (Glance(State.ACTS, visit=7), Glance(State.IDLE)):
        front.at(glance, "act_seen")
        front.stage.unseen()
    assert front.terminal.heard == []
    for glance in (WARNED, SHINING):
        front.at(glance, "light")
        front.stage.unseen()
    assert front.terminal.heard == [e.LightSkipped(7)] * 2


def test_words_about_colours_outside_of_their_scene_do_nothing() -> None:
    front = Front()
    acts = front.at(Glance(State.ACTS, visit=7), "act_seen")
    for tap in (scene.ShineLight, scene.SkipLight, scene.LightShown):
        assert not front.stage.hear(tap(serial=acts.serial))
    assert front.terminal.heard == []
