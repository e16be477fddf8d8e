from pathlib import Path

import numpy as np
import pytest

from likeness.bench.embed import DIMENSIONS, Embedded, embed, read_list, write
from likeness.errors import UsageError
from likeness.vision.look import Looker

UNIT = (1.0, *[0.0] * (DIMENSIONS - 1))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (b"a.jpg\nb c.png\n", ["a.jpg", "b c.png"]),
        (b"a.jpg\n\n b.jpg ", ["a.jpg", "", " b.jpg "]),  # verbatim, line for line
        ("人.jpg\u2028x\n".encode(), ["人.jpg\u2028x"]),
        (b"caf\xe9.jpg\n", ["caf\udce9.jpg"]),  # a name that is not UTF-8
    ],
)
def test_a_list_is_read_line_by_line(
    tmp_path: Path, text: bytes, lines: list[str]
) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(text)

    assert read_list(path) == lines


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"\xef\xbb\xbfa.jpg\nb.jpg\n")
    assert read_list(path) == ["a.jpg", "b.jpg"]


def test_a_list_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.txt: No such file"):
        read_list(tmp_path / "none.txt")
    (tmp_path / "empty.txt").write_bytes(b"")
    with pytest.raises(UsageError, match=r"empty\.txt: names no picture"):
        read_list(tmp_path / "empty.txt")


def test_a_file_holds_what_the_contract_says(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out.bin"  # the name is taken as it is
    results = [Embedded("a b.jpg", UNIT), Embedded("人.jpg", None, "no face found")]

    write(results, out)

    with np.load(out, allow_pickle=False) as file:
        assert set(file) == {"paths", "found", "embeddings"}
        assert file["paths"].tolist() == ["a b.jpg", "人.jpg"]
        assert file["paths"].dtype.kind == "U"
        assert file["found"].tolist() == [True, False]
        assert file["found"].dtype == np.bool_
        assert file["embeddings"].dtype == np.float32
        assert file["embeddings"].shape == (2, DIMENSIONS)
        assert file["embeddings"][0].tolist() == list(UNIT)
        assert not file["embeddings"][1].any()
    assert [path.name for path in out.parent.iterdir()] == ["out.bin"]


def test_a_place_that_cannot_be_written_keeps_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no folder")

    with pytest.raises(UsageError, match="cannot be written"):
        write([Embedded("a.jpg", UNIT)], tmp_path / "file" / "out.npz")

    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="cannot be written"):
        write([Embedded("a.jpg", UNIT)], tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "out"]


def test_each_picture_is_embedded_or_named(
    looker: Looker, pictures: Path, tmp_path: Path
) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    absolute = str(tmp_path / "bad.jpg")
    lines = ["obama.jpg", "none.jpg", absolute, "biden.jpg", "", "a\0b"]

    results = list(embed(lines, pictures, looker))

    assert [result.line for result in results] == lines
    found = [result.embedding is not None for result in results]
    assert found == [True, False, False, True, False, False]
    assert [result.problem == "" for result in results] == found
    assert results[1].problem.endswith("none.jpg: No such file or directory")
    assert results[2].problem.endswith("bad.jpg: is no picture that can be decoded")
    obama, biden = results[0].embedding, results[3].embedding
    assert obama is not None
    assert biden is not None
    assert np.linalg.norm(obama) == pytest.approx(1, abs=1e-5)
    assert np.dot(obama, biden) < 0.3


def test_card_portraits_are_taken_as_the_daemon_takes_them(
    looker: Looker, pictures: Path
) -> None:
    (result,) = embed(["obama.jpg"], pictures, looker, card=True)

    assert result.embedding == looker.enrol((pictures / "obama.jpg").read_bytes())
