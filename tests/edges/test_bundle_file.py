"""Only what `pack` writes is unpacked; every trick of archives ends in one line."""

import contextlib
import hashlib
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likeness.edges.bundle_file import MOST_FILES, pack, unpack
from likeness.errors import UpdateRefused

FILES = {
    "manifest.toml": b"manifest = 1\n",
    "built/a_w8.tflite": b"a" * 1000,
    "built/b_w8.tflite": b"",
}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packed(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    paths = {}
    for number, (name, data) in enumerate((files or FILES).items()):
        paths[name] = folder / f"file-{number}"
        paths[name].write_bytes(data)
    pack(paths, folder / "bundle.tar")
    return folder / "bundle.tar"


def crafted(
    folder: Path,
    *members: tarfile.TarInfo,
    form: int = tarfile.USTAR_FORMAT,
    mode: str = "w:",
) -> Path:
    """A bundle with a good manifest, and after it whatever a test puts in."""
    path = folder / "bundle.tar"
    with tarfile.open(path, mode, format=form) as tar:  # type: ignore[call-overload]
        manifest = tarfile.TarInfo("manifest.toml")
        manifest.size = 4
        tar.addfile(manifest, io.BytesIO(b"good"))
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * min(member.size, 1 << 16)))
    return path


def member(name: str, **facts: object) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    for key, value in facts.items():
        setattr(made, key, value)
    return made


def refuses(bundle: Path, into: Path, why: str) -> None:
    with pytest.raises(UpdateRefused, match=why) as fault:
        unpack(bundle, sha256(bundle), into)
    assert "\n" not in str(fault.value)


def test_what_is_packed_comes_out(tmp_path: Path) -> None:
    bundle = packed(tmp_path)
    unpack(bundle, sha256(bundle), tmp_path / "out")
    found = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert found == FILES


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    first = packed(tmp_path).read_bytes()
    (tmp_path / "again").mkdir()
    other = packed(tmp_path / "again", dict(reversed(FILES.items())))
    assert other.read_bytes() == first


def test_a_bundle_that_changed_on_the_disk(tmp_path: Path) -> None:
    bundle = packed(tmp_path)
    with pytest.raises(UpdateRefused, match="the bundle on the disk was changed"):
        unpack(bundle, "0" * 64, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "/etc/passwd",
        "built/../../escaped",
        "built/sub/x.tflite",
        "built/.hidden",
        "built/",
        "built",
        "offer.json",
        "manifest.toml/x",
        "built/x\ny",
        "built/x\x1b[2J",
    ],
)
def test_a_name_that_belongs_in_no_bundle(tmp_path: Path, name: str) -> None:
    bundle = crafted(tmp_path, member(name, size=1))
    refuses(bundle, tmp_path / "in" / "out", "which belongs in none|not a regular file")
    escaped = [p.name for p in tmp_path.rglob("escaped")]
    assert escaped == []


@pytest.mark.parametrize(
    "kind",
    [
        tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE,
        tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.GNUTYPE_SPARSE, tarfile.CONTTYPE,
    ],
)  # fmt: skip
def test_what_is_no_regular_file(tmp_path: Path, kind: bytes) -> None:
    facts = {"type": kind, "linkname": "../../escaped", "devmajor": 1, "devminor": 3}
    bundle = crafted(tmp_path, member("built/x", **facts))
    refuses(bundle, tmp_path / "out", "not a regular file")
    assert not (tmp_path / "out" / "built" / "x").exists()


def test_long_names_and_extended_headers_are_not_understood(tmp_path: Path) -> None:
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        bundle = crafted(tmp_path, member("built/" + "n" * 300, size=1), form=form)
        refuses(bundle, tmp_path / "out", "belongs in none|not a regular file")
        (tmp_path / "out" / "manifest.toml").unlink()
        (tmp_path / "out" / "built").rmdir()
        (tmp_path / "out").rmdir()


def test_the_same_name_twice(tmp_path: Path) -> None:
    refuses(crafted(tmp_path, member("manifest.toml")), tmp_path / "out", "twice")


def test_more_files_than_any_set_has(tmp_path: Path) -> None:
    many = [member(f"built/{number}") for number in range(MOST_FILES)]
    refuses(crafted(tmp_path, *many), tmp_path / "out", "too many files")


def test_no_manifest(tmp_path: Path) -> None:
    bundle = packed(tmp_path, {"built/a": b"a"})
    refuses(bundle, tmp_path / "out", "holds no manifest")


@pytest.mark.parametrize("mode", ["w:gz", "w:xz", "w:bz2"])
def test_a_compressed_bundle_is_none_so_nothing_can_swell(
    tmp_path: Path, mode: str
) -> None:
    refuses(crafted(tmp_path, mode=mode), tmp_path / "out", "no plain tar")


@pytest.mark.parametrize("size", [1 << 20, 1 << 33, (1 << 63) - 1])
def test_a_size_beyond_the_end(tmp_path: Path, size: int) -> None:
    """As a bomb would say it: far more than the file holds."""
    header = member("built/x", size=size).tobuf(tarfile.GNU_FORMAT)
    bundle = crafted(tmp_path)
    bundle.write_bytes(bundle.read_bytes()[:1024] + header)
    refuses(bundle, tmp_path / "out", "ends within|no plain tar")
    assert not (tmp_path / "out" / "built" / "x").exists()


def test_a_negative_size(tmp_path: Path) -> None:
    good = bytearray(member("built/x", size=0).tobuf(tarfile.USTAR_FORMAT))
    good[124:136] = b"\xff" * 12  # -1 in base 256
    good[148:156] = b" " * 8
    good[148:156] = b"%06o\0 " % sum(good[:512])
    bundle = crafted(tmp_path)
    bundle.write_bytes(bundle.read_bytes()[:1024] + good)
    refuses(bundle, tmp_path / "out", "says a wrong size|no plain tar")


def test_a_name_that_no_terminal_takes_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="belongs in none"):
        packed(tmp_path, {"models/x": b""})


def _spoilt(data: bytes, at: int, with_: bytes) -> bytes:
    return data[:at] + with_ + data[at + len(with_) :]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, 5000),
    noise=st.binary(min_size=1, max_size=40),
    cut=st.integers(0, 6000),
)
def test_noise_ends_in_a_refusal_or_in_files_below_the_folder(
    tmp_path_factory: pytest.TempPathFactory, at: int, noise: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("noise")
    bundle = packed(folder)
    bundle.write_bytes(_spoilt(bundle.read_bytes(), at, noise)[:cut])
    out = folder / "deep" / "out"
    with contextlib.suppress(UpdateRefused):
        unpack(bundle, sha256(bundle), out)
    inside = {path.name for path in out.parent.glob("*")}
    assert inside <= {"out"}
    assert sum(p.stat().st_size for p in out.rglob("*") if p.is_file()) <= cut
