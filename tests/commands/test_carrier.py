import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broker import mosquitto
from likeness.__main__ import main
from likeness.carrier.database import newest_revision
from postgres import Postgres
from results import bench


def test_wrong_use_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys = bench(tmp_path).keys
    plain = ["--database", str(tmp_path / "c.db"), "--environment", "test"]
    config = tmp_path / "carrier.toml"
    config.write_text('keys = "x"\ndatabase = "y"\nenvironmen = "test"\n')
    clear = tmp_path / "clear.toml"
    clear.write_text('keys = "x"\ndatabase = "y"\n')
    for arguments, code, says in (
        ([], 2, "--broker, --keys, --database, --environment"),
        (["--config", str(config), *plain], 2, "not both"),
        (["--config", str(config)], 78, "nearest known key is 'environment'"),
        (["--broker", "here", "--keys", str(keys.carrier), *plain], 2, "HOST:PORT"),
        (["--broker", "here:0", "--keys", "x", *plain], 2, "from 1 to 65535"),
        (["--broker", "here:65536", "--keys", "x", *plain], 2, "from 1 to 65535"),
        (["--broker", "h:1", "--keys", str(tmp_path), *plain], 78, "receipt.key"),
        (["--config", str(clear)], 78, "cert_file is empty; with environment 'prod"),
    ):
        assert main(["carrier", "run", *arguments]) == code
        said = capsys.readouterr().err
        assert says in said
        assert said.count("\n") == 1


def test_alarms_are_read_from_a_database_that_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["carrier", "alarms", "--database"]
    assert main([*words, str(tmp_path / "none.db")]) == 2
    assert "no database here" in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "text.db").write_text("this is no database" * 100)
    assert main([*words, str(tmp_path / "text.db")]) == 78
    said = capsys.readouterr().err
    assert "cannot be used as the carrier's database" in said
    assert said.count("\n") == 1


@pytest.mark.postgres
def test_a_database_of_postgresql_is_made_ready_when_a_person_says_so(
    postgres: Postgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    url, config = postgres.database(), tmp_path / "carrier.toml"
    config.write_text(f'keys = "x"\ndatabase = "{url}"\n')
    assert main(["carrier", "alarms", "--database", url]) == 78
    assert (
        "run 'likeness carrier migrate --config FILE' once" in capsys.readouterr().err
    )
    for _ in range(2):  # it may be said again
        assert main(["carrier", "migrate", "--config", str(config)]) == 0
        assert capsys.readouterr().out == f"{url}: ready at {newest_revision()}\n"
    assert main(["carrier", "alarms", "--database", url]) == 0
    assert capsys.readouterr().out == "no alarm\n"


@pytest.mark.broker
def test_it_runs_and_stops_when_told(tmp_path: Path) -> None:
    keys = bench(tmp_path).keys
    with mosquitto(tmp_path) as broker:
        log = (tmp_path / "log").open("w")
        program = [
            *(sys.executable, "-m", "likeness", "carrier", "run"),
            *("--broker", f"{broker.host}:{broker.port}"),
            *("--keys", str(keys.carrier), "--environment", "test"),
            *("--database", str(tmp_path / "carrier.db")),
        ]
        with subprocess.Popen(program, stderr=log) as process:
            while "broker_up" not in (tmp_path / "log").read_text():
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
    assert "Traceback" not in (tmp_path / "log").read_text()
