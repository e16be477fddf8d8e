from pathlib import Path

import pytest

from likeness.edges import key_files, signers
from likeness.errors import ConfigError


def test_a_file_and_a_credential(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key_files.make_private(tmp_path / "device.key")
    by_path = signers.open_signer(str(tmp_path / "device.key"))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    by_name = signers.open_signer("credential:device.key")
    assert by_path.kid == by_name.kid
    assert (by_path.key_tier, by_name.key_tier) == ("file", "credential")


@pytest.mark.parametrize("name", ["", "../device.key", "a/b", "/etc/x", ".", "a\n"])
def test_a_credential_is_a_name_and_no_path(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(ConfigError, match="LoadCredential"):
        signers.open_signer(f"credential:{name}")


def test_without_systemd_there_is_no_credential(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(ConfigError, match="no credentials"):
        signers.open_signer("credential:device.key")


def test_a_bad_uri_names_the_setting() -> None:
    with pytest.raises(ConfigError, match=r"keys\.device_key: not a PKCS#11 URI"):
        signers.open_signer("pkcs11:token=a")


def test_a_key_is_never_overwritten_and_a_fault_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    signers.make_key(str(path))
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="no key is ever overwritten"):
        signers.make_key(str(path))
    assert path.read_bytes() == before
    with pytest.raises(ConfigError, match="cannot be written: No such file"):
        signers.make_key(str(tmp_path / "no" / "folder" / "device.key"))
