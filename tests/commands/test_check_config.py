"""`likeness check-config`: every setting that would be in force, or what is wrong."""

import tomllib
from pathlib import Path

import msgspec
import pytest

from likeness import config
from likeness.__main__ import main
from replays import CLIP
from terminals import changed, settings, to_toml

LEAST = """
[terminal]
device = "shop-7"
[mqtt]
ca_file = "ca.pem"
cert_file = "shop-7.pem"
key_file = "shop-7.key"
"""


def check(folder: Path, text: str) -> int:
    path = folder / "likeness.toml"
    path.write_text(text, encoding="utf-8")
    return main(["check-config", "--config", str(path)])


def test_it_prints_a_file_that_means_the_same(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = settings(tmp_path, pictures / CLIP)
    assert check(tmp_path, to_toml(given)) == 0
    shown = capsys.readouterr().out
    (tmp_path / "shown.toml").write_text(shown, encoding="utf-8")
    assert config.load(tmp_path / "shown.toml") == given


def test_defaults_are_shown_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, LEAST) == 0
    shown = tomllib.loads(capsys.readouterr().out)
    parts = {part.name for part in msgspec.structs.fields(config.Config)}
    assert set(shown) == parts
    assert shown["terminal"]["environment"] == "production"
    assert shown["terminal"]["profile"] == "standard"
    assert shown["camera"]["source"] == "picamera2"
    assert shown["mqtt"]["ca_file"] == "ca.pem"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"profile": '"easy"'}, "there is no profile 'easy'; known: standard"),
        ({"environment": '"production"'}, "'feed' is for test and bench"),
        ({"timeout_s": '"3"'}, "portrait.timeout_s: expected"),
        ({"threads": "0"}, "models.threads: "),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path,
    pictures: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, str],
    says: str,
) -> None:
    text = to_toml(settings(tmp_path, pictures / CLIP))
    assert check(tmp_path, changed(text, changes)) == 78
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert says in said.err


def test_an_unknown_key_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(tmp_path, LEAST + "[camra]\n") == 78
    assert "unknown key 'camra'; the nearest known key is 'camera'" in (
        capsys.readouterr().err
    )
    assert main(["check-config", "--config", str(tmp_path / "none.toml")]) == 78
    assert "cannot be read: No such file" in capsys.readouterr().err


def test_one_key_for_results_and_tls_is_told_on_a_bench(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = settings(tmp_path, pictures / CLIP)
    text = to_toml(given)
    assert check(tmp_path, text) == 0
    assert "one key" not in capsys.readouterr().out
    both = changed(text, {"mqtt.key_file": f'"{given.keys.device_key}"'})
    assert check(tmp_path, both) == 0
    assert "# beware: one key for results and TLS" in capsys.readouterr().out
