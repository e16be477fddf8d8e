"""INSTALL.md is true: its commands run, numbers are reckoned, faults were tried."""

import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest

from broken_devices import TABLE as DEVICES
from broken_line import TABLE as LINE
from broken_machine import TABLE as MACHINE
from likeness import config
from likeness.core import guidance, profile
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys, store_file
from likeness.simulators.authority import Authority, Kind

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "daemon" / "INSTALL.md"
BEGIN, END = "prints it anew -->\n", "<!-- end -->"
FACE_M, WIDTH_PX, HEIGHT_PX = 0.14, 1280, 720


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), flags=re.M | re.S)


def commands() -> list[list[str]]:
    """Every `likeness …` of the page, word by word."""
    text = "\n".join(blocks("sh")).replace("\\\n", " ")
    return [
        shlex.split(line, comments=True)
        for line in text.splitlines()
        if line.startswith("likeness ")
    ]


def faults() -> str:
    lines = ["| what is wrong | check | | words of the remedy |", "|---|---|---|---|"]
    for row in (*DEVICES, *MACHINE, *LINE):
        lines.append(f"| {row.what} | `{row.check}` | {row.state} | {row.todo} |")
    return "\n".join(lines) + "\n"


def test_the_faults_are_those_that_were_tried() -> None:
    page = PAGE.read_text()
    shown = page[page.index(BEGIN) + len(BEGIN) : page.index(END)]
    assert shown == faults(), f"put this there:\n{faults()}"


def test_the_distances_are_those_of_the_lenses() -> None:
    rules = profile.named("standard")
    assert rules.min_face_px == profile.named("strict").min_face_px == 70
    rows = re.findall(
        r"^\| [^|]*(?:Camera)[^|]* \| (\d+)° \| (\d+) px \| (\d+) px \| (\d+) px"
        r" \| ([\d.]+) m \| ([\d.]+) m \| ±([\d.]+) m \|$",
        PAGE.read_text(),
        flags=re.M,
    )
    assert len(rows) == 3
    for angle, *rest in rows:
        # 55 stands for the 55.3 degrees of a 6.287 mm wide sensor behind 6 mm.
        degrees = 55.3 if angle == "55" else float(angle)
        focal_px = WIDTH_PX / 2 / math.tan(math.radians(degrees / 2))
        near, middle, far, too_far, too_near, band = map(float, rest)
        for said, at_m in ((near, 0.4), (middle, 0.6), (far, 0.8)):
            assert said == pytest.approx(focal_px * FACE_M / at_m, abs=1)
        far_px = guidance.NEAR_ENOUGH * rules.min_face_px
        assert too_far == pytest.approx(focal_px * FACE_M / far_px, abs=0.06)
        near_px = guidance.HIGH * HEIGHT_PX
        assert too_near == pytest.approx(focal_px * FACE_M / near_px, abs=0.006)
        up_px = guidance.OFF_CENTRE * HEIGHT_PX
        assert band == pytest.approx(up_px * 0.6 / focal_px, abs=0.006)


def test_what_it_tells_to_write_is_a_configuration(tmp_path: Path) -> None:
    signals, whole = blocks("toml")
    given = tomllib.loads(whole) | tomllib.loads(signals)
    settings = msgspec.convert(given, config.Config)
    assert settings.signals.beeper_line == 23
    path = tmp_path / "terminal.toml"
    path.write_text(whole + signals)
    assert config.load(path) == settings  # also in production, where more is refused


def test_its_commands_take_a_terminal_to_the_carriers_answer(tmp_path: Path) -> None:
    """Each line of the page, in its order; only folders and the machine differ."""
    etc, stick, state = (tmp_path / name for name in ("etc", "stick", "state"))
    for folder in (etc / "pki", stick, state):
        folder.mkdir(parents=True)
    places = {
        "/etc/likeness": str(etc),
        "/media/stick": str(stick),
        "~/request": str(tmp_path / "request"),
        "/var/lib/likeness": str(state),
    }
    text = blocks("toml")[1]
    text = text.replace('"/opt/vendor/wlt-decoder"', '"/bin/false"')
    text = text.replace(
        'device = "shop-7"', f'device = "shop-7"\nstate_dir = "{state}"'
    )
    for name in ("receipt", "visit", "person"):
        text = text.replace(
            "[keys]", f'[keys]\ncarrier_{name}_key = "{etc}/pki/{name}.jwk"'
        )
    (etc / "terminal.toml").write_text(moved(text, places))
    authority = Authority(tmp_path / "authority")
    ran = []
    for words in commands():
        if words[1:3] == ["provision", "install"]:
            answer(authority, tmp_path / "request", stick)
        if words[1] == "outbox":  # the daemon has been started by then
            store_file.open_sound(state / store_file.NAME)[0].close()
        done = subprocess.run(
            [sys.executable, "-m", *(moved(word, places) for word in words)],
            env={**os.environ, "CREDENTIALS_DIRECTORY": str(etc / "pki")},
            capture_output=True,
            text=True,
            check=False,
        )
        ran.append(" ".join(words[1:3]).split(" --")[0])
        # The doctor finds neither camera nor broker here; nothing else may say no.
        says_no = "fail  camera: " in done.stdout
        assert done.returncode == int(says_no), (words, done.stdout, done.stderr)
        if says_no and "--only" not in words:
            well = {
                line[6:].split(":")[0]
                for line in done.stdout.splitlines()
                if line.startswith("ok ")
            }
            assert {"keys", "certificate", "disk", "models"} <= well, done.stdout
    assert ran == [
        "check-config",
        "provision make",
        "provision install",
        "doctor",
        "doctor",
        "outbox",
    ]


def moved(text: str, places: dict[str, str]) -> str:
    for place, here in places.items():
        text = text.replace(place, here)
    return text


def answer(authority: Authority, request: Path, stick: Path) -> None:
    """Do what the carrier does between two commands."""
    csr = (request / "shop-7.csr").read_bytes()
    (stick / "shop-7.pem").write_bytes(authority.issue(csr, Kind.DEVICE))
    shutil.copy(authority.ca(Kind.DEVICE), stick / "device-ca.pem")
    shutil.copy(authority.servers, stick / "server-ca.pem")
    keys = bench_keys.make(stick / "keys", "shop-7", (Environment.PRODUCTION,))
    shutil.copytree(keys.terminal, stick / "carrier-public")


def test_the_files_it_names_are_there() -> None:
    page = PAGE.read_text()
    for link in re.findall(r"\]\(([^)#]+)\)", page):
        assert (PAGE.parent / link).exists(), link
    for name in re.findall(r"`(tests/[\w/.]+)`", page):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"`(\w+\.conf\.example)`", page):
        assert (ROOT / "systemd/likeness.service.d" / name).exists(), name
