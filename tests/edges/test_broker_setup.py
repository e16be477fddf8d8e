"""The script that sets up a bench's broker, run as RUNNING.md says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from broker import Mosquitto, free_port
from likeness.simulators.authority import Authority, Issued
from tls_broker import SHIPPED, Guest

pytestmark = pytest.mark.broker


class SetUp(Mosquitto):
    """A broker from the folder that the script made, at a port that is free."""

    def __init__(self, folder: Path) -> None:
        (folder / "spare").mkdir()
        super().__init__(folder / "spare")
        self._config = folder / "mosquitto.conf"
        rules = folder / "likeness/likeness.conf"
        text = rules.read_text()
        for port, ours in ((8883, self.port), (8884, free_port())):
            assert f"\nlistener {port} 127.0.0.1\n" in text
            text = text.replace(f"listener {port} ", f"listener {ours} ")
        rules.write_text(text)


def test_the_script_makes_a_broker_that_lets_its_terminals_in(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    beside = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for _ in range(2):  # the second time nothing is made anew
        said = subprocess.run(
            [SHIPPED / "bench-tls.sh", folder, "shop-1"],
            env={**os.environ, "PATH": beside},
            capture_output=True,
            text=True,
            check=True,
        )
        assert said.stderr == ""
    pki = Authority(folder / "pki")
    cert = folder / "pki/issued/shop-1.pem"
    assert str(cert) in said.stdout
    broker = SetUp(folder)
    broker.start()
    try:
        who = Issued(cert, cert.with_suffix(".key"))
        with Guest(broker.port, pki.servers, who) as guest:
            assert guest.is_in
            assert guest.say("likeness/v1/shop-1/result", b"x") == 0x10
            assert guest.say("likeness/v1/shop-2/result", b"x") == 0x87
        with Guest(broker.port, pki.servers) as guest:
            assert not guest.came
    finally:
        broker.kill()


def test_the_script_says_how_it_is_used() -> None:
    said = subprocess.run(
        [SHIPPED / "bench-tls.sh"], capture_output=True, text=True, check=False
    )
    assert said.returncode == 2
    assert said.stderr.startswith("usage: ")
