from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import outbox as box
from likeness.core.chain import Link
from playbook import play, transcripts

HERE = Path(__file__).parent
OTHER = "another-hash"


def link(seq: int) -> Link:
    return Link("e", seq, f"h{seq}")


@pytest.mark.parametrize(
    "path", transcripts(HERE / "transcripts", "outbox"), ids=lambda p: p.stem
)
def test_transcript(path: Path) -> None:
    machine = box.Outbox([], lambda: 0.0)
    assert play(path.read_text(), machine, vars(box)) == path.read_text()


class Model:
    """What must hold after each step, whatever comes in."""

    def __init__(self, count: int) -> None:
        links = [link(n) for n in range(count)]
        self.machine = box.Outbox(links, lambda: 0.5, links[-1])
        self.open = set(range(count))
        self.receipted: set[int] = set()
        self.refused: set[int] = set()
        self.in_flight: set[int] = set()
        self.made = count
        self.asked_after_newest = False

    def step(self, event: box.Event, now: float) -> list[box.Effect]:
        match event:
            case box.Receipted(upto, kept) if upto.hash == kept:
                self.receipted.update(range(upto.seq + 1))
            case box.Refused(record) if record.hash == link(record.seq).hash:
                self.refused.add(record.seq)
            case box.Acknowledged(_, seq, _):
                self.in_flight.discard(seq)
            case box.Offline():
                self.in_flight.clear()
            case box.Stored(record):
                self.open.add(record.seq)
                self.made += 1
            case _:
                pass
        effects = self.machine.handle(event, now)
        forked = [one for one in effects if isinstance(one, box.BeginEpoch)]
        assert bool(forked) == self.tells_a_fork(event)
        for effect in effects:
            self.check(effect)
        assert len(self.in_flight) <= box.WINDOW
        return effects

    def tells_a_fork(self, event: box.Event) -> bool:
        """Say if the carrier's word does not fit what we have made."""
        if not isinstance(event, box.Receipted) or event.kept == event.upto.hash:
            return False
        return bool(event.kept) or event.upto.seq >= self.made

    def check(self, effect: box.Effect) -> None:
        match effect:
            case box.Send(_, seq):
                if seq == self.made - 1 and not self.asked_after_newest:
                    self.asked_after_newest = True  # once, even if it is receipted
                else:
                    assert seq in self.open, "sent what was done with"
                assert seq not in self.in_flight, "handed over twice"
                self.in_flight.add(seq)
            case box.Forget(_, upto):
                assert upto in self.receipted, "forgotten without a receipt"
                self.open -= set(range(upto + 1))
            case box.SetAside(_, seq):
                assert seq in self.refused, "set aside without a refusal"
                self.open.discard(seq)
            case box.BeginEpoch() | box.Report():
                pass


def _events(count: int) -> st.SearchStrategy[box.Event]:
    seqs = st.integers(0, count + 3)
    return st.one_of(
        st.just(box.Online()),
        st.just(box.Offline()),
        st.just(box.TimePassed()),
        st.builds(
            box.Acknowledged,
            st.just("e"),
            seqs,
            st.sampled_from([0, box.NO_MATCHING_SUBSCRIBERS, 0x87, 0x97]),
        ),
        st.builds(
            lambda seq, good: box.Receipted(
                link(seq) if good else Link("e", seq, OTHER),
                link(seq).hash if seq < count else "",
            ),
            seqs,
            st.booleans(),
        ),
        st.builds(
            lambda seq, good: box.Refused(
                link(seq) if good else Link("e", seq, OTHER), "no"
            ),
            st.integers(0, count - 1),
            st.booleans(),
        ),
    )


@given(
    st.integers(1, 90).flatmap(
        lambda count: st.tuples(
            st.just(count),
            st.lists(st.tuples(_events(count), st.floats(0, 400)), max_size=40),
        )
    )
)
def test_nothing_is_forgotten_and_a_good_line_drains_in_order(
    steps: tuple[int, list[tuple[box.Event, float]]],
) -> None:
    count, events = steps
    model, now = Model(count), 0.0
    for event, later in events:
        now += later
        model.step(event, now)
    # Whatever was before: a good line and a good carrier drain the rest, in order.
    model.step(box.Offline(), now)
    todo = model.step(box.Online(), now)
    sent = []
    while todo:
        effect = todo.pop(0)
        if isinstance(effect, box.Send):
            if effect.seq in model.open:
                sent.append(effect.seq)
            todo += model.step(box.Acknowledged("e", effect.seq, 0), now)
            place = link(effect.seq)
            todo += model.step(box.Receipted(place, place.hash), now)
    assert sent == sorted(sent)
    assert model.open == set()
    assert model.machine.waiting == 0
    assert model.machine.deadline is None


def test_the_newest_record_is_sent_once_more_at_the_start() -> None:
    """A carrier that knows more than we do will say so."""
    machine = box.Outbox([], lambda: 0.0, link(5))
    assert machine.handle(box.Online(), 0.0) == [box.Send("e", 5)]
    assert machine.handle(box.Acknowledged("e", 5, 0), 0.1) == []
    assert machine.handle(box.Receipted(link(5), "h5"), 0.2) == []
    assert machine.deadline is None
    machine.handle(box.Offline(), 1.0)
    assert machine.handle(box.Online(), 2.0) == []


def test_a_record_that_waits_anyway_is_not_sent_twice_at_the_start() -> None:
    machine = box.Outbox([link(5)], lambda: 0.0, link(5))
    assert machine.handle(box.Online(), 0.0) == [box.Send("e", 5)]


def test_a_receipt_for_a_deleted_record_is_no_fork() -> None:
    machine = box.Outbox([], lambda: 0.0, link(5000))
    said = machine.handle(box.Receipted(link(17), kept=""), 0.0)
    assert said == [box.Report(box.Trouble.RECEIPT_UNKNOWN, "e", 17)]


def test_more_than_the_window_waits_for_pubacks() -> None:
    machine = box.Outbox([link(n) for n in range(100)], lambda: 0.0)
    sent = machine.handle(box.Online(), 0.0)
    assert sent == [box.Send("e", n) for n in range(box.WINDOW)]
    assert machine.handle(box.Acknowledged("e", 0, 0), 0.1) == [
        box.Send("e", box.WINDOW)
    ]


@pytest.mark.parametrize(("broker", "room"), [(1, 1), (5, 5), (65_535, box.WINDOW)])
def test_the_brokers_window_counts_where_it_is_less(broker: int, room: int) -> None:
    machine = box.Outbox([link(n) for n in range(100)], lambda: 0.0)
    sent = machine.handle(box.Online(broker), 0.0)
    assert [one for one in sent if isinstance(one, box.Send)] == [
        box.Send("e", n) for n in range(room)
    ]
    # Another broker, or the same one mended: its own window counts.
    machine.handle(box.Offline(), 1.0)
    assert len(machine.handle(box.Online(3), 1.0)) == 3


def test_a_dead_carrier_gets_no_storm() -> None:
    """10,000 records wait; the broker takes all, the carrier is silent for a day."""
    machine = box.Outbox([link(n) for n in range(10_000)], lambda: 0.0)
    now, day, sends = 0.0, 86_400.0, 0
    todo = machine.handle(box.Online(), now)
    while now < day:
        while todo:
            effect = todo.pop()
            if isinstance(effect, box.Send):
                sends += 1
                todo += machine.handle(box.Acknowledged("e", effect.seq, 0), now)
        assert machine.deadline is not None
        now = machine.deadline
        todo = machine.handle(box.TimePassed(), now)
    passes = day / (box.RECEIPT_TO_S / 2) + 10
    assert sends <= 2 * box.AHEAD + passes


@pytest.mark.parametrize(
    "answer",
    [box.Receipted(link(0), link(0).hash), box.Refused(link(0), "bad_signature")],
)
def test_one_answer_after_a_long_silence_lets_all_flow_again(answer: box.Event) -> None:
    machine = box.Outbox([link(n) for n in range(200)], lambda: 0.0)
    todo = machine.handle(box.Online(), 0.0)
    for _ in range(10):  # silent waits
        taken(machine, todo, 0.0)
        assert machine.deadline is not None
        todo = machine.handle(box.TimePassed(), machine.deadline)
    assert taken(machine, todo, 0.0) == [0], "one that asks"

    flows = taken(machine, machine.handle(answer, 0.0), 0.0)

    assert flows == list(range(1, 1 + box.AHEAD))


def taken(machine: box.Outbox, effects: list[box.Effect], now: float) -> list[int]:
    """Let the broker take what is sent, and what is then sent; return it."""
    sent, todo = [], list(effects)
    while todo:
        effect = todo.pop(0)
        if isinstance(effect, box.Send):
            sent.append(effect.seq)
            todo += machine.handle(box.Acknowledged("e", effect.seq, 0), now)
    return sent


def test_nothing_is_sent_twice_while_receipts_make_progress() -> None:
    """The carrier is slow, 1 record in 4 s, but it moves: no resend at all."""
    machine = box.Outbox([link(n) for n in range(200)], lambda: 0.0)
    sent: list[int] = []

    def run(todo: list[box.Effect], now: float) -> None:
        while todo:
            effect = todo.pop(0)
            if isinstance(effect, box.Send):
                sent.append(effect.seq)
                todo += machine.handle(box.Acknowledged("e", effect.seq, 0), now)

    run(machine.handle(box.Online(), 0.0), 0.0)
    for seq in range(200):
        now = 4.0 * (seq + 1)
        if machine.deadline is not None and machine.deadline <= now:
            run(machine.handle(box.TimePassed(), machine.deadline), machine.deadline)
        place = link(seq)
        run(machine.handle(box.Receipted(place, place.hash), now), now)
    assert sent == list(range(200))


def test_a_record_of_an_older_epoch_is_covered_by_its_own_receipts_only() -> None:
    old = Link("old", 5, "o5")
    machine = box.Outbox([link(1), old], lambda: 0.0)
    machine.handle(box.Online(), 0.0)
    assert machine.handle(box.Receipted(Link("e", 9, "h9"), "h9"), 1.0) == [
        box.Forget("e", 9)
    ]
    assert machine.waiting == 1
    assert machine.handle(box.Receipted(old, "o5"), 1.0) == [box.Forget("old", 5)]


@pytest.mark.parametrize("stuck", [1, 41, 200])
def test_an_epoch_that_nobody_can_receipt_keeps_no_other_back(stuck: int) -> None:
    """A database was damaged: what stood before these is gone, no head reaches them."""
    old = [Link("old", 160 + n, f"o{n}") for n in range(stuck)]
    machine = box.Outbox([*old, link(0)], lambda: 0.5, link(0))
    head = Link("old", 59, "of a record that is gone")
    sent, now, made = 0, 0.0, 1

    def tell(event: box.Event) -> None:
        nonlocal sent
        for effect in machine.handle(event, now):
            if isinstance(effect, box.Send):
                sent += 1
                tell(box.Acknowledged(effect.epoch, effect.seq, 0))
                upto = link(effect.seq) if effect.epoch == "e" else head
                tell(box.Receipted(upto, upto.hash))

    tell(box.Online())
    for _ in range(200):
        until = now + 180.0
        while (due := machine.deadline) is not None and due < until:
            now = due
            tell(box.TimePassed())
        now = until
        tell(box.Stored(link(made)))
        made += 1
        assert machine.waiting == stuck, "it went out, and was receipted, at once"
    probes = 200 * 180 / 150  # at most: the longest wait is 150 … 300 s
    assert sent < made + 2 * min(stuck, box.AHEAD) + probes, "and no storm"


def test_a_lane_is_barred_with_the_line() -> None:
    old = Link("old", 7, "o")
    machine = box.Outbox([link(0), old], lambda: 0.0, link(0))
    machine.handle(box.Online(), 0.0)
    machine.handle(box.Acknowledged("old", 7, 0x87), 1.0)
    assert machine.line is box.Line.BARRED
    due = machine.deadline
    assert due is not None
    machine.handle(box.Acknowledged("e", 0, 0x87), 1.0)
    assert machine.deadline == due, "the second refusal says nothing new"
    sent = machine.handle(box.TimePassed(), due)
    assert sent == [box.Send("e", 0), box.Send("old", 7)]
