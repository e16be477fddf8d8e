"""What a repository may not do to a terminal: each attack ends in one clear line."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata, Root

from likeness.carrier.update_repository import Thresholds, UpdateRepository
from likeness.core.update import Bundle
from likeness.edges.tuf_source import MOST_BYTES, Source, TufSource
from likeness.errors import UpdateRefused, UsageError
from update_bench import FITS, NOW, later


class Publisher:
    """A repository that offers bundle 1, and a terminal that has seen it or not."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bundle = folder / "bundle"
        self.bundle.write_bytes(b"not really models")
        self.repository = UpdateRepository.create(
            folder / "repository", folder / "keys"
        )
        self.root = self.repository.root_file.read_bytes()
        self.metadata = self.repository.folder / "metadata"
        self.publish(1)

    def publish(self, number: int) -> None:
        says = Bundle(number=number, min_daemon="0.1.0", variants=("w8",))
        self.repository.publish(self.bundle, says)

    @property
    def source(self) -> Source:
        return Source(
            place=str(self.repository.folder),
            root=self.root,
            target="models.tar",
            cache=self.folder / "cache",
        )

    def offered(self) -> int:
        return TufSource(self.source, NOW, 0).offer().bundle.number

    def fetched(self) -> bytes:
        source = TufSource(self.source, NOW, 0)
        return source.fetch(source.offer()).read_bytes()

    def newest(self, role: str) -> Path:
        if role == "timestamp":
            return self.metadata / "timestamp.json"
        return max(
            self.metadata.glob(f"*.{role}.json"), key=lambda p: p.stat().st_mtime_ns
        )

    def copy(self, name: str) -> Path:
        return Path(shutil.copytree(self.repository.folder, self.folder / name))

    def go_back_to(self, copy: Path) -> None:
        shutil.rmtree(self.repository.folder)
        shutil.copytree(copy, self.repository.folder)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    return Publisher(tmp_path)


def refuses(look: Callable[[], object], why: str) -> None:
    with pytest.raises(UpdateRefused, match=why) as fault:
        look()
    assert "\n" not in str(fault.value)


def edited(path: Path, edit: Callable[[Any], None]) -> None:
    content = json.loads(path.read_bytes())
    edit(content)
    path.write_text(json.dumps(content))


def test_what_is_signed_is_taken(publisher: Publisher) -> None:
    assert publisher.offered() == 1
    assert publisher.fetched() == b"not really models"
    publisher.publish(2)
    assert publisher.offered() == 2


# --- tampered -----------------------------------------------------------------------
@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_tampered_metadata(publisher: Publisher, role: str) -> None:
    def much_longer(content: Any) -> None:
        content["signed"]["expires"] = "2099-01-01T00:00:00Z"

    edited(publisher.newest(role), much_longer)
    refuses(publisher.offered, "signed by a wrong key, or by too few")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not really MODELS", "tampered"),
        (b"short", "tampered"),
        (b"much longer than what was signed", "tampered: larger than was signed"),
    ],
)
def test_tampered_bundle(publisher: Publisher, content: bytes, why: str) -> None:
    (target,) = (publisher.repository.folder / "targets").iterdir()
    target.write_bytes(content)
    refuses(publisher.fetched, why)
    assert list((publisher.folder / "cache" / "targets").iterdir()) == []


def test_a_bundle_that_was_changed_after_its_download_is_fetched_again(
    publisher: Publisher,
) -> None:
    publisher.fetched()
    (path,) = (publisher.folder / "cache" / "targets").iterdir()
    path.write_bytes(b"torn")
    assert publisher.fetched() == b"not really models"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff" * 50, b'{"signed": 1}'])
@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_rubbish_in_place_of_metadata(
    publisher: Publisher, role: str, content: bytes
) -> None:
    publisher.newest(role).write_bytes(content)
    refuses(publisher.offered, "broken metadata|tampered")


def test_metadata_without_end(publisher: Publisher) -> None:
    publisher.newest("timestamp").write_bytes(b" " * 20_000)
    refuses(publisher.offered, "tampered: larger")


# --- rolled back --------------------------------------------------------------------
def test_an_older_state_of_the_whole_repository(publisher: Publisher) -> None:
    old = publisher.copy("old")
    publisher.publish(2)
    assert publisher.offered() == 2
    publisher.go_back_to(old)
    refuses(publisher.offered, "rolled back: .*timestamp")


def test_an_older_snapshot_under_a_newer_timestamp(publisher: Publisher) -> None:
    publisher.publish(2)
    publisher.offered()

    def older(timestamp: Any) -> None:
        timestamp.snapshot_meta.version -= 1

    publisher.repository.change("timestamp", older)
    refuses(publisher.offered, "rolled back: .*snapshot")


def test_older_targets_under_a_newer_snapshot(publisher: Publisher) -> None:
    publisher.publish(2)
    publisher.offered()

    def older(snapshot: Any) -> None:
        snapshot.meta["targets.json"].version -= 1

    publisher.repository.change("snapshot", older)
    refuses(publisher.offered, "rolled back: .*targets")


def test_an_older_root_is_not_even_read(publisher: Publisher) -> None:
    publisher.repository.replace_key("timestamp")
    assert publisher.offered() == 1
    old = publisher.metadata / "1.root.json"
    shutil.copy(old, publisher.metadata / "3.root.json")
    refuses(publisher.offered, "rolled back: .*root")


# --- frozen -------------------------------------------------------------------------
def test_what_nobody_signed_anew(publisher: Publisher) -> None:
    assert TufSource(publisher.source, later(29), 0).offer().bundle.number == 1
    for days in (31, 366):
        refuses(TufSource(publisher.source, later(days), 0).offer, "frozen: .*expired")


@pytest.mark.parametrize("role", ["targets", "snapshot"])
def test_each_role_is_held_to_its_own_date(publisher: Publisher, role: str) -> None:
    """The timestamp is fresh; what stands under it is not."""
    path = publisher.newest(role)
    metadata = Metadata[Any].from_file(str(path))
    metadata.signed.expires = datetime.now(UTC).replace(microsecond=0)
    sign(publisher, metadata, role)
    path.write_bytes(metadata.to_bytes())
    refuses(publisher.offered, f"frozen: .*{role}.* is expired")


def test_a_clock_in_the_past_counts_from_the_floor(publisher: Publisher) -> None:
    past = later(-5000, "unsynced")
    floor = later(31).utc_s
    refuses(TufSource(publisher.source, past, floor).offer, "frozen")
    fresh = TufSource(publisher.source, past, NOW.utc_s)
    assert fresh.offer().bundle.number == 1
    refuses(lambda: TufSource(publisher.source, past, 0), "no sure time was ever seen")


# --- wrong keys ---------------------------------------------------------------------
def sign(publisher: Publisher, metadata: Metadata[Any], role: str) -> None:
    keyids = publisher.repository.read("root").roles[role].keyids
    metadata.signatures.clear()
    for keyid in keyids:
        metadata.sign(publisher.repository._signers[keyid], append=True)


@pytest.mark.parametrize("role", ["targets", "snapshot", "timestamp"])
def test_a_key_that_root_does_not_name(publisher: Publisher, role: str) -> None:
    path = publisher.newest(role)
    metadata = Metadata[Any].from_file(str(path))
    metadata.sign(CryptoSigner.generate_ed25519())
    path.write_bytes(metadata.to_bytes())
    refuses(publisher.offered, "signed by a wrong key, or by too few")


def test_the_key_of_another_role(publisher: Publisher) -> None:
    root = publisher.repository.read("root")
    path = publisher.newest("targets")
    metadata = Metadata[Any].from_file(str(path))
    (timestamp_key,) = root.roles["timestamp"].keyids
    metadata.sign(publisher.repository._signers[timestamp_key])
    path.write_bytes(metadata.to_bytes())
    refuses(publisher.offered, "signed by a wrong key")


def test_another_publisher(publisher: Publisher, tmp_path: Path) -> None:
    other = UpdateRepository.create(tmp_path / "other", tmp_path / "other-keys")
    other.publish(publisher.bundle, FITS)
    foreign = replace(publisher.source, place=str(other.folder))
    refuses(TufSource(foreign, NOW, 0).offer, "signed by a wrong key, or by too few")


def test_a_root_file_that_is_none(publisher: Publisher) -> None:
    for root in (b"", b"{}", publisher.newest("targets").read_bytes()):
        bad = replace(publisher.source, root=root)
        refuses(lambda bad=bad: TufSource(bad, NOW, 0), "broken metadata")  # type: ignore[misc]


# --- the root itself ----------------------------------------------------------------
def new_root(publisher: Publisher, signers: int) -> None:
    """A root with another timestamp key, signed by so many of its keys."""
    path = publisher.metadata / "1.root.json"
    metadata = Metadata[Root].from_file(str(path))
    root = metadata.signed
    root.version = 2
    thief = CryptoSigner.generate_ed25519()
    root.add_key(thief.public_key, "timestamp")
    metadata.signatures.clear()
    for keyid in root.roles["root"].keyids[:signers]:
        metadata.sign(publisher.repository._signers[keyid], append=True)
    (publisher.metadata / "2.root.json").write_bytes(metadata.to_bytes())


def test_one_of_two_needed_keys_cannot_change_the_root(publisher: Publisher) -> None:
    new_root(publisher, 1)
    refuses(publisher.offered, "signed by a wrong key, or by too few: .*1/2")


def test_two_of_two_can(publisher: Publisher) -> None:
    new_root(publisher, 2)
    assert publisher.offered() == 1


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp"])
def test_a_replaced_key_is_followed_and_the_old_one_is_dead(
    publisher: Publisher, role: str
) -> None:
    assert publisher.offered() == 1
    before = publisher.repository.read("root").roles[role].keyids[0]
    old = publisher.repository._signers[before]
    publisher.repository.replace_key(role)
    publisher.publish(2)
    assert publisher.offered() == 2
    if role == "root":
        return
    publisher.publish(3)
    path = publisher.newest(role)
    metadata = Metadata[Any].from_file(str(path))
    metadata.sign(old)
    path.write_bytes(metadata.to_bytes())
    refuses(publisher.offered, "signed by a wrong key")


def test_a_terminal_that_slept_through_many_roots_follows_them_all(
    publisher: Publisher,
) -> None:
    for _ in range(5):
        publisher.repository.replace_key("root")
    publisher.publish(2)
    assert publisher.offered() == 2


def test_thresholds_that_cannot_be_met_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        UpdateRepository.create(tmp_path / "r", tmp_path / "k", Thresholds(1, 2))


# --- what is signed, and still not taken --------------------------------------------
@pytest.mark.parametrize(
    "custom",
    [{}, {"number": 0}, {"number": 1, "min_daemon": "new", "variants": ["w8"]}, None],
)
def test_a_target_that_says_too_little(publisher: Publisher, custom: object) -> None:
    def strip(targets: Any) -> None:
        fields = targets.targets["models.tar"].unrecognized_fields
        fields["custom"] = custom

    publisher.repository.change("targets", strip)
    refuses(publisher.offered, "signed without what a bundle must say")


def test_a_target_without_sha256_or_beyond_all_bounds(publisher: Publisher) -> None:
    def huge(targets: Any) -> None:
        targets.targets["models.tar"].length = MOST_BYTES + 1

    publisher.repository.change("targets", huge)
    refuses(publisher.offered, "more than any bundle may have")

    def weak(targets: Any) -> None:
        targets.targets["models.tar"].hashes = {"md5": "00" * 16}

    publisher.repository.change("targets", weak)
    refuses(publisher.offered, "signed without what a bundle must say")


def test_what_was_trusted_survives_a_torn_cache(publisher: Publisher) -> None:
    assert publisher.offered() == 1
    for path in (publisher.folder / "cache" / "metadata").rglob("*.json"):
        if not path.is_symlink():
            path.write_bytes(b"")
    assert publisher.offered() == 1
