import asyncio
import os
import time
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import cv2
import pytest

import clips
from likeness.core.seen import Frame
from likeness.edges.recorded import LiveFeed, RecordedCamera, frames
from likeness.errors import FeedUnreadable


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return clips.write_clip(tmp_path / "clip.mp4")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Eleven pictures whose names do not sort as text does."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(11):
        cv2.imwrite(str(folder / f"{number}.png"), clips.grey(number))
    (folder / "notes.txt").write_text("no picture")
    return folder


def times(recording: list[Frame]) -> list[float]:
    return [round(frame.captured_s, 4) for frame in recording]


async def drain(camera: RecordedCamera | LiveFeed) -> list[Frame]:
    given = []
    while (frame := await camera.frame()) is not None:
        given.append(frame)
    return given


# --- the iterator ---------------------------------------------------------------------
def test_every_frame_comes_in_order_with_its_own_time(clip: Path) -> None:
    recording = list(frames(clip))

    assert [clips.number_in(frame) for frame in recording] == list(range(10))
    assert [frame.number for frame in recording] == list(range(10))
    assert times(recording) == [round(i / 25, 4) for i in range(10)]


def test_a_variable_rate_is_obeyed(clip: Path) -> None:
    clips.hurry(clip, after=4, count=10)

    expected = [0.0, 0.04, 0.08, 0.12, 0.16, 0.18, 0.2, 0.22, 0.24, 0.26]
    assert times(list(frames(clip))) == expected


def test_the_end_is_not_part_of_the_time_asked_for(clip: Path) -> None:
    recording = list(frames(clip, start_s=0.08, end_s=0.2))

    assert times(recording) == [0.08, 0.12, 0.16]
    assert [frame.number for frame in recording] == [2, 3, 4]
    assert [clips.number_in(frame) for frame in recording] == [2, 3, 4]


def test_a_turned_camera_gives_upright_pictures(clip: Path) -> None:
    clips.turn(clip)

    image = next(iter(frames(clip))).image

    assert image.shape == (64, 48, 3)
    # The upper half of what the sensor saw is now on the right.
    assert image[:, 36:].mean() > image[:, :12].mean() + 4


def test_pictures_of_a_folder_come_by_number(folder: Path) -> None:
    recording = list(frames(folder, fps=20, start_s=0.1))

    assert [clips.number_in(frame) for frame in recording] == list(range(2, 11))
    assert times(recording) == [round(i / 20, 4) for i in range(2, 11)]


def test_odd_names_and_a_header_of_any_size_are_one_line(tmp_path: Path) -> None:
    for name in ("1²3.png", "٣.png", "-1.png"):
        cv2.imwrite(str(tmp_path / name), clips.grey(1))
    assert len(list(frames(tmp_path, fps=25))) == 3
    head = (tmp_path / "-1.png").read_bytes()
    huge = bytearray(head[:33])
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    huge[29:33] = zlib.crc32(huge[12:29]).to_bytes(4, "big")
    (tmp_path / "9.png").write_bytes(huge + head[33:])
    with pytest.raises(FeedUnreadable, match=r"9\.png: is no picture"):
        list(frames(tmp_path, fps=25))


def test_a_name_that_is_not_utf_8_is_one_line(clip: Path, tmp_path: Path) -> None:
    """OpenCV would crash, and the program with it."""
    odd = tmp_path / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    video, picture = odd / "clip.mp4", odd / "0.png"
    video.write_bytes(clip.read_bytes())
    picture.write_bytes(cv2.imencode(".png", clips.grey(1))[1].tobytes())
    for path in (video, odd):
        with pytest.raises(FeedUnreadable, match="its name is not UTF-8; rename it"):
            next(frames(path, fps=25))


def test_a_clip_that_is_cut_short_gives_what_it_has(tmp_path: Path) -> None:
    clip = clips.write_clip(tmp_path / "clip.avi", codec="MJPG")
    whole = clip.read_bytes()
    begin, end = whole.index(b"movi"), whole.index(b"idx1")
    clip.write_bytes(whole[: (begin + end) // 2])

    recording = list(frames(clip))

    assert 3 <= len(recording) < 10
    assert [clips.number_in(frame) for frame in recording] == [*range(len(recording))]


def damage(folder: Path) -> Path:
    (folder / "3.png").write_bytes(b"no picture")
    return folder


def test_a_folder_gives_what_stands_before_a_damaged_picture(folder: Path) -> None:
    given: list[int] = []

    with pytest.raises(FeedUnreadable, match=r"3\.png: is no picture"):
        given.extend(clips.number_in(frame) for frame in frames(damage(folder), fps=25))
        # extend takes what came before the fault
    assert given == [0, 1, 2]


def test_a_folder_needs_a_rate(folder: Path) -> None:
    with pytest.raises(FeedUnreadable, match="needs fps"):
        list(frames(folder))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such video or folder"),
        (b"", "no video that FFmpeg can decode"),
        (b"\x00\x00\x00\x18ftypmp42 and no more", "no video that FFmpeg can decode"),
        (b"visit = 1\n" * 100, "no video that FFmpeg can decode"),
    ],
)
def test_what_is_no_video_is_named(
    tmp_path: Path, content: bytes | None, says: str, capfd: pytest.CaptureFixture[str]
) -> None:
    clip = tmp_path / "clip.mp4"
    if content is not None:
        clip.write_bytes(content)

    with pytest.raises(FeedUnreadable, match=rf"clip\.mp4: .*{says}") as fault:
        list(frames(clip))

    assert "\n" not in str(fault.value)
    assert capfd.readouterr() == ("", "")  # FFmpeg keeps its comments


def test_a_time_without_frames_is_named(clip: Path, folder: Path) -> None:
    with pytest.raises(FeedUnreadable, match="no frame between 5 s and its end"):
        list(frames(clip, start_s=5))
    with pytest.raises(FeedUnreadable, match=r"no frame between 0\.01 s and 0\.02 s"):
        list(frames(folder, fps=25, start_s=0.01, end_s=0.02))


# --- without loss ---------------------------------------------------------------------
@pytest.mark.parametrize("pace", ["max", "real"])
def test_both_paces_give_the_same_frames(clip: Path, pace: str) -> None:
    async def play() -> list[Frame]:
        camera = RecordedCamera(clip, pace="real" if pace == "real" else "max")
        await camera.start()
        begun = time.monotonic()
        given = await drain(camera)
        if pace == "real":  # never before its time; how much later is not our matter
            assert time.monotonic() - begun >= 0.3
        await camera.stop()
        return given

    given = asyncio.run(play())

    assert [clips.number_in(frame) for frame in given] == list(range(10))
    assert times(given) == times(list(frames(clip)))


def test_a_slow_looker_loses_nothing(clip: Path) -> None:
    async def play() -> list[int]:
        camera = RecordedCamera(clip, start_s=0.04)
        await camera.start()
        given = []
        while (frame := await camera.frame()) is not None:
            await asyncio.sleep(0.01)
            given.append(clips.number_in(frame))
        assert await camera.frame() is None  # and it stays at its end
        await camera.stop()
        return given

    assert asyncio.run(play()) == list(range(1, 10))


def test_who_stops_waiting_costs_no_frame(clip: Path) -> None:
    async def play() -> list[int]:
        camera = RecordedCamera(clip, pace="real")
        await camera.start()
        await camera.frame()
        waiting = asyncio.create_task(camera.frame())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        given = await drain(camera)
        await camera.stop()
        return [frame.number for frame in given]

    assert asyncio.run(play()) == list(range(1, 10))


def test_a_stopped_recording_begins_anew(clip: Path) -> None:
    async def play() -> list[int]:
        camera = RecordedCamera(clip)
        firsts = []
        for _ in range(2):
            await camera.start()
            frame = await camera.frame()
            assert frame is not None
            firsts.append(frame.number)
            await camera.frame()
            await camera.stop()
        assert await camera.frame() is None
        await camera.stop()  # twice does no harm
        return firsts

    assert asyncio.run(play()) == [0, 0]


def test_a_fault_in_the_middle_comes_after_what_was_good(folder: Path) -> None:
    async def play() -> int:
        camera = RecordedCamera(damage(folder), fps=25)
        await camera.start()
        count = 0
        try:
            while await camera.frame() is not None:
                count += 1
        except FeedUnreadable:
            return count
        finally:
            await camera.stop()
        return -1

    assert asyncio.run(play()) == 3


Make = Callable[[Path], RecordedCamera | LiveFeed]


@pytest.mark.parametrize(
    "make",
    [RecordedCamera, lambda path: LiveFeed(path, fps=25, start_s=0, loop=True)],
)
def test_a_missing_recording_does_not_start(tmp_path: Path, make: Make) -> None:
    starting: Awaitable[None] = make(tmp_path / "none.mp4").start()

    with pytest.raises(FeedUnreadable, match="no such video"):
        asyncio.run(_run(starting))


async def _run(what: Awaitable[None]) -> None:
    await what


# --- like a camera --------------------------------------------------------------------
def test_a_live_feed_keeps_time_on_the_monotonic_clock(clip: Path) -> None:
    clips.hurry(clip, after=4, count=10)

    async def play() -> tuple[float, list[Frame], float]:
        feed = LiveFeed(clip, fps=25, start_s=0.0, loop=False)
        before = time.monotonic()
        await feed.start()
        given = await drain(feed)
        await feed.stop()
        return before, given, time.monotonic()

    before, given, after = asyncio.run(play())

    assert before <= given[0].captured_s
    assert given[-1].captured_s <= after
    its_own = times(list(frames(clip)))
    first = given[0]
    for frame in given:  # whatever was dropped on a busy machine
        since = frame.captured_s - first.captured_s
        assert since >= its_own[frame.number] - its_own[first.number] - 1e-3
        assert clips.number_in(frame) == frame.number


def test_a_live_feed_drops_what_is_not_taken_and_goes_forth_and_back(
    clip: Path,
) -> None:
    async def play() -> tuple[list[Frame], int]:
        feed = LiveFeed(clip, fps=25, start_s=0.2, loop=True)  # frames 5 to 9
        await feed.start()
        given: list[Frame] = []
        while not given or given[-1].number < 20:
            frame = await feed.frame()
            assert frame is not None
            given.append(frame)
            await asyncio.sleep(0.1)
        await feed.stop()
        return given, feed.dropped

    given, dropped = asyncio.run(play())

    assert dropped == given[-1].number + 1 - len(given) > 0
    forth_and_back = (5, 6, 7, 8, 9, 8, 7, 6)
    for frame in given:
        assert clips.number_in(frame) == forth_and_back[frame.number % 8]


def test_one_picture_is_shown_again_and_again(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "1.png"), clips.grey(1))

    async def play() -> list[Frame | None]:
        feed = LiveFeed(tmp_path, fps=25, start_s=0.0, loop=True)
        await feed.start()
        given = [await feed.frame() for _ in range(3)]
        await feed.stop()
        return given

    assert all(frame is not None for frame in asyncio.run(play()))


# --- real ones ------------------------------------------------------------------------
@pytest.mark.feeds
def test_times_of_a_phone_clip_are_those_in_the_file(feeds: Path) -> None:
    """Truth from FFmpeg's own demuxer; this rate varies, its edit list begins early."""
    clip = feeds / "videos" / "pyfeat-face-then-none.mov"

    recording = list(frames(clip))

    assert len(recording) == 169
    assert times(recording)[:4] == [0.0, 0.0333, 0.0667, 0.1]
    assert times(recording)[-2:] == [6.3187, 6.3604]
