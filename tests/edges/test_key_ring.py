import json
import resource
import stat
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest

from likeness.edges import key_files, signers
from likeness.edges.key_ring import KeyRing
from likeness.errors import ConfigError, KeyLost
from softhsm import Token, make_token


@pytest.fixture
def first(tmp_path: Path) -> Path:
    key_files.make_private(tmp_path / "device.key")
    return tmp_path / "device.key"


def ring(tmp_path: Path, first: Path | str) -> KeyRing:
    return KeyRing(tmp_path / "state", str(first))


def test_without_a_ring_the_configured_key_signs(tmp_path: Path, first: Path) -> None:
    keys = ring(tmp_path, first)
    assert keys.current().kid == signers.open_signer(str(first)).kid
    assert keys.next() is None
    keys.switch()
    assert not (tmp_path / "state").exists()


def test_each_key_follows_the_one_before_and_ours_are_deleted(
    tmp_path: Path, first: Path
) -> None:
    seen = [ring(tmp_path, first).current().kid]
    for _ in range(3):
        prepared = ring(tmp_path, first).prepare().kid
        assert ring(tmp_path, first).current().kid == seen[-1]
        ring(tmp_path, first).switch()
        seen.append(ring(tmp_path, first).current().kid)
        assert seen[-1] == prepared
    assert len(set(seen)) == 4
    kept = list((tmp_path / "state" / "keys").glob("*.key"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in kept] == [0o600]
    assert stat.S_IMODE((tmp_path / "state" / "keys").stat().st_mode) == 0o700
    first.unlink()  # the installer may delete what was replaced
    assert ring(tmp_path, first).current().kid == seen[-1]


def test_provisioned_anew_the_ring_is_void(tmp_path: Path, first: Path) -> None:
    keys = ring(tmp_path, first)
    keys.prepare()
    keys.switch()
    first.unlink()
    key_files.make_private(first)
    assert ring(tmp_path, first).current().kid == signers.open_signer(str(first)).kid
    other = tmp_path / "other.key"
    key_files.make_private(other)
    assert ring(tmp_path, other).current().kid == signers.open_signer(str(other)).kid


def test_a_ring_that_cannot_be_read_stops_the_start(
    tmp_path: Path, first: Path
) -> None:
    keys = ring(tmp_path, first)
    keys.prepare()
    path = tmp_path / "state" / "keys" / "ring.json"
    content = json.loads(path.read_text())
    more = json.dumps({**content, "more": 1}).encode()
    # msgspec has an error of its own for what is not UTF-8.
    for bad in (b"", b"{}", b"[1", more, b'{"\xff": 1}', b'{"a":' + b"[" * 100_000):
        path.write_bytes(bad)
        with pytest.raises(ConfigError, match="which key is in use"):
            keys.current()


def test_what_cannot_be_kept_is_one_clear_line(tmp_path: Path, first: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(ConfigError, match="no key can be kept here"):
        ring(tmp_path, first).prepare()


def test_a_switch_that_cannot_be_kept_changes_nothing(
    tmp_path: Path, first: Path
) -> None:
    keys = ring(tmp_path, first)
    before, prepared = keys.current().kid, keys.prepare().kid
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))  # as a full disk
    try:
        with pytest.raises(KeyLost, match="mend that and start again"):
            keys.switch()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert keys.current().kid == before
    keys.switch()
    assert keys.current().kid == prepared
    assert [p.name for p in (tmp_path / "state" / "keys").glob(".*")] == []


@pytest.fixture
def token(tmp_path: Path) -> Iterator[Token]:
    made = make_token(tmp_path)
    pkcs11.lib(made.module).reinitialize()
    yield made


@pytest.mark.softhsm
def test_the_next_key_of_a_token_is_made_in_it(tmp_path: Path, token: Token) -> None:
    signers.make_key(token.uri())
    keys = ring(tmp_path, token.uri())
    before = keys.current().kid
    prepared = keys.prepare()
    assert (prepared.key_tier, prepared.kid == before) == ("pkcs11", False)
    keys.switch()
    assert ring(tmp_path, token.uri()).current().kid == prepared.kid
    assert list((tmp_path / "state" / "keys").glob("*.key")) == []
