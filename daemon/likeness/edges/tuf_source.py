"""Bundles from a TUF repository: a folder (a USB stick), or HTTPS with our own CA.

    <source>/metadata/   1.root.json …, timestamp.json, N.snapshot.json, N.targets.json
    <source>/targets/    <sha256>.models.tar

python-tuf checks signatures, thresholds, versions and expiry (TUF specification 1.0,
section 5). Expiry is judged at the later of the wall clock and the floor, the latest
time that was ever sure; with a clock that is not set and no floor nothing is judged
fresh. Leaves to others: what may follow what, and the unpacking.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from tuf.api import exceptions as tuf_errors
from tuf.api.metadata import Metadata, TargetFile
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from likeness.core.time_floor import UNSYNCED
from likeness.core.update import Bundle, Offer
from likeness.core.vocabulary import Moment
from likeness.edges.new_file import sync_folder
from likeness.edges.update_fetchers import FolderFetcher, HttpsFetcher
from likeness.errors import UpdateRefused, one_line

MOST_BYTES = 256 << 20  # of a bundle
LIMITS = UpdaterConfig(
    max_root_rotations=64,
    max_delegations=0,
    root_max_length=64_000,
    timestamp_max_length=16_000,
    snapshot_max_length=64_000,
    targets_max_length=256_000,
)
ROLES = ("root", "timestamp", "snapshot", "targets")
FOLDER = "folder:///"


@dataclass(frozen=True, slots=True)
class Source:
    """Where bundles come from, and whom we believe about them."""

    place: str  # a folder, or https://…
    root: bytes  # the first root metadata, given by hand
    target: str  # e.g. "models.tar"
    cache: Path  # ours: what was accepted last, and the download
    ca_file: str = ""


class TufSource:
    """One look at a repository; made anew for each."""

    def __init__(self, source: Source, moment: Moment, floor_s: int) -> None:
        """Begin with what was trusted last.

        Raises:
            UpdateRefused: there is no sure time, or the root file is no root metadata.
        """
        self._source = source
        self._judged_at = _judged_at(moment, floor_s)
        self._metadata = source.cache / "metadata"
        self._metadata.mkdir(parents=True, exist_ok=True)
        base, fetcher = _fetcher(source)
        with self._said():
            self._updater = Updater(
                str(self._metadata),
                f"{base}metadata/",
                target_base_url=f"{base}targets/",
                fetcher=fetcher,
                config=LIMITS,
                bootstrap=source.root,
            )

    def offer(self) -> Offer:
        """Read the metadata; return what is offered.

        Raises:
            UpdateRefused: with what is wrong: tampered, rolled back, frozen, signed by
                a wrong key or too few, or not to be reached.
        """
        with self._said():
            self._updater.refresh()
            self._refuse_expired()
            target = self._target()
        _sync_all(self._metadata)
        return _offer_of(target)

    def fetch(self, offer: Offer) -> Path:
        """Download the offered bundle, unless it is here already; return its path.

        Raises:
            UpdateRefused: it is not what was signed, or cannot be had.
        """
        folder = self._source.cache / "targets"
        path = folder / f"{offer.digest}.tar"
        with self._said():
            folder.mkdir(exist_ok=True)
            for other in folder.iterdir():
                if other != path:
                    other.unlink()
            target = self._target()
            if self._updater.find_cached_target(target, str(path)) is None:
                self._updater.download_target(target, str(path))
        return path

    def _target(self) -> TargetFile:
        found = self._updater.get_targetinfo(self._source.target)
        if found is None:
            raise UpdateRefused(
                f"{self._source.place}: offers no '{self._source.target}'"
            )
        return found

    def _refuse_expired(self) -> None:
        """python-tuf judged by the wall clock alone; judge by the later time."""
        for role in ROLES:
            signed = (
                Metadata[Any].from_file(str(self._metadata / f"{role}.json")).signed
            )
            if signed.is_expired(self._judged_at):
                raise tuf_errors.ExpiredMetadataError(f"{role}.json is expired")

    @contextlib.contextmanager
    def _said(self) -> Iterator[None]:
        """Turn what went wrong into one line for the person who must act."""
        try:
            yield
        except (tuf_errors.RepositoryError, tuf_errors.DownloadError) as problem:
            what = f"{self._source.place}: {_plain(problem, self._judged_at)}"
            raise UpdateRefused(one_line(what)) from problem
        except OSError as problem:
            raise UpdateRefused(
                f"{self._source.cache}: cannot be written: {problem.strerror}"
            ) from problem


def _fetcher(source: Source) -> tuple[str, FetcherInterface]:
    """Return the base of all addresses, and who fetches them."""
    if not source.place.startswith("https://"):
        return FOLDER, FolderFetcher(Path(source.place))
    try:
        return f"{source.place.rstrip('/')}/", HttpsFetcher(source.ca_file)
    except OSError as problem:
        raise UpdateRefused(
            f"update.ca_file '{source.ca_file}' cannot be used: {problem.strerror}"
        ) from problem


def _judged_at(moment: Moment, floor_s: int) -> datetime:
    if moment.quality == UNSYNCED and not floor_s:
        raise UpdateRefused(
            "the clock is not set and no sure time was ever seen: nobody can say"
            " whether an update is fresh; wait for the time service, or give --now"
        )
    return datetime.fromtimestamp(max(moment.utc_s, floor_s), UTC)


def _offer_of(target: TargetFile) -> Offer:
    try:
        bundle = msgspec.convert(target.custom, Bundle)
        offer = {
            "digest": target.hashes.get("sha256"),
            "length": target.length,
            "bundle": bundle,
        }
        found = msgspec.convert(offer, Offer)
    except msgspec.ValidationError as problem:
        raise UpdateRefused(
            f"'{target.path}' is signed without what a bundle must say: {problem}"
        ) from problem
    if found.length > MOST_BYTES:
        raise UpdateRefused(
            f"bundle {bundle.number} has {found.length >> 20} MiB, more than any"
            f" bundle may have ({MOST_BYTES >> 20})"
        )
    return found


def _plain(problem: Exception, judged_at: datetime) -> str:
    """Say in the words of whoever stands before the terminal what TUF refused."""
    match problem:
        case tuf_errors.UnsignedMetadataError():
            return f"signed by a wrong key, or by too few: {problem}"
        case tuf_errors.ExpiredMetadataError():
            at = max(judged_at, datetime.now(UTC))
            return (
                f"frozen: {problem} at {at:%Y-%m-%d}; the publisher must sign it anew"
            )
        case tuf_errors.BadVersionNumberError():
            return f"rolled back: {problem}"
        case tuf_errors.LengthOrHashMismatchError():
            return f"tampered: {problem}"
        case tuf_errors.DownloadLengthMismatchError():
            return f"tampered: larger than was signed: {problem}"
        case tuf_errors.DownloadError():
            return f"not to be had: {problem}"
        case _:
            return f"broken metadata: {problem}"


def _sync_all(folder: Path) -> None:
    """What was accepted must not be forgotten by a power cut: it guards the next."""
    for path in folder.rglob("*.json"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
    for inner in (folder / "root_history", folder):
        sync_folder(inner)
