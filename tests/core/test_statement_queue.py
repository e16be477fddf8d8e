"""What is sent when, and that nothing is forgotten without an answer."""

from hypothesis import given
from hypothesis import strategies as st

from likeness.core.statement_queue import (
    ANSWER_TO_S,
    AT_ONCE,
    Answered,
    Effect,
    Forget,
    Kept,
    Online,
    Send,
    SetAside,
    Signed,
    StatementQueue,
    Stray,
    TimePassed,
)


def one(number: int) -> Signed:
    return Signed(f"jti-{number}", f"hash-{number}", f"token-{number}")


def queue(count: int) -> StatementQueue:
    return StatementQueue([one(n) for n in range(count)], choose=lambda: 0.0)


def sent(effects: list[Effect]) -> list[str]:
    return [each.statement.jti for each in effects if isinstance(each, Send)]


def wait(machine: StatementQueue) -> list[Effect]:
    assert machine.deadline is not None
    return machine.handle(TimePassed(), machine.deadline)


def test_a_few_go_out_at_once_the_oldest_first() -> None:
    machine = queue(5)
    assert sent(machine.handle(Online(), 0.0)) == ["jti-0", "jti-1", "jti-2"]
    assert sent(machine.handle(TimePassed(), 0.1)) == []


def test_an_answer_lets_the_next_one_go() -> None:
    machine = queue(4)
    machine.handle(Online(), 0.0)
    done = machine.handle(Answered("jti-1", "hash-1", "kept"), 0.1)
    assert done == [Forget("jti-1"), Send(one(3))]
    done = machine.handle(Answered("jti-0", "hash-0", "refused", "why"), 0.2)
    assert done == [SetAside("jti-0", "why")]
    assert machine.waiting == 2


def test_one_without_an_answer_holds_up_no_other() -> None:
    machine = queue(AT_ONCE * 2)
    machine.handle(Online(), 0.0)
    assert sent(wait(machine)) == ["jti-3", "jti-4", "jti-5"]
    assert sent(wait(machine)) == ["jti-0", "jti-1", "jti-2"]


def test_a_new_one_goes_out_at_once() -> None:
    machine = queue(AT_ONCE + 1)
    machine.handle(Online(), 0.0)
    assert sent(machine.handle(Kept(one(9)), 0.1)) == ["jti-9"]


def test_one_that_was_on_the_disk_already_is_not_taken_twice() -> None:
    machine = queue(1)
    assert machine.handle(Kept(one(0)), 0.0) == []
    assert machine.waiting == 1


def test_waits_grow_and_a_new_line_starts_over() -> None:
    machine, waits = queue(1), []
    machine.handle(Online(), 0.0)
    before = 0.0
    for _ in range(12):
        assert machine.deadline is not None
        waits.append(machine.deadline - before)
        before = machine.deadline
        wait(machine)
    assert waits == sorted(waits)
    assert waits[-1] <= ANSWER_TO_S
    machine.handle(Online(), before)
    assert machine.deadline == before + waits[0]


def test_an_answer_to_other_words_under_its_name_changes_nothing() -> None:
    machine = queue(1)
    machine.handle(Online(), 0.0)
    assert machine.handle(Answered("jti-0", "hash-9", "kept"), 0.1) == [Stray("jti-0")]
    assert machine.handle(Answered("jti-9", "hash-0", "kept"), 0.1) == [Stray("jti-9")]
    assert machine.waiting == 1


@given(
    st.lists(
        st.one_of(
            st.just(Online()),
            st.just(TimePassed()),
            st.integers(0, 8).map(lambda n: Kept(one(n))),
            st.builds(
                lambda n, m, o: Answered(f"jti-{n}", f"hash-{m}", o),
                st.integers(0, 8),
                st.integers(0, 8),
                st.sampled_from(["kept", "refused"]),
            ),
        ),
        max_size=60,
    )
)
def test_only_its_own_answer_ends_one_and_each_other_is_sent_again(
    events: list[Online | TimePassed | Kept | Answered],
) -> None:
    machine, waits = queue(3), {f"jti-{n}" for n in range(3)}
    now = 0.0
    for event in [Online(), *events]:
        now += 1.0
        done = machine.handle(event, now)
        if isinstance(event, Kept):
            waits.add(event.statement.jti)
        ended = [each.jti for each in done if isinstance(each, Forget | SetAside)]
        for jti in ended:
            assert isinstance(event, Answered)
            assert (event.jti, event.hash[5:]) == (jti, jti[4:])
            waits.remove(jti)
        assert set(sent(done)) <= waits
        assert machine.waiting == len(waits)
        assert (machine.deadline is not None) or not waits
    heard: set[str] = set()
    for _ in range(len(waits) + 1):
        if machine.deadline is not None:
            heard |= set(sent(wait(machine)))
    assert heard == waits
