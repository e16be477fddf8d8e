"""Takes samples from the attack workshop: `workshop.py draw|visits …`.

`draw FEEDS OUT SEED COUNT` prints or shows the sources that `data find` listed with the
workshop of `likeness bench attacks`, a second simulator that shares nothing with
`recapture`; each rendered scene gives two samples. As many live samples pass through
the workshop's camera alone, so that its sensor never tells. `visits ATTACKS OUT` takes
frames of whole attack visits that it made. Runs in the project's own environment;
leaves training to `train`.
"""

import csv
import json
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from likeness.bench.attacks import genuine, light, room
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.hands import Hands
from likeness.bench.attacks.paper import draw_press, print_of
from likeness.bench.attacks.prints import held_at, swing, texture_scale
from likeness.bench.attacks.replays import on_screen
from likeness.bench.attacks.scene import Lens, Pose, Sheet
from likeness.bench.attacks.script import draw_script
from likeness.bench.attacks.sensor import Sensor
from likeness.bench.attacks.stage import Stage
from likeness.core.seen import Box, Face
from likeness.vision.look import Looker
from likeness.vision.manifest import models_dir
from likeness.vision.models import load_models
from likeness.vision.passive import MIN_WIDTH_PX, SIDE, VIEWS, views
from passive_training.data import SMALLEST_PX, Painter, person_in, read_sources
from passive_training.recapture import Pixels, Shot, chance, photograph, resized

GROUPS = {"clip": 0.4, "nuaa": 0.3, "lfw": 0.3}
MEDIA = {"camera": 0.45, "print": 0.27, "phone": 0.14, "monitor": 0.14}
SAMPLES = 2  # of one rendered scene
STILL_SHARE = 0.4  # of the prints; the rest is swung
FRAMES_OF_VISIT = 16


class Workshop(Painter):
    """Makes samples; every choice comes from one seed."""

    def __init__(self, feeds: Path, out: Path, seed: int) -> None:
        super().__init__(feeds, out, seed)
        self._seed = seed
        self._looker = Looker(load_models(models_dir()))

    def scene(self, number: int) -> tuple[tuple[int, str, str], list[Pixels]]:
        """Render one scene; return label, kind and identity, and its samples' views."""
        rng = self._rng
        group = str(rng.choice(list(GROUPS), p=list(GROUPS.values())))
        medium = str(rng.choice(list(MEDIA), p=list(MEDIA.values())))
        source, shot = self._pick(group)
        row = (int(medium == "camera"), f"{group} workshop {medium}", source.identity)
        draws = Draws(self._seed, number)
        if medium == "camera":
            seen = self._filmed(shot, draws)
        else:
            picture = rendered(shot, medium, draws)
            found = self._found(picture)
            if found is None:
                return row, []
            seen = found
        return row, [self._views(seen, plain=part == 0) for part in range(SAMPLES)]

    def _views(self, shot: Shot, *, plain: bool) -> Pixels:
        """Take one sample: as the camera gave it, or farther and through another."""
        picture, points = shot.picture, shot.points
        if not plain:
            shot = self._in_smaller_frame(shot)
            low = min(1.0, max(0.5, SMALLEST_PX / shot.face_px))
            shot = resized(shot, float(self._rng.uniform(low, 1.05)))
            picture, points = photograph(shot.picture, self._rng), shot.points
        taken = np.zeros((VIEWS * SIDE, SIDE, 3), np.uint8)
        views(picture, self._jittered(points), into=taken)
        return taken

    def _filmed(self, shot: Shot, draws: Draws) -> Shot:
        """Take the source itself for the scene, in any size."""
        rng = self._rng
        wanted = float(rng.uniform(SMALLEST_PX, 215))
        shot = resized(shot, min(wanted / shot.face_px, 2.2))
        shot = self._in_smaller_frame(shot)
        height, width = (side // 2 * 2 for side in shot.picture.shape[:2])
        lens = Lens(width, height, width)
        sensor = Sensor(draws, lens)
        seen = light.to_linear(shot.picture[:height, :width])
        if chance(rng, 0.4):  # the workshop's rooms must not tell, either
            person = person_in(shot)[:height, :width, None]
            behind = room.paint(draws, lens) * (1 - person)
            seen = np.asarray(seen * person + behind, np.float32)
        sensor.meter(seen, np.ones((height, width), np.float32))
        return Shot(sensor.record(seen), shot.points)

    def _found(self, picture: Pixels) -> Shot | None:
        still = self._looker.find_still(picture)
        if still is None:
            return None
        points = (still.fit.landmarks[:, :2] / still.scale).astype(np.float32)
        width = float(np.linalg.norm(points[234] - points[454]))
        return Shot(picture, points) if width >= MIN_WIDTH_PX else None


def rendered(shot: Shot, medium: str, draws: Draws) -> Pixels:
    """Print the face or show it on a screen, and take one picture of that."""
    still = genuine.Shot(0.0, shot.picture, _face(shot))
    if medium == "print":
        return _printed(still, draws)

    def played(at_s: float) -> tuple[Pixels, Pixels, float]:
        del at_s
        return shot.picture, shot.picture, 0.0

    return next(on_screen(still, draws, medium, played, 1.0, ()).pictures)


def _printed(still: genuine.Shot, draws: Draws) -> Pixels:
    """Hold a print, flat or bent, and swing it."""
    stage, script = Stage(draws), draw_script(draws)
    bent = draws.one_of("bent", (True, False, False))
    bend = 1 / draws.between("bend_radius_mm", 70, 250) if bent else 0.0
    press = draw_press(draws, px_per_mm=texture_scale(stage.lens), bend_per_mm=bend)
    at, hands, move = (
        held_at(draws, press, stage.lens),
        Hands(draws),
        swing(draws, script),
    )
    sheet = print_of(still, press)
    swung = draws.between("swung", 0, 1) > STILL_SHARE

    def layers(at_s: float) -> Sequence[tuple[Sheet, Pose]]:
        held = at.plus(hands.at(at_s))
        return [(sheet, held.plus(move(at_s)) if swung else held)]

    return stage.shoot(layers, draws.between("at_s", 0, script.length_s))


def _face(shot: Shot) -> Face:
    unknown = float("nan")
    return Face(
        box=Box(0, 0, 1, 1),
        presence=1.0,
        eye_left=unknown,
        eye_right=unknown,
        yaw_deg=unknown,
        pitch_deg=unknown,
        roll_deg=unknown,
        sharpness=unknown,
        brightness=unknown,
        glare_left=unknown,
        glare_right=unknown,
        width_px=shot.face_px,
        landmarks=shot.points,
    )


Row = tuple[int, str, str, str]


def write(name: Path, samples: list[Pixels], rows: list[Row]) -> None:
    """Write samples with their label, kind, identity and visit."""
    np.save(name, np.array(samples, np.uint8))
    with name.with_suffix(".csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("live", "kind", "identity", "visit"))
        writer.writerows(rows)


def draw(feeds: Path, out: Path, seed: int, count: int) -> None:
    """Write OUT/samples_wSEED.npy and its list."""
    workshop = Workshop(feeds, out, seed)
    samples: list[Pixels] = []
    rows: list[Row] = []
    number = 0
    while len(samples) < count:
        row, taken = workshop.scene(number)
        number += 1
        samples += taken
        rows += [(*row, "")] * len(taken)
    write(out / f"samples_w{seed}.npy", samples, rows)


def visits(attacks: Path, out: Path, species: Sequence[str]) -> None:
    """Write OUT/samples_visits.npy and its list: frames of attack visits."""
    looker = Looker(load_models(models_dir()))
    people = {
        Path(one.file).stem: one.identity for one in read_sources(out / "sources.csv")
    }
    samples: list[Pixels] = []
    rows: list[Row] = []
    for name in species:
        for listed in sorted((attacks / name).glob("*/visit.toml")):
            visit = tomllib.loads(listed.read_text())
            told = json.loads((listed.parent / "attack.json").read_text())
            if told["drawn"].get("shown_by", {}).get("drawn") == "false_camera":
                continue  # pixels as the camera would give them: texture cannot tell
            clip = told["of_visit"]
            person = max((one for one in people if clip.startswith(one)), key=len)
            live = int(visit["expect"]["label"] == "genuine")
            for picture in _frames(listed.parent / visit["video"]):
                still = looker.find_still(picture)
                if still is None:
                    continue
                points = (still.fit.landmarks[:, :2] / still.scale).astype(np.float32)
                if np.linalg.norm(points[234] - points[454]) < MIN_WIDTH_PX:
                    continue
                taken = np.zeros((VIEWS * SIDE, SIDE, 3), np.uint8)
                views(picture, points, into=taken)
                samples.append(taken)
                where = f"{name}/{listed.parent.name}"
                rows.append((live, f"visit {name}", people[person], where))
    write(out / "samples_visits.npy", samples, rows)


def _frames(video: Path) -> list[Pixels]:
    clip = cv2.VideoCapture(str(video))
    step = max(1, int(clip.get(cv2.CAP_PROP_FRAME_COUNT)) // FRAMES_OF_VISIT)
    taken, number = [], 0
    while clip.grab():
        if number % step == step // 2:
            taken.append(np.asarray(clip.retrieve()[1], np.uint8))
        number += 1
    return taken


def main(arguments: list[str]) -> int:
    """Run one of the two steps; return an exit code."""
    cv2.setNumThreads(1)
    match arguments:
        case ["draw", feeds, out, seed, count]:
            draw(Path(feeds), Path(out), int(seed), int(count))
        case ["visits", attacks, out, *species]:
            visits(Path(attacks), Path(out), species)
        case _:
            print(
                "usage: workshop.py draw FEEDS OUT SEED COUNT, visits ATTACKS OUT NAME…"
            )
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
