"""Sets and their ledger on a disk that fails, fills up, or is used by two at once."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from likeness.core.update import Ledger, Offer, Trial
from likeness.edges.bundle_file import pack
from likeness.edges.model_sets import KEEP_FREE, ModelSets, candidates
from likeness.errors import ModelError, UpdateRefused
from likeness.pins import sha256_of
from update_bench import FITS


def bundle(folder: Path, number: int = 1) -> tuple[Path, Offer]:
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.toml"
    manifest.write_text(f"manifest = 1  # {number}\n")
    path = folder / f"{number}.tar"
    pack({"manifest.toml": manifest}, path)
    says = msgspec.structs.replace(FITS, number=number)
    offer = Offer(digest=sha256_of(path), length=path.stat().st_size, bundle=says)
    return path, offer


def installed(sets: ModelSets, folder: Path, number: int) -> str:
    path, offer = bundle(folder, number)
    sets.install(path, offer, lambda _new: None)
    return offer.digest


def contents(sets: ModelSets) -> set[str]:
    return {path.name for path in sets.folder.iterdir() if path.is_dir()}


def test_a_new_terminal_has_no_ledger_and_makes_none_by_looking(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path / "state")
    assert sets.ledger() == Ledger()
    assert not (tmp_path / "state").exists()


def test_the_check_sees_the_set_before_it_has_its_name(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path)
    path, offer = bundle(tmp_path / "b")
    seen: list[Path] = []

    def check(new: Path) -> None:
        assert (new / "manifest.toml").read_text() == "manifest = 1  # 1\n"
        assert not sets.path_of(offer.digest).exists()
        seen.append(new)

    sets.install(path, offer, check)
    assert len(seen) == 1
    assert not seen[0].exists()
    assert sets.ledger() == Ledger(
        accepted=1, accepted_digest=offer.digest, current=offer.digest, trial=Trial()
    )


def test_a_check_that_fails_leaves_nothing(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path)
    path, offer = bundle(tmp_path / "b")

    def check(_new: Path) -> None:
        raise ModelError("it computes wrong")

    with pytest.raises(ModelError, match="computes wrong"):
        sets.install(path, offer, check)
    assert contents(sets) == set()
    assert sets.ledger() == Ledger()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b'{"accepted": -1}', b'{"new": 1}', b"[" * 100_000),
        b'{"accepted\xff": 1}',  # msgspec has an error of its own for this
    ],
)
def test_a_broken_ledger_names_no_set_and_forgets_no_number(
    tmp_path: Path, content: bytes
) -> None:
    sets = ModelSets(tmp_path)
    installed(sets, tmp_path / "b", 6)
    newest = installed(sets, tmp_path / "b", 7)
    (sets.folder / "ledger.json").write_bytes(content)
    assert sets.ledger() == Ledger(accepted=7, accepted_digest=newest)
    # The same bundle may come again, and mends it.
    assert installed(sets, tmp_path / "b", 7) == newest
    assert sets.ledger().current == newest
    (sets.folder / "ledger.json").write_bytes(content)
    sets.change(lambda ledger: ledger)
    assert (sets.folder / "ledger.json").read_bytes() != content


def test_a_broken_offer_beside_a_broken_ledger(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path)
    digest = installed(sets, tmp_path / "b", 7)
    for content in (b"", b'{"digest": "\xff"}'):
        (sets.path_of(digest) / "offer.json").write_bytes(content)
        (sets.folder / "ledger.json").write_bytes(content)
        assert sets.ledger() == Ledger()


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path)
    path, offer = bundle(tmp_path / "b")
    huge = msgspec.structs.replace(offer, length=1 << 50)
    mib = KEEP_FREE >> 20
    for copies in (1, 2):
        needed = (copies << 30) + mib
        with pytest.raises(UpdateRefused, match=f"full: bundle 1 needs {needed} MiB"):
            sets.refuse_full(huge, copies=copies)
    with pytest.raises(UpdateRefused, match="the disk is full: bundle 1 needs"):
        sets.install(path, huge, lambda _new: None)
    assert contents(sets) == set()
    assert KEEP_FREE > 1 << 20


def test_two_updates_at_once(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path)
    path, offer = bundle(tmp_path / "b")
    sets.change(lambda ledger: ledger)
    handle = os.open(sets.folder / "install.lock", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(UpdateRefused, match="another update is going on here"):
        sets.install(path, offer, lambda _new: None)
    os.close(handle)
    sets.install(path, offer, lambda _new: None)
    assert sets.ledger().accepted == 1


def test_the_daemon_may_change_the_ledger_during_an_update(tmp_path: Path) -> None:
    sets = ModelSets(tmp_path)
    old = installed(sets, tmp_path / "b", 1)
    path, offer = bundle(tmp_path / "b", 2)

    def check(_new: Path) -> None:  # meanwhile the running set passes its trial
        passed = msgspec.structs.replace(sets.ledger(), trial=None)
        ModelSets(tmp_path).change(lambda _ledger: passed)

    sets.install(path, offer, check)
    assert sets.ledger().previous == old


FULL_DISK = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from test_model_sets import bundle, contents
from likeness.edges import model_sets
from likeness.edges.model_sets import ModelSets
from likeness.core.update import Ledger
from likeness.errors import UpdateRefused
model_sets.KEEP_FREE = 0  # a disk that fills up after we have looked
sets = ModelSets(Path({disk!r}))
sets.change(lambda ledger: Ledger(accepted=1))
path, offer = bundle(Path({folder!r}), 2)
filler = Path({disk!r}, "filler").open("wb", buffering=0)
def fill(new):
    try:
        while True:
            filler.write(bytes(4096))
    except OSError:
        pass
try:
    sets.install(path, offer, fill)
except UpdateRefused as fault:
    print(fault)
print(sets.ledger(), contents(sets))
"""


def test_a_disk_that_fills_up_meanwhile(tmp_path: Path) -> None:
    """On a real small file system, in a mount name space of its own."""
    disk = tmp_path / "disk"
    disk.mkdir()
    program = FULL_DISK.format(
        path=[str(Path(__file__).parent), *sys.path],
        disk=str(disk),
        folder=str(tmp_path / "b"),
    )
    (tmp_path / "program.py").write_text(program)
    mount = f'mount -t tmpfs -o size=512k disk {disk} && exec "$@"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mount, "sh", sys.executable, "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip("no mount name space may be made here")
    assert done.stderr == ""
    said, kept = done.stdout.splitlines()
    assert "the disk is full: bundle 2 needs" in said
    assert kept == f"{Ledger(accepted=1)} set()"


def test_the_packaged_set_is_always_the_last_candidate() -> None:
    assert candidates(Ledger()) == ("",)
    assert candidates(Ledger(current="b", previous="a")) == ("b", "a", "")
    assert candidates(Ledger(current="b")) == ("b", "")
