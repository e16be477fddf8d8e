from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from likeness.bench.chip_portrait import chip_portrait
from likeness.bench.embedding_cache import (
    Embedded,
    EmbeddingCache,
    Wanted,
    embed_each,
    embed_one,
    made_by,
)
from likeness.errors import UsageError
from likeness.vision.look import Looker
from real_models import model_set

VECTOR = np.linspace(-1, 1, 128)


class BlindLooker(Looker):
    """Must not be asked for anything: all is known already."""

    def find_still(self, picture: object) -> None:
        raise AssertionError(f"a picture was looked at: {picture}")


@dataclass
class OtherModels:
    """The facts of a model set, to be changed one by one."""

    variant: str = "w8"
    runtime: str = "some runtime"
    digest: str = "00"

    @property
    def digests(self) -> dict[str, str]:
        return {"embed": self.digest}


def test_what_was_put_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "new" / "embeddings.jsonl"
    with closing(EmbeddingCache(path, "us")) as cache:
        cache.put("aa", "live", Embedded(VECTOR))
        cache.put("aa", "chip", Embedded(None, "no face found"))

    with closing(EmbeddingCache(path, "us")) as cache:
        known = cache.get("aa", "live")
        assert known is not None
        assert known.vector is not None
        assert known.vector.tolist() == VECTOR.tolist()  # to the last bit
        assert cache.get("aa", "chip") == Embedded(None, "no face found")
        assert cache.get("bb", "live") is None
    assert path.stat().st_mode & 0o077 == 0  # biometric data: its owner's only


def test_what_others_made_is_not_taken(tmp_path: Path) -> None:
    with closing(EmbeddingCache(tmp_path / "e", "us")) as cache:
        cache.put("aa", "live", Embedded(VECTOR))

    with closing(EmbeddingCache(tmp_path / "e", "them")) as cache:
        assert cache.get("aa", "live") is None


@pytest.mark.parametrize("kept", [0, 1, 40, -2])
def test_a_line_cut_short_costs_only_itself(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "e"
    with closing(EmbeddingCache(path, "us")) as cache:
        cache.put("aa", "live", Embedded(VECTOR))
        whole = path.read_bytes()
        cache.put("bb", "live", Embedded(VECTOR))
    path.write_bytes(whole + path.read_bytes()[len(whole) :][:kept])

    with closing(EmbeddingCache(path, "us")) as cache:
        assert cache.get("aa", "live") is not None
        assert cache.get("bb", "live") is None
        cache.put("cc", "live", Embedded(VECTOR))
    with closing(EmbeddingCache(path, "us")) as cache:
        assert cache.get("cc", "live") is not None


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="cannot be written"):
        EmbeddingCache(tmp_path / "file" / "e", "us")


def test_each_picture_is_seen_once_in_its_life(
    looker: Looker, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "same.jpg").write_bytes((pictures / "obama.jpg").read_bytes())
    wanted: list[Wanted] = [("obama.jpg", "live"), ("biden.jpg", "live")]
    with closing(EmbeddingCache(tmp_path / "e", "us")) as cache:
        first = dict(embed_each(wanted, pictures, looker, cache))
        blind = BlindLooker(model_set())
        again: list[Wanted] = [
            ("obama.jpg", "live"),
            (str(tmp_path / "same.jpg"), "live"),
        ]
        second = dict(embed_each(again, pictures, blind, cache))

    # Another name, the same content.
    assert list(second) == again
    obama = first["obama.jpg", "live"]
    assert all(one is obama for one in second.values())


def test_sides_are_embedded_as_the_terminal_does(
    looker: Looker, pictures: Path
) -> None:
    encoded = (pictures / "obama.jpg").read_bytes()
    portrait = chip_portrait(encoded, looker)
    assert portrait is not None

    live = embed_one(encoded, "live", looker)
    chip = embed_one(encoded, "chip", looker)

    assert live.vector is not None
    assert chip.vector is not None
    assert tuple(chip.vector.tolist()) == looker.enrol(portrait)
    assert 0.5 < float(live.vector @ chip.vector) < 0.999  # pressed, but the same man


def test_without_a_face_it_says_why(looker: Looker) -> None:
    grey = b"P5 64 48 255 " + bytes([128]) * (64 * 48)

    assert embed_one(b"none", "live", looker).problem.startswith("is no picture")
    assert embed_one(grey, "live", looker) == Embedded(None, "no face found")
    assert embed_one(grey, "chip", looker) == Embedded(None, "no face found")


def test_other_models_made_other_embeddings() -> None:
    makers = [
        OtherModels(),
        OtherModels(variant="f32"),
        OtherModels(runtime="another"),
        OtherModels(digest="01"),
    ]

    assert made_by(makers[0]) == made_by(OtherModels())  # type: ignore[arg-type]
    assert len({made_by(maker) for maker in makers}) == 4  # type: ignore[arg-type]
