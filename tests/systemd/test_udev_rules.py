"""The shipped udev rules: their grammar, and what they do for the card reader.

The grammar is read here, since `udevadm verify` is younger than Debian 12; where it is
there, it must agree. Source: udev(7).
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from likeness import config

ROOT = Path(__file__).parent.parent.parent
RULES = ROOT / "systemd" / "71-likeness.rules"
TERM = re.compile(r'([A-Z]+)(?:\{([A-Za-z_]+)\})?(==|!=|=|\+=|-=|:=)"([^"\\]*)"')
MATCHES = {"SUBSYSTEM", "ATTRS", "ATTR", "ENV"}
SETS = {"SYMLINK", "GROUP", "MODE", "TAG", "ENV"}
LISTS = {"SYMLINK", "TAG"}

Rule = dict[str, str]


def parsed(line: str) -> Rule:
    """Read one rule; a term is named as it is written, e.g. `ENV{X}=`."""
    rule = {}
    for text in line.split(", "):
        term = TERM.fullmatch(text)
        assert term, f"no term of a rule: {text}"
        key, attribute, operator, value = term.groups()
        assert key in (MATCHES if operator in ("==", "!=") else SETS), text
        assert (operator in ("+=", "-=")) == (key in LISTS and key in SETS), text
        assert (attribute is not None) == (key in ("ATTRS", "ATTR", "ENV")), text
        rule[key + (f"{{{attribute}}}" if attribute else "") + operator] = value
    return rule


def rules(subsystem: str) -> list[Rule]:
    lines = RULES.read_text(encoding="ascii").splitlines()
    found = [parsed(line) for line in lines if line and not line.startswith("#")]
    assert {rule["SUBSYSTEM=="] for rule in found} == {"tty", "usb"}
    return [rule for rule in found if rule["SUBSYSTEM=="] == subsystem]


def test_the_readers_name_is_the_one_configured() -> None:
    assert {f"/dev/{rule['SYMLINK+=']}" for rule in rules("tty")} == {
        config.Reader().path
    }


def test_only_the_daemons_group_opens_it_and_no_modem_is_sought_there() -> None:
    unit = (ROOT / "systemd" / "likeness.service").read_text(encoding="utf-8")
    for rule in rules("tty") + rules("usb"):
        assert rule["GROUP="] in unit
        assert rule["MODE="] == "0660"
        assert rule["TAG-="] == "uaccess"
    assert all(rule["ENV{ID_MM_DEVICE_IGNORE}="] == "1" for rule in rules("tty"))


def test_adapters_and_units_are_told_by_their_ids() -> None:
    ids = [
        (rule["ATTRS{idVendor}=="], rule["ATTRS{idProduct}=="]) for rule in rules("tty")
    ]
    assert len(set(ids)) == len(ids) == 4
    assert all(re.fullmatch(r"[0-9a-f]{4}", part) for pair in ids for part in pair)
    (unit,) = rules("usb")
    shipped = f"{unit['ATTR{idVendor}==']}:{unit['ATTR{idProduct}==']}"
    assert shipped == config.Reader().usb


def test_udev_takes_them() -> None:
    verify = [shutil.which("udevadm") or "", "verify"]
    known = (
        verify[0] and subprocess.run([*verify, "--help"], check=False).returncode == 0
    )
    if known:
        subprocess.run([*verify, str(RULES)], check=True)
    with pytest.raises(AssertionError, match="no term of a rule"):
        parsed('SUBSYSTEM=="tty", GROUP=dialout')
    with pytest.raises(AssertionError, match="SYMLINK"):
        parsed('SUBSYSTEM=="tty", SYMLINK="idcard0"')
