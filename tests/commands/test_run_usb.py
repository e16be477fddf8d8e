"""A whole visit with a USB camera: the real daemon over the stand-in for V4L2."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import pytest

import v4l2_standin
from likeness.edges.recorded import frames
from processes import LIKENESS, Program
from programs import Shop
from v4l2_standin import HEIGHT_PX, WIDTH_PX, StandIn

CAMERA = "/dev/v4l/by-id/usb-standin-video-index0"  # only the library knows it
RESTING = 8  # pictures: fewer than there are before the first act is asked for
WAIT = "The camera is starting again. One moment, please."


@pytest.fixture
def camera(tmp_path: Path, pictures: Path) -> StandIn:
    """It sees the public clip, forth and back, so that nothing jumps where it ends."""
    (tmp_path / "camera").mkdir()
    made = v4l2_standin.make(tmp_path / "camera")
    folder = made.folder / "frames"
    for old in folder.iterdir():
        old.unlink()
    seen = [frame.image for frame in frames(pictures / "carphone.mp4")]
    for number, image in enumerate(seen + seen[::-1]):
        picture = cv2.resize(image, (WIDTH_PX, HEIGHT_PX))
        cv2.imwrite(str(folder / f"{number:04}.jpg"), picture)
    return made


@pytest.fixture
def shop(tmp_path: Path, pictures: Path) -> Iterator[Shop]:
    with Shop(tmp_path, pictures, "shop-1") as made:
        made.broker.start()
        made.carrier.start()
        yield made


@pytest.mark.broker
@pytest.mark.gcc
@pytest.mark.slow
@pytest.mark.parametrize("fault", ["stall_after", "gone_after"])
def test_a_camera_that_fails_before_the_acts_costs_nobody_a_visit(
    tmp_path: Path, pictures: Path, shop: Shop, camera: StandIn, fault: str
) -> None:
    """It falls silent, or is unplugged and plugged in again."""
    library = v4l2_standin.build(tmp_path)
    config = tmp_path / "shop-1" / "terminal.toml"
    feed = f'source = "feed"\npath = "{pictures / "carphone.mp4"}"\nloop = true'
    usb = f'source = "usb"\npath = "{CAMERA}"\nwidth_px = {WIDTH_PX}'
    text = config.read_text(encoding="utf-8")
    assert feed in text
    config.write_text(text.replace(feed, usb), encoding="utf-8")
    run = Program(
        tmp_path / "run.log",
        *LIKENESS,
        *("run", "--config", config),
        env={**camera.environment(library), "V4L2_STANDIN_PATH": CAMERA},
    )
    camera.set(**{fault: RESTING})
    run.start()
    try:
        assert run.says("Welcome", 30), run.said()
        shop.terminals[0].reader.lay(shop.cards[0])
        assert run.says("event=camera_stalled", 30), run.said()
        assert run.says(WAIT, 10), run.said()
        assert "event=visit_done" not in run.said()
        camera.set()
        assert run.says("event=visit_done", 60), run.said()
    finally:
        code = run.stop()
    assert code == 0
    assert "verdict=accepted" in run.said()
    assert camera.asked().count("open") == camera.asked().count("close")
