"""`likeness carrier api` serves until it is told to stop, or says what is missing."""

import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from broker import free_port
from likeness.__main__ import main
from likeness.edges import desk_token
from processes import LIKENESS, happens
from results import bench


def written(folder: Path, api: str, more: str = "") -> Path:
    keys = bench(folder).keys
    path = folder / "carrier.toml"
    text = f'keys = "{keys.carrier}"\ndatabase = "{folder / "carrier.db"}"\n{more}'
    path.write_text(f"{text}[api]\n{api}\n")
    return path


def test_what_is_missing_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    desk_token.put_new(token)
    good = f'port = 1\ntoken_file = "{token}"\n'
    for api, says in (
        ("", "api.port is 0"),
        ("port = 1", "api.token_file is empty"),
        (f'port = 1\ntoken_file = "{tmp_path}/none"', "none"),
        (f'{good}listen = "0.0.0.0"', "beyond 127.0.0.1"),
        (f'{good}cert_file = "x"', "give both, or none"),
        (f"{good}prt = 1", "nearest known key is 'port'"),
    ):
        config = written(tmp_path, api)
        assert main(["carrier", "api", "--config", str(config)]) == 78
        said = capsys.readouterr().err
        assert says in said
        assert said.count("\n") == 1


def test_a_key_that_is_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    desk_token.put_new(token)
    config = written(tmp_path, f'port = 1\ntoken_file = "{token}"')
    for name in ("register.key", "person.key"):
        key = tmp_path / "keys/carrier" / name
        kept = key.read_bytes()
        for content, mode in ((None, 0o600), (kept[:31], 0o600), (kept, 0o644)):
            key.unlink()
            if content is not None:
                key.write_bytes(content)
                key.chmod(mode)
            assert main(["carrier", "api", "--config", str(config)]) == 78
            assert name in capsys.readouterr().err
            key.touch()
        key.write_bytes(kept)
        key.chmod(0o600)


def test_it_serves_its_document_and_stops_when_told(tmp_path: Path) -> None:
    port, token = free_port(), tmp_path / "token"
    desk_token.put_new(token)
    config = written(tmp_path, f'port = {port}\ntoken_file = "{token}"')
    log = tmp_path / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [*LIKENESS, "carrier", "api", "--config", str(config)], stderr=out
        ) as process,
    ):
        assert happens(lambda: "event=api_listening" in log.read_text(), 20.0)
        base = f"http://127.0.0.1:{port}"
        with urllib.request.urlopen(f"{base}/openapi.json") as answer:  # noqa: S310
            assert b'"openapi":"3.1.0"' in answer.read()
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{base}/v1/disputes")  # noqa: S310
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert "Traceback" not in log.read_text()
