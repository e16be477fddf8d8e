import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness.__main__ import main
from likeness.commands.bench_tables import show_speed
from real_models import mirrored, read


def test_a_list_of_pictures_becomes_one_file(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names, out = tmp_path / "list.txt", tmp_path / "out.npz"
    names.write_text("astronaut.png\n[none].jpg\n")

    code = main(
        [
            *("bench", "embed", "--root", str(pictures)),
            *("--list", str(names), "--out", str(out)),
        ]
    )

    said = capsys.readouterr()
    assert code == 0
    assert said.out == f"1 of 2 embedded: {out}\n"
    assert f"likeness: {pictures}/[none].jpg: No such file or directory\n" in said.err
    with np.load(out) as file:
        assert file["paths"].tolist() == ["astronaut.png", "[none].jpg"]
        assert file["found"].tolist() == [True, False]


@pytest.mark.parametrize("missing", ["root", "list"])
def test_what_is_missing_is_named_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    root, names = tmp_path / "root", tmp_path / "list.txt"
    if missing != "root":
        root.mkdir()
    if missing != "list":
        names.write_text("a.jpg\n")

    code = main(
        [
            *("bench", "embed", "--root", str(root)),
            *("--list", str(names), "--out", str(tmp_path / "out.npz")),
        ]
    )

    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out.npz").exists()


@pytest.fixture
def album(pictures: Path, tmp_path: Path) -> Path:
    """A folder for each of two people, with one picture more of the first."""
    root = tmp_path / "album"
    for person in ("obama", "biden"):
        (root / person).mkdir(parents=True)
        encoded = (pictures / f"{person}.jpg").read_bytes()
        (root / person / "1.jpg").write_bytes(encoded)
    turned = mirrored(read(pictures / "obama.jpg"))
    cv2.imwrite(str(root / "obama" / "2.jpg"), turned)
    (root / "nobody").mkdir()
    cv2.imwrite(str(root / "nobody" / "1.png"), np.full((48, 64, 3), 128, np.uint8))
    return root


def pairs_of(folder: Path, text: str) -> Path:
    path = folder / "pairs.csv"
    path.write_text("a,b,same,group\n" + text)
    return path


def test_pairs_become_figures_scores_and_a_page(
    album: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs = pairs_of(
        tmp_path,
        "obama/1.jpg,obama/2.jpg,1,us\n"
        "obama/1.jpg,biden/1.jpg,0,us\n"
        "nobody/1.png,biden/1.jpg,0,\n",
    )
    out = tmp_path / "out"
    arguments = [
        *("bench", "match", "--root", str(album), "--pairs", str(pairs)),
        *("--out", str(out), "--card-side", "a"),
        *("--all-pairs", "--identity", "folder"),
    ]

    assert main(arguments) == 0
    said = capsys.readouterr()
    before = (out / "embeddings.jsonl").read_bytes()
    assert main(arguments) == 0

    assert before == (out / "embeddings.jsonl").read_bytes()  # nothing was done twice
    assert {path.name for path in out.iterdir()} == {
        "embeddings.jsonl",
        "match.html",
        "match.json",
        "scores.csv",
    }
    with (out / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["score"]) > 0.5
    assert float(rows[1]["score"]) < 0.3
    assert (rows[2]["score"], rows[2]["not_found"]) == ("", "a")
    figures = json.loads((out / "match.json").read_text())
    assert figures["card_side"] == "a"
    assert figures["all"]["listed"]["shipped"]["accept"]["fnmr"]["rate"] == 0
    assert list(figures["groups"]) == ["us"]
    # Cards of obama and nobody; faces of obama and biden.
    assert figures["all"]["all_pairs"]["impostor"] == 3
    assert f"likeness: {album}/nobody/1.png: no face found\n" in said.err
    assert "1 genuine and 2 impostor pairs; 1 of 4 pictures without a face" in said.out
    assert "not measurable" in said.out
    assert said.out.endswith(f"report: {out}/match.html\n")


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ("obama/1.jpg,biden/1.jpg,0,\n", ["--all-pairs"], "give --identity folder"),
        ("obama/1.jpg,gone.jpg,0,\n", [], "gone.jpg: no such picture (1 of 2"),
        ("obama/1.jpg,biden/1.jpg,x,\n", [], "line 2: same is 'x'"),
        ("obama/1.jpg,obama/2.jpg,1,\n", ["--profile", "lax"], "no profile 'lax'"),
    ],
)
def test_pairs_that_cannot_be_measured_get_one_line(
    album: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str,
    options: list[str],
    said: str,
) -> None:
    code = main(
        [
            *("bench", "match", "--root", str(album)),
            *("--pairs", str(pairs_of(tmp_path, text))),
            *("--out", str(tmp_path / "out"), *options),
        ]
    )

    assert code in (2, 78)
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_recording_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        [
            *("bench", "speed", "--out", str(tmp_path / "s.json")),
            *("--feed", str(tmp_path / "none.mp4")),
        ]
    )

    assert code == 2
    err = capsys.readouterr().err
    assert (
        err
        == f"likeness: {tmp_path}/none.mp4: no such recording; give one with --feed\n"
    )


@pytest.mark.parametrize("what", ["speed", "embed"])
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    no_folder, names = tmp_path / "file", tmp_path / "names.txt"
    no_folder.write_text("")
    names.write_text("a.png\n")
    more = ["--root", str(tmp_path), "--list", str(names)] if what == "embed" else []
    for work in ("measuring.measure", "embedding.embed"):
        monkeypatch.setattr(f"likeness.commands.bench.{work}", None)

    assert main(["bench", what, "--out", str(no_folder / "x"), *more]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_speed_is_shown_in_the_order_of_what_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def cost(median: float) -> dict[str, float]:
        return {"median": median, "p95": 2 * median, "ratio": median / 4, "runs": 9}

    show_speed(
        {
            "sets": [
                {
                    "runtime": "some-runtime 1.0",
                    "variant": "w8",
                    "reference": {"name": "their mesh", "median": 4.0, "p95": 8.0},
                    "models": {"mesh": cost(3.0)},
                    "frames": {"tracked frame": cost(5.0)},
                    "cold_start": {
                        "wall_ms": 512.3,
                        "cpu_ms": 498.6,
                        "runs": 4,
                        "first_verification": {"wall_ms": 611.2, "cpu_ms": 600.4},
                    },
                    "peak_rss_mib": {"first_embedding": 100.2, "all": 110.7},
                }
            ]
        }
    )

    said = capsys.readouterr().out
    rows = [line.split() for line in said.splitlines()]
    assert ["their", "mesh", "4.00", "8.00", "1.00"] in rows
    assert ["mesh", "3.00", "6.00", "0.75"] in rows
    assert ["tracked", "frame", "5.00", "10.00", "1.25"] in rows
    assert said.startswith("some-runtime 1.0, w8: CPU ms")
    told = " ".join(said.split())
    assert "first embedding 512 ms (499 ms CPU)" in told
    assert "at best 611 ms (600 ms CPU); peak resident 100 MiB" in told
