import numpy as np

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Pose, Sheet
from likeness.bench.attacks.stage import HEIGHT, WIDTH, Stage
from likeness.vision.detect import Picture


def striped() -> Sheet:
    stripes = (np.arange(200) // 10 % 2)[None, :, None] * np.ones((200, 1, 3))
    return Sheet(np.dstack([stripes, np.ones((200, 200))]).astype(np.float32), 1.0)


def shot(speed_mm_per_s: float) -> Picture:
    stage, sheet = Stage(Draws("stage")), striped()
    return stage.shoot(
        lambda at_s: [(sheet, Pose(x_mm=speed_mm_per_s * (at_s - 0.005)))], 0.0
    )


def edges(picture: Picture) -> float:
    middle = picture[HEIGHT // 2 - 40 : HEIGHT // 2 + 40, WIDTH // 2 - 60 :][:, :120]
    return float(np.abs(np.diff(middle.astype(float).mean(axis=(0, 2)))).max())


def test_a_fast_sheet_is_blurred_along_its_way() -> None:
    still, fast = shot(0), shot(900)
    assert still.shape == (HEIGHT, WIDTH, 3)
    assert edges(fast) < 0.6 * edges(still)


def test_the_same_draws_take_the_same_picture() -> None:
    assert (shot(100) == shot(100)).all()
