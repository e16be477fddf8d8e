"""Which models and policy numbers a start uses: the first set that is sound.

The current one, the one before it, the one that came with the program, in this order.
Leaves to others: the rules (`core.update`), how a set comes here (`updates`), the trial
of a running set (`service.updating`).
"""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from likeness import strict_toml
from likeness.config import Config
from likeness.core import policy_values, profile, update
from likeness.core.policy_values import PolicyFile
from likeness.core.update import PACKAGED, Ledger
from likeness.edges.bundle_file import POLICY
from likeness.edges.model_sets import Change, ModelSets, candidates
from likeness.errors import ConfigError, ModelError
from likeness.vision.manifest import models_dir
from likeness.vision.models import ModelSet, load_models

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The set that this run uses."""

    models: ModelSet
    digest: str  # PACKAGED: the program's own
    ledger: Ledger
    sets: ModelSets
    policy_file: PolicyFile | None = None
    policy_digest: str = ""

    def policy(self, named: profile.Profile) -> profile.Profile:
        """Return a profile with the set's numbers in force."""
        return (
            policy_values.moved(named, self.policy_file) if self.policy_file else named
        )

    @property
    def trial(self) -> update.Trial | None:
        """How far this set's trial has come; None: there is none."""
        return self.ledger.trial if self.digest == self.ledger.current else None

    def facts(self) -> Mapping[str, object]:
        """Return what `birth` says of it."""
        returned = self.ledger.returned
        return {
            "digest": self.digest or "packaged",
            "accepted": self.ledger.accepted,
            "on_trial": self.trial is not None,
            "returned": returned.number if returned else 0,
            "returned_why": returned.why if returned else "",
        }


def choose(settings: Config) -> Chosen:
    """Load the first sound set; a start with one on trial is counted before.

    Raises:
        ConfigError, ModelError: not even the packaged set can be used.
    """
    sets = ModelSets(Path(settings.terminal.state_dir))
    for digest in candidates(_count_start(sets)):
        try:
            return _load(settings, sets, digest)
        except (ModelError, ConfigError, OSError) as fault:
            if digest == PACKAGED:
                raise
            log.warning("event=models_broken set=%s why=%s", digest[:12], fault)
            _change(sets, partial(update.go_back, digest=digest, why=str(fault)))
    raise AssertionError("the packaged set is the last, and raises")


def sound_set(settings: Config, sets: ModelSets) -> Chosen:
    """Load the set that the next start would use, and change nothing.

    Raises:
        ConfigError, ModelError: not even the packaged set can be used.
    """
    for digest in candidates(sets.ledger()):
        try:
            return _load(settings, sets, digest)
        except (ModelError, ConfigError, OSError):
            if digest == PACKAGED:
                raise
    raise AssertionError("the packaged set is the last, and raises")


def _load(settings: Config, sets: ModelSets, digest: str) -> Chosen:
    folder = folder_of(sets, settings, digest)
    given = settings.models
    models = load_models(folder, given.variant, given.threads)
    file, policy_digest = policy_of_set(folder)
    chosen = Chosen(models, digest, sets.ledger(), sets, file, policy_digest)
    chosen.policy(profile.named(settings.terminal.profile))
    return chosen


def _count_start(sets: ModelSets) -> Ledger:
    """Count before loading; what cannot be counted is not started with."""
    if not sets.folder.is_dir():
        return Ledger()
    try:
        return sets.change(update.start)
    except OSError as problem:
        log.warning("event=start_not_counted why=%s", problem.strerror)
        ledger = sets.ledger()
        return ledger if ledger.trial is None else Ledger(current=ledger.previous)


def _change(sets: ModelSets, how: Change) -> None:
    try:
        sets.change(how)
    except OSError as problem:
        log.warning("event=ledger_not_written why=%s", problem.strerror)


def folder_of(sets: ModelSets, settings: Config, digest: str) -> Path:
    """Return the folder of a set, or of the packaged one."""
    if digest == PACKAGED:
        return models_dir(settings.models.dir)
    return sets.path_of(digest)


def policy_of_set(folder: Path) -> tuple[PolicyFile | None, str]:
    """Read a set's policy numbers and their SHA-256; None and "" where it has none.

    Raises:
        ConfigError: it is no policy file, or moves a number too far.
    """
    path = folder / POLICY
    if not path.exists():
        return None, ""
    file = strict_toml.load(path, PolicyFile)
    return file, hashlib.sha256(path.read_bytes()).hexdigest()
