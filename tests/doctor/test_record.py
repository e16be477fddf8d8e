"""The doctor says whether a film could be sealed, and anybody asked for one."""

from pathlib import Path

import pytest

from likeness import config
from likeness.doctor.examination import checks
from likeness.doctor.finding import State
from likeness.doctor.record import record
from likeness.edges import key_files


@pytest.fixture
def key(tmp_path: Path) -> Path:
    private = key_files.make_private(tmp_path / "bench.key")
    jwk = key_files.public_jwk(private.public_key())
    (tmp_path / "bench.jwk").write_text(str(jwk).replace("'", '"'))
    return tmp_path / "bench.jwk"


def settings(key: str, texts_dir: str = "") -> config.Config:
    return config.Config(
        terminal=config.Terminal(device="t", state_dir="none"),
        screen=config.Screen(kind="page", texts_dir=texts_dir),
        record=config.Record(bench_key=key, by="Example Telecom"),
    )


def test_all_is_well(key: Path) -> None:
    found = record(settings(str(key)))
    assert found.state is State.OK
    assert "kept by Example Telecom for 90 days" in found.said
    assert "5 languages" in found.said


def test_a_key_that_is_none_is_named(key: Path) -> None:
    found = record(settings(str(key.with_suffix(".key"))))
    assert found.state is State.FAIL
    assert "a private key; take the public one" in found.said
    assert "likeness record keys make" in found.todo


def test_a_wrong_text_is_named(key: Path, tmp_path: Path) -> None:
    (tmp_path / "record").mkdir()
    (tmp_path / "record/en.json").write_text('{"version": "mine"}')
    found = record(settings(str(key), str(tmp_path)))
    assert found.state is State.FAIL
    assert "different versions" in found.said


def test_it_is_looked_at_only_where_it_is_configured(key: Path) -> None:
    assert "record" in checks(settings(str(key)))
    assert "record" not in checks(settings(""))
