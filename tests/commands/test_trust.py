"""`likeness trust`: whom a terminal believes, and how lists get there."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.simulators.emrtd_authority import SIGNS_CERTIFICATES, CountryAuthority


@pytest.fixture
def store(tmp_path: Path) -> Path:
    folder = tmp_path / "csca"
    folder.mkdir()
    return folder


def test_a_master_list_is_taken_and_listed(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher, other = CountryAuthority("UT"), CountryAuthority("XX")
    file = tmp_path / "list of states.ml"
    file.write_bytes(publisher.master_list(other))
    assert main(["trust", "import", str(file), "--dir", str(store)]) == 0
    said = capsys.readouterr().out
    assert "2 new issuers; now 2 issuers, 1 master lists, 0 revocation lists" in said
    assert "master list signed by: Common Name: Document signer of nowhere" in said
    assert len([line for line in said.splitlines() if line.startswith("new: ")]) == 2
    assert "Country: XX" in said
    (taken,) = store.iterdir()
    assert taken.name.endswith("-list_of_states.ml")
    assert taken.read_bytes() == file.read_bytes()
    assert main(["trust", "list", "--dir", str(store)]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert len(listed) == 3
    assert all("CSCA of nowhere" in line for line in listed[:2])


@pytest.mark.parametrize("kind", ["cer", "crl", "ml"])
def test_the_same_again_is_already_there(
    tmp_path: Path, store: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = CountryAuthority()
    made = {
        "cer": authority.certificate,
        "crl": authority.crl(7),
        "ml": authority.master_list(),
    }
    if kind == "crl":
        (store / "csca.cer").write_bytes(authority.certificate)
    file = tmp_path / "file"
    file.write_bytes(made[kind])
    assert main(["trust", "import", str(file), "--dir", str(store)]) == 0
    before = set(store.iterdir())
    capsys.readouterr()
    renamed = file.rename(tmp_path / "renamed")
    assert main(["trust", "import", str(renamed), "--dir", str(store)]) == 0
    assert "already there; nothing was changed" in capsys.readouterr().out
    assert set(store.iterdir()) == before


def test_who_is_no_csca_is_named_with_why(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "root.cer"
    file.write_bytes(CountryAuthority(usage=SIGNS_CERTIFICATES).certificate)
    assert main(["trust", "import", str(file), "--dir", str(store)]) == 1
    said = capsys.readouterr().out
    assert "left out: Common Name: CSCA of nowhere 1" in said
    assert "no CSCA: keyUsage is not keyCertSign and cRLSign" in said


def test_a_folder_of_the_kernel_and_a_file_without_end_come_to_an_end(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "csca.cer"
    file.write_bytes(CountryAuthority().certificate)
    assert main(["trust", "import", str(file), "--dir", "/proc/self/net"]) == 2
    assert "cannot be written" in capsys.readouterr().err
    assert main(["trust", "import", "/dev/zero", "--dir", str(store)]) == 2
    assert "too large" in capsys.readouterr().err


def test_a_changed_list_is_not_taken(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = bytearray(CountryAuthority().master_list(CountryAuthority("XX")))
    data[-5] ^= 1
    file = tmp_path / "list.ml"
    file.write_bytes(bytes(data))
    assert main(["trust", "import", str(file), "--dir", str(store)]) == 1
    said = capsys.readouterr().out
    assert "left out: list.ml" in said
    assert "nothing was changed" in said
    assert list(store.iterdir()) == []


@pytest.mark.parametrize("data", [b"", b"\x30\x80", b"-----BEGIN CERTIFICATE-----"])
def test_what_is_no_list_is_said_in_lines(
    tmp_path: Path, store: Path, data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "list.ml"
    file.write_bytes(data)
    assert main(["trust", "import", str(file), "--dir", str(store)]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_an_empty_store_trusts_nobody(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["trust", "list", "--dir", str(store)]) == 1
    assert capsys.readouterr().out.startswith("0 issuers")


def test_a_revocation_list_counts_only_with_its_issuer(
    tmp_path: Path, store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    authority = CountryAuthority()
    crl = tmp_path / "state.crl"
    crl.write_bytes(authority.crl(7))
    assert main(["trust", "import", str(crl), "--dir", str(store)]) == 1
    (store / "csca.cer").write_bytes(authority.certificate)
    assert main(["trust", "import", str(crl), "--dir", str(store)]) == 0
    capsys.readouterr()
    assert main(["trust", "list", "--dir", str(store)]) == 0
    assert "; revocation list of 1 until 2040-01-01\n" in capsys.readouterr().out


def test_each_issuer_is_listed_with_its_revocation_list(
    store: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare, old = CountryAuthority("XA"), CountryAuthority("XB")
    for one in (bare, old):
        (store / f"{len(list(store.iterdir()))}.cer").write_bytes(one.certificate)
    (store / "old.crl").write_bytes(old.crl(end=datetime(2021, 5, 6, tzinfo=UTC)))
    assert main(["trust", "list", "--dir", str(store)]) == 0
    of_bare, of_old, _ = sorted(capsys.readouterr().out.splitlines(), key=_country)
    assert of_bare.endswith("; no revocation list")
    assert of_old.endswith("; revocation list of 0 until 2021-05-06 (not current)")


def _country(line: str) -> str:
    return line.partition("Country: ")[2] or "~"
