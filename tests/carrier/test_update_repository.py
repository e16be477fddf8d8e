"""A publisher's repository: versions grow, dates are set, nothing is half written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from likeness.carrier.update_repository import (
    ROLES,
    VALID_DAYS,
    Thresholds,
    UpdateRepository,
)
from likeness.errors import UsageError
from update_bench import FITS


@pytest.fixture
def repository(tmp_path: Path) -> UpdateRepository:
    return UpdateRepository.create(tmp_path / "repository", tmp_path / "keys")


def versions(repository: UpdateRepository) -> dict[str, int]:
    return {role: repository.read(role).version for role in ROLES}


def published(repository: UpdateRepository, number: int) -> str:
    bundle = repository.folder.parent / f"bundle-{number}"
    bundle.write_bytes(b"bundle %d" % number)
    return repository.publish(bundle, msgspec.structs.replace(FITS, number=number))


def test_what_is_published_stands_in_all_that_is_signed(
    repository: UpdateRepository,
) -> None:
    before = versions(repository)
    digest = published(repository, 7)
    after = versions(repository)
    assert after == {
        "root": before["root"],
        "targets": before["targets"] + 1,
        "snapshot": before["snapshot"] + 1,
        "timestamp": before["timestamp"] + 1,
    }
    assert repository.read("timestamp").snapshot_meta.version == after["snapshot"]
    meta = repository.read("snapshot").meta["targets.json"]
    assert meta.version == after["targets"]
    assert repository.offered("models.tar") == msgspec.structs.replace(FITS, number=7)
    assert repository.offered("other.tar") is None
    target = repository.folder / "targets" / f"{digest}.models.tar"
    assert target.read_bytes() == b"bundle 7"


def test_each_role_holds_for_its_time(repository: UpdateRepository) -> None:
    for role in ROLES:
        holds = repository.read(role).expires - datetime.now(UTC)
        wanted = timedelta(days=VALID_DAYS[role])
        assert wanted - timedelta(minutes=5) < holds <= wanted


def test_other_targets_stay_offered(repository: UpdateRepository) -> None:
    published(repository, 1)
    other = repository.folder.parent / "other"
    other.write_bytes(b"for the first shops")
    repository.publish(other, FITS, "early.tar")
    published(repository, 2)
    assert repository.offered("early.tar") == FITS
    found = repository.offered("models.tar")
    assert found is not None
    assert found.number == 2


def test_nothing_but_finished_files_is_there(repository: UpdateRepository) -> None:
    published(repository, 1)
    names = [path.name for path in repository.folder.rglob("*") if path.is_file()]
    assert not [name for name in names if name.startswith(".")]


def test_opened_again_it_goes_on(repository: UpdateRepository, tmp_path: Path) -> None:
    published(repository, 1)
    again = UpdateRepository(repository.folder, tmp_path / "keys")
    published(again, 2)
    assert versions(again)["targets"] == versions(repository)["targets"] == 3
    assert again.root_file.name == "1.root.json"


@pytest.mark.parametrize("needed", [0, 4, -1])
def test_thresholds_that_cannot_be_met(tmp_path: Path, needed: int) -> None:
    with pytest.raises(UsageError, match="at least one root key"):
        UpdateRepository.create(tmp_path / "r", tmp_path / "k", Thresholds(3, needed))
    assert not (tmp_path / "k").exists()
