from likeness.bench.attacks.draws import Draws


def test_the_same_name_draws_the_same_numbers_and_another_name_others() -> None:
    def numbers(name: str) -> list[float]:
        draws = Draws(name, 1)
        return [draws.between("a", 0, 1), draws.between("b", 0, 1)]

    assert numbers("visit") == numbers("visit")
    assert numbers("visit") != numbers("other")
    assert Draws("a", 1).rng.random() != Draws("a", 2).rng.random()


def test_draws_stay_within_their_range_and_reach_most_of_it() -> None:
    draws = Draws("range")
    values = [draws.between("distance_mm", 300, 700) for _ in range(500)]
    assert 300 <= min(values) < 320
    assert 680 < max(values) < 700
    assert {draws.one_of("side", (-1, 1)) for _ in range(50)} == {-1, 1}


def test_what_was_drawn_is_told_with_its_range() -> None:
    draws = Draws("told")
    value = draws.between("blur_px", 0.5, 1.5)
    choice = draws.one_of("paper", ("a4", "a5"))
    assert draws.taken == {
        "blur_px": {"drawn": round(value, 5), "from": [0.5, 1.5]},
        "paper": {"drawn": choice, "from": ["a4", "a5"]},
    }
