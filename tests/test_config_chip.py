"""Which readers a terminal may have, and what is said of the others."""

from pathlib import Path

import pytest

from likeness import config
from likeness.errors import ConfigError

HEAD = """\
[terminal]
device = "shop-7"
environment = "test"
[camera]
source = "feed"
path = "clip.mp4"
"""
PN532 = '[chip]\nkind = "pn532"\npath = "/dev/nfc0"\nscanner = "/dev/scanner0"\n'
PCSC = '[chip]\nkind = "pcsc"\nscanner = "-"\n'
NO_SDT = '[reader]\nkind = ""\n'


def load(folder: Path, *parts: str) -> config.Config:
    path = folder / "likeness.toml"
    path.write_text(HEAD + "".join(parts), encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize("parts", [(), (PN532,), (PCSC,), (NO_SDT, PN532)])
def test_one_reader_or_both(tmp_path: Path, parts: tuple[str, ...]) -> None:
    load(tmp_path, *parts)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((NO_SDT,), "a terminal needs a reader"),
        (('[chip]\nscanner = "-"\n',), r"chip\.kind is empty"),
        ((PN532.replace("/dev/nfc0", ""),), r"chip\.path is empty"),
        ((PN532, 'name = "ACS"\n'), r"chip\.name is for chip\.kind 'pcsc'"),
        ((PCSC, 'path = "/dev/nfc0"\n'), r"chip\.path is for chip\.kind 'pn532'"),
        ((PCSC.replace('"-"', '""'),), r"chip\.scanner is empty"),
        ((PN532.replace("nfc0", "idcard0"),), "name one line twice"),
        ((PN532.replace("scanner0", "nfc0"),), "name one line twice"),
        (
            (PCSC, "allow_bac = false\nallow_downgrade = true\n"),
            r"needs chip\.allow_bac",
        ),
        (('[chip]\nkind = "acr122"\n',), r'allowed: "" \(none\), pcsc, pn532$'),
    ],
)
def test_what_contradicts_itself_says_what_to_do(
    tmp_path: Path, parts: tuple[str, ...], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        load(tmp_path, *parts)


def test_in_production_an_unknown_issuer_is_never_simply_accepted(
    tmp_path: Path,
) -> None:
    accept = '[trust]\ndir = "/etc/likeness/csca"\nissuer_unverified = "accept"\n'
    assert load(tmp_path, accept).trust.issuer_unverified == "accept"
    path = tmp_path / "likeness.toml"
    text = path.read_text(encoding="utf-8").replace("test", "production", 1)
    text = text.replace("feed", "usb").replace("clip.mp4", "/dev/v4l/by-id/x")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"trust\.issuer_unverified 'accept' is for"):
        config.load(path)
