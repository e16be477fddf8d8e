"""A publisher and a terminal with tiny models, for tests of updates."""

import shutil
import time
from dataclasses import replace
from pathlib import Path

import msgspec

from likeness import config, updates
from likeness.carrier.update_repository import UpdateRepository
from likeness.core.update import Bundle, Ledger
from likeness.core.vocabulary import Environment, Moment
from likeness.edges.bundle_file import pack
from likeness.edges.model_sets import ModelSets
from likeness.updates import Applied, Place
from tiny_models import TinyFolder

NOW = Moment(utc_s=int(time.time()), quality="ntp", boot="boot-1", mono_ms=1)
FITS = Bundle(number=1, min_daemon="0.1.0", variants=("w8",))
DAY_S = 86_400


class UpdateBench:
    """Everything that an update touches, below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.packaged = TinyFolder(folder / "packaged")
        self.packaged.put_built()
        self.repository = UpdateRepository.create(
            folder / "repository", folder / "keys"
        )
        shutil.copy(self.repository.root_file, folder / "root.json")
        self.state = folder / "state"
        self.state.mkdir()
        self.settings = config.Config(
            terminal=config.Terminal(
                device="shop-7",
                state_dir=str(self.state),
                environment=Environment.TEST,
            ),
            models=config.Models(dir=str(self.packaged.path)),
            update=config.Update(
                source=str(self.repository.folder),
                root_file=str(folder / "root.json"),
            ),
        )

    @property
    def sets(self) -> ModelSets:
        return ModelSets(self.state)

    @property
    def ledger(self) -> Ledger:
        return self.sets.ledger()

    def files(self, mark: str, models: TinyFolder | None = None) -> dict[str, Path]:
        """Return the files of a set that differs from others by a comment."""
        models = models or self.packaged
        manifest = self.folder / f"manifest-{mark}.toml"
        manifest.write_text(f"# {mark}\n{models.text}")
        built = (models.path / "built").glob("*_w8.tflite")
        return {"manifest.toml": manifest} | {f"built/{p.name}": p for p in built}

    def publish(
        self,
        number: int,
        *,
        files: dict[str, Path] | None = None,
        says: Bundle = FITS,
    ) -> str:
        """Offer a bundle; return its digest."""
        bundle = self.folder / "bundle.tar"
        pack(files or self.files(str(number)), bundle)
        return self.publish_file(number, bundle, says=says)

    def publish_file(self, number: int, bundle: Path, *, says: Bundle = FITS) -> str:
        """Offer any file as a bundle."""
        says = msgspec.structs.replace(says, number=number)
        return self.repository.publish(bundle, says)

    def apply(self, place: Place | None = None) -> Applied:
        return updates.apply(self.settings, place or at(NOW))


def at(moment: Moment, **more: object) -> Place:
    return replace(Place(moment), **more)  # type: ignore[arg-type]


def later(days: float, quality: str = "ntp") -> Moment:
    return replace(NOW, utc_s=NOW.utc_s + int(days * DAY_S), quality=quality)
