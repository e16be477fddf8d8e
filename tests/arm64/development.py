"""Makes the development visits: what the labelled clips do, with each person's cards.

    python -m arm64.development ../shared/feeds OUT

OUT/genuine: two labelled acts that follow each other in a clip, up to three such visits
of each, with up to three cards of that person; OUT/impostor: each clip's first visit
with the cards of the next three people. The pictures are real and only pointed to,
never copied. `likeness bench attacks` makes attacks from the genuine ones. Leaves to
others: playing them.
"""

import csv
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from likeness.bench.acts_labels import Label, read_labels
from likeness.core.vocabulary import Act
from replays import write_visit

LABELS = Path(__file__).resolve().parents[1] / "labels" / "acts.csv"
BEFORE_S = 2.0  # to look ahead: quality, the rest pose
AFTER_S = 1.2
BETWEEN_S = 6.0  # a visitor is not given much longer for an act
TRIES = 3  # visits of a clip, cards of a person, other people


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip of a person, with pictures that may be on that person's card."""

    path: Path
    identity: str
    fps: float
    cards: tuple[Path, ...]

    @property
    def name(self) -> str:
        return self.path.stem


def clips(feeds: Path) -> Iterator[Clip]:
    """List the clips that have a card."""
    with (feeds / "videos" / "video_table.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    with (feeds / "manifest.csv").open(encoding="utf-8") as file:
        listed = list(csv.DictReader(file))
    for row in rows:
        # Other days first: a frame of the same clip flatters the match.
        cards = sorted(
            (
                one["file"]
                for one in listed
                if one["identity"] == row["identity"]
                and one["label"].startswith("card-portrait")
            ),
            key=lambda file: ("same_session" in file, file),
        )
        if cards and row["identity"]:
            paths = tuple(feeds / card for card in cards)
            yield Clip(feeds / row["file"], row["identity"], float(row["fps"]), paths)


def performed(clip: Clip, labels: list[Label]) -> list[tuple[Label, Label]]:
    """Give pairs of sure acts that follow each other, none in two pairs."""
    acts = sorted((one for one in labels if one.sure), key=lambda one: one.first)
    found: list[tuple[Label, Label]] = []
    for first, second in pairwise(acts):
        real = all(one.act in tuple(Act) for one in (first, second))
        near = second.first - first.last <= BETWEEN_S * clip.fps
        if real and near and (not found or first.first >= found[-1][1].last):
            found.append((first, second))
    return found[:TRIES]


def write_all(feeds: Path, out: Path) -> int:
    """Write the visit files and return how many."""
    labels = read_labels(LABELS)
    known = [clip for clip in clips(feeds) if clip.path.name in labels]
    cards = {clip.identity: clip.cards[0] for clip in known}
    people = sorted(cards)
    count = 0
    for clip in known:
        pairs = performed(clip, labels[clip.path.name])
        for number, pair in enumerate(pairs):
            for card in clip.cards[:TRIES]:
                name = f"genuine/{clip.name}-{number}-{card.stem}"
                _write(out / name, clip, pair, card, "genuine")
                count += 1
        after = people.index(clip.identity) + 1
        for identity in [*people[after:], *people[: after - 1]][:TRIES]:
            for pair in pairs[:1]:
                name = f"impostor/{clip.name}-{identity}"
                _write(out / name, clip, pair, cards[identity], "impostor")
                count += 1
    return count


def _write(
    path: Path, clip: Clip, acts: tuple[Label, Label], card: Path, label: str
) -> None:
    start_s = max(0.0, acts[0].first / clip.fps - BEFORE_S)
    end_s = acts[1].last / clip.fps + AFTER_S
    write_visit(
        path.with_suffix(".toml"),
        clip.path.resolve(),
        portrait=card.resolve(),
        acts=tuple(one.act for one in acts),
        more=f"start_s = {start_s:.3f}\nend_s = {end_s:.3f}",
        label=label,
        profile="standard",
    )


def main() -> int:
    """Write them; say how many."""
    if len(sys.argv) != 3:
        sys.stderr.write("usage: python -m arm64.development FEEDS OUT\n")
        return 2
    count = write_all(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(f"{count} visits in {sys.argv[2]}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
