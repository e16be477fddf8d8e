"""`likeness carrier fleet` as it is called."""

import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from broker import free_port, mosquitto
from processes import happens

COMMAND = [sys.executable, "-m", "likeness", "carrier", "fleet"]


def test_help_says_what_it_does() -> None:
    said = subprocess.run([*COMMAND, "--help"], capture_output=True, check=True)
    assert b"orders nothing" in said.stdout


def test_a_file_that_is_wrong_gets_one_line(tmp_path: Path) -> None:
    config = tmp_path / "carrier.toml"
    config.write_text('keys = "k"\ndatabase = "d"\nenvironment = "test"\n')
    command = [*COMMAND, "--config", str(config)]
    said = subprocess.run(command, capture_output=True, check=False, cwd=tmp_path)
    assert said.returncode == 78
    (line,) = [one for one in said.stderr.splitlines() if not one.startswith(b"INFO")]
    assert b"fleet.port" in line


@pytest.mark.broker
def test_it_serves_until_it_is_stopped(tmp_path: Path) -> None:
    port = free_port()
    config = tmp_path / "carrier.toml"
    with mosquitto(tmp_path) as broker:
        config.write_text(
            f'keys = "{tmp_path}"\ndatabase = "{tmp_path}/carrier.db"\n'
            f'environment = "test"\nhost = "{broker.host}"\nport = {broker.port}\n'
            f"[fleet]\nport = {port}\n"
        )
        command = [*COMMAND, "--config", str(config)]
        program = subprocess.Popen(command, stderr=subprocess.PIPE)

        def serves() -> bool:
            try:
                with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    return b"likeness_terminals{" in answer.read()
            except OSError:
                return False

        try:
            assert happens(serves, 30.0)
            program.send_signal(signal.SIGTERM)
            _, errors = program.communicate(timeout=30)
            assert program.returncode == 0
            assert b"Traceback" not in errors
        finally:
            program.kill()
            program.wait()
