"""`likeness desk`: tokens and the document."""

import json
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.edges import desk_openapi, desk_token


def test_it_makes_a_token_that_is_not_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "desk.token"
    assert main(["desk", "token", "--out", str(path)]) == 0
    assert path.read_text().strip() not in capsys.readouterr().out
    assert len(desk_token.read(path)) == 1
    assert main(["desk", "token", "--out", str(path), "--attendant", "a-1"]) == 0
    assert len(desk_token.read(path)) == 2


@pytest.mark.parametrize(
    ("name", "arguments", "code"),
    [
        ("token", ["--attendant", "a b"], 2),
        ("no/such/folder", [], 2),
        ("other", [], 78),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    arguments: list[str],
    code: int,
) -> None:
    (tmp_path / "other").write_text("a file of somebody's")
    (tmp_path / "other").chmod(0o600)
    path = tmp_path / name
    assert main(["desk", "token", "--out", str(path), *arguments]) == code
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "Traceback" not in said
    assert (tmp_path / "other").read_text() == "a file of somebody's"


def test_it_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desk", "openapi"]) == 0
    made = json.loads(json.dumps(desk_openapi.document()))
    assert json.loads(capsys.readouterr().out) == made
