"""The model sets on the disk, and the one small file that says which of them is used.

    <state>/models/
        ledger.json          core.update.Ledger, replaced as a whole
        <sha256>/            a set, complete and synced before it has this name
        <sha256>.new/        one that is being unpacked
    What a kill or a power cut leaves is either the old ledger or the new one, and every
    set that a ledger names was on the disk before (decision 0017).

Leaves to others: the rules (`core.update`), whether a set computes right.
"""

import contextlib
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from likeness.core.update import PACKAGED, Ledger, Offer, switch
from likeness.edges import new_file
from likeness.edges.bundle_file import unpack
from likeness.edges.new_file import sync_folder
from likeness.errors import UpdateRefused

LEDGER = "ledger.json"
OFFER = "offer.json"  # in each set: as what it was signed
NEW = ".new"
KEEP_FREE = 32 << 20  # bytes, for results: an update never takes the last room
# msgspec raises ValueError for what is not UTF-8.
UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)
FULL = (errno.ENOSPC, errno.EDQUOT)

Change = Callable[[Ledger], Ledger]


class ModelSets:
    """The sets of one terminal; several processes may use it at the same time."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / "models"

    def path_of(self, digest: str) -> Path:
        """Return where this set is, or would be."""
        return self.folder / digest

    def ledger(self) -> Ledger:
        """Read the ledger; where there is none, or a broken one, make the best of it.

        Broken, it names no set any more, so the packaged one is used; the highest
        number that is still on the disk stays accepted, so that nothing older follows.
        """
        return self._read()[0]

    def change(self, how: Change) -> Ledger:
        """Replace the ledger by what `how` makes of it; on the disk at return.

        Raises:
            OSError: the disk failed or is full; the old one stands.
        """
        self._make_folder()
        with self._locked("ledger.lock", fcntl.LOCK_EX):
            before, sound = self._read()
            after = how(before)
            if after != before or not sound:
                self._replace(after)
        return after

    def install(
        self, bundle: Path, offer: Offer, check: Callable[[Path], None]
    ) -> None:
        """Unpack, check and switch to a bundle; whatever fails, the old set stays.

        Raises:
            UpdateRefused, LikenessError: as `stage`.
        """
        with self._updating(offer):
            self._stage(bundle, offer, check)
            self._use(offer, lambda: None)

    def stage(self, bundle: Path, offer: Offer, check: Callable[[Path], None]) -> None:
        """Unpack and check a bundle, and leave it beside the set that is used.

        Args:
            bundle: the file, as signed in `offer`.
            offer: already found fit by `core.update`.
            check: raises LikenessError if the unpacked set does not work here.

        Raises:
            UpdateRefused: another update is going on, the disk is full, or the bundle
                holds what it must not.
            LikenessError: as raised by `check`.
        """
        with self._updating(offer):
            self._stage(bundle, offer, check)

    def use(self, offer: Offer, then: Callable[[], None]) -> None:
        """Switch to a staged set and call `then`; if that raises, all is as it was.

        Raises:
            UpdateRefused: another update has come between, or the disk fails.
            LikenessError: as raised by `then`.
        """
        with self._updating(offer):
            self._use(offer, then)

    @contextlib.contextmanager
    def _updating(self, offer: Offer) -> Iterator[None]:
        """Be the only one who updates here; what the disk says is a refusal."""
        try:
            self._make_folder()
            with self._locked("install.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
                yield
        except BlockingIOError as problem:
            raise UpdateRefused(
                "another update is going on here; wait for its end"
            ) from problem
        except OSError as problem:
            if problem.errno in FULL:
                raise UpdateRefused(self._no_room(offer, copies=1)) from problem
            raise UpdateRefused(
                f"{self.folder}: the update cannot be written: {problem.strerror}"
            ) from problem

    def refuse_full(self, offer: Offer, *, copies: int) -> None:
        """Refuse what would take the last room; `copies` of the bundle are to come.

        Raises:
            UpdateRefused: with what is needed and what is there.
        """
        self._make_folder()
        free = shutil.disk_usage(self.folder).free
        if free < copies * offer.length + KEEP_FREE:
            raise UpdateRefused(self._no_room(offer, copies))

    def _stage(self, bundle: Path, offer: Offer, check: Callable[[Path], None]) -> None:
        self.change(lambda ledger: ledger)  # a broken one is mended before it counts
        self._remove_unused()
        self.refuse_full(offer, copies=1)
        place, new = self.path_of(offer.digest), self.path_of(offer.digest + NEW)
        try:
            unpack(bundle, offer.digest, new)
            check(new)
            new_file.create(new / OFFER, msgspec.json.encode(offer))
            new.rename(place)
            sync_folder(self.folder)
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise

    def _use(self, offer: Offer, then: Callable[[], None]) -> None:
        before = self.ledger()
        if before.current == offer.digest:
            then()
            return
        if not self.path_of(offer.digest).is_dir():
            raise UpdateRefused(
                f"bundle {offer.bundle.number} is gone: another update came between"
            )
        self.change(lambda ledger: switch(offer, ledger))
        try:
            then()
        except BaseException:
            self.change(lambda _switched: before)  # its sets are all still here
            raise
        finally:
            self._remove_unused()

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True)
            sync_folder(self.folder.parent)

    def _read(self) -> tuple[Ledger, bool]:
        """Return the ledger, and whether its file is sound."""
        try:
            data = (self.folder / LEDGER).read_bytes()
            return msgspec.json.decode(data, type=Ledger), True
        except FileNotFoundError:
            return Ledger(), True
        except (OSError, *UNREADABLE):
            return self._from_offers(), False

    def _remove_unused(self) -> None:
        """Remove what no ledger names: half-made sets and those before the last."""
        ledger = self.ledger()
        for path in self.folder.iterdir():
            if path.is_dir() and path.name not in (ledger.current, ledger.previous):
                shutil.rmtree(path)

    def _replace(self, ledger: Ledger) -> None:
        for left in self.folder.glob(f".{LEDGER}.*"):  # by a kill; we hold the lock
            left.unlink()
        new_file.replace(self.folder / LEDGER, msgspec.json.encode(ledger))

    def _from_offers(self) -> Ledger:
        offers = [Ledger()]
        for path in self.folder.glob(f"*/{OFFER}"):
            with contextlib.suppress(OSError, *UNREADABLE):
                offer = msgspec.json.decode(path.read_bytes(), type=Offer)
                known = Ledger(
                    accepted=offer.bundle.number, accepted_digest=offer.digest
                )
                offers.append(known)
        return max(offers, key=lambda known: known.accepted)

    def _no_room(self, offer: Offer, copies: int) -> str:
        needed = copies * offer.length + KEEP_FREE
        free = shutil.disk_usage(self.folder).free
        return (
            f"{self.folder}: the disk is full: bundle {offer.bundle.number} needs"
            f" {needed >> 20} MiB, {free >> 20} MiB are free"
        )

    @contextlib.contextmanager
    def _locked(self, name: str, how: int) -> Iterator[None]:
        """Hold a lock that ends with its process, however that ends (flock(2))."""
        handle = os.open(
            self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644
        )
        try:
            fcntl.flock(handle, how)
            yield
        finally:
            os.close(handle)


def candidates(ledger: Ledger) -> tuple[str, ...]:
    """Return which sets to try, best first; the packaged one is always the last."""
    tried = dict.fromkeys((ledger.current, ledger.previous, PACKAGED))
    return tuple(tried)
