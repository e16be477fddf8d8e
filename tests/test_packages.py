import io
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest

from likeness.errors import PackageError
from likeness.packages import extract, fetch, run_pip, take
from likeness.pins import Member, Package
from tiny_wheel import write_wheel

WEIGHTS = b"numbers" * 400_000  # more than one part when it is read


def make_wheel(folder: Path) -> Package:
    """A wheel that pip accepts, holding one file of weights."""
    path = folder / "small_thing-1.0-py3-none-any.whl"
    write_wheel(path, {"small_thing/weights.bin": WEIGHTS})
    return package_of(path)


def package_of(path: Path, digest: str | None = None) -> Package:
    return Package(
        name="small-thing",
        version="1.0",
        filename=path.name,
        sha256=digest or sha256(path.read_bytes()).hexdigest(),
    )


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the ordinary pip takes for the only registry there is."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "index"))
    return tmp_path / "index"


def weights(path: str = "small_thing/weights.bin", digest: str = "") -> Member:
    digest = digest or sha256(WEIGHTS).hexdigest()
    return Member(package="small-thing", path=path, sha256=digest)


def test_pip_fetches_once(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index)
    got = fetch(package, tmp_path / "sources")
    assert got.read_bytes() == (index / package.filename).read_bytes()
    (index / package.filename).unlink()
    assert fetch(package, tmp_path / "sources") == got
    assert [path.name for path in (tmp_path / "sources").iterdir()] == [got.name]


def test_a_spoiled_download_is_fetched_again(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index)
    got = fetch(package, tmp_path / "sources")
    got.write_bytes(got.read_bytes()[:100])
    fetch(package, tmp_path / "sources")
    assert sha256(got.read_bytes()).hexdigest() == package.sha256


def test_another_file_of_the_same_name_is_not_taken(
    index: Path, tmp_path: Path
) -> None:
    make_wheel(index)
    path = index / "small_thing-1.0-py3-none-any.whl"
    with pytest.raises(PackageError, match=r"small-thing==1.0") as told:
        fetch(package_of(path, "0" * 64), tmp_path / "sources")
    assert "HASHES" in str(told.value)
    assert "\n" not in str(told.value)
    assert list((tmp_path / "sources").iterdir()) == []


def test_a_package_that_cannot_be_had_says_what_to_do(
    index: Path, tmp_path: Path
) -> None:
    package = make_wheel(index)
    (index / package.filename).unlink()
    with pytest.raises(PackageError, match=r"No matching distribution.*--from DIR"):
        fetch(package, tmp_path / "sources")


def test_a_wheel_of_another_name_is_told(index: Path, tmp_path: Path) -> None:
    package = make_wheel(index)
    other = Package(
        name=package.name,
        version=package.version,
        filename="other-1.0-py3-none-any.whl",
        sha256=package.sha256,
    )
    with pytest.raises(PackageError, match=r"did not give other-1.0"):
        fetch(other, tmp_path / "sources")


def test_a_mirror_needs_no_pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = make_wheel(tmp_path / "mirror")
    monkeypatch.setattr("likeness.packages.PIP", ("false",))
    assert take(package, tmp_path / "mirror") == tmp_path / "mirror" / package.filename


def test_a_mirror_is_checked(tmp_path: Path) -> None:
    package = make_wheel(tmp_path)
    path = tmp_path / package.filename
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(PackageError, match="the manifest pins"):
        take(package, tmp_path)
    path.unlink()
    with pytest.raises(PackageError, match="is missing; fill the folder"):
        take(package, tmp_path)


def test_a_member_comes_out_whole(tmp_path: Path) -> None:
    package = make_wheel(tmp_path)
    extract(package, tmp_path / package.filename, weights(), tmp_path / "out" / "w")
    assert (tmp_path / "out" / "w").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (weights("small_thing/other.bin"), "there is no small_thing/other.bin in it"),
        (weights(digest="0" * 64), "has sha256"),
    ],
)
def test_a_wrong_member_leaves_nothing(
    tmp_path: Path, member: Member, told: str
) -> None:
    package = make_wheel(tmp_path)
    with pytest.raises(PackageError, match=told):
        extract(package, tmp_path / package.filename, member, tmp_path / "out" / "w")
    assert list((tmp_path / "out").iterdir()) == []


def test_source_archives_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "small_thing-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        folder = tarfile.TarInfo("small_thing")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        about = tarfile.TarInfo("small_thing/weights.bin")
        about.size = len(WEIGHTS)
        archive.addfile(about, io.BytesIO(WEIGHTS))
    package = package_of(path)
    extract(package, path, weights(), tmp_path / "w")
    assert (tmp_path / "w").read_bytes() == WEIGHTS
    with pytest.raises(PackageError, match="there is no small_thing in it"):
        extract(package, path, weights("small_thing"), tmp_path / "w")


def test_an_archive_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "small_thing-1.0.tar.gz"
    path.write_bytes(b"not an archive")
    with pytest.raises(PackageError, match="there is no"):
        extract(package_of(path), path, weights(), tmp_path / "w")


def test_pip_that_says_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("likeness.packages.PIP", ("false",))
    with pytest.raises(PackageError, match="tools: pip failed: it said nothing"):
        run_pip(["install"], "tools")
