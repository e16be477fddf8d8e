"""A state folder that is a partition of its own, as INSTALL.md makes it, is well."""

import os
from pathlib import Path

import pytest

from likeness.doctor.finding import State
from likeness.doctor.places import Places
from likeness.doctor.storage import storage

SOMEBODY = 65_534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    ("name", "state"), [("lost+found", State.OK), ("results.db", State.FAIL)]
)
def test_roots_own_folder_of_a_partition_is_no_fault(
    tmp_path: Path, name: str, state: State
) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    os.chown(folder, SOMEBODY, SOMEBODY)
    (folder / name).mkdir()
    places = Places(proc=tmp_path / "none")
    assert storage(folder, places, is_production=True).state is state
