"""libnfc and mrtdreader, which know nothing of us, read our chip before our PN532.

mrtdreader finds a portrait only where real documents commonly have it, and asks in its
own way for files: what it writes out must be the very bytes that we signed.
"""

import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_card_file import AccessPart, CardFile
from likeness.simulators.emrtd_files import DG2, ImageForm
from likeness.simulators.emrtd_personalise import personalise
from likeness.simulators.pn532 import Pn532Simulator
from likeness.simulators.pn532_reader import Radio

pytestmark = pytest.mark.foreign

# The zone of ICAO 9303-4, later expiry: its second line is what mrtdreader is given.
SECOND_LINE = "L898902C36UTO7408122F3404159<<<<<<<<<<<<<<<4"
WITHIN_S = 60.0


def passport(image: ImageForm = ImageForm.JP2, **access: object) -> EmrtdCard:
    card = CardFile(
        form="td3",
        number="L898902C3",
        surname="Eriksson",
        given="Anna Maria",
        birth=date(1974, 8, 12),
        expiry=date(2034, 4, 15),
        image=image,
        access=AccessPart(**access),  # type: ignore[arg-type]
    )
    return EmrtdCard(personalise(card, CountryAuthority()))


def told(simulator: Pn532Simulator, folder: Path, *command: str) -> str:
    """Run a program of libnfc's on the simulated reader, return what it prints."""
    done = subprocess.run(
        command,
        env={**os.environ, "LIBNFC_DEVICE": f"pn532_uart:{simulator.path}"},
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=WITHIN_S,
    )
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize(
    ("radio", "said"),
    [
        ("a", "1 ISO14443A passive target(s) found"),
        ("b", "1 ISO14443B passive target(s) found"),
    ],
)
def test_nfc_list_finds_the_chip(tmp_path: Path, radio: Radio, said: str) -> None:
    with Pn532Simulator(passport(), radio=radio) as simulator:
        assert said in told(simulator, tmp_path, "nfc-list", "-v")
    with Pn532Simulator(radio=radio) as simulator:
        assert said not in told(simulator, tmp_path, "nfc-list", "-v")


@pytest.mark.parametrize("image", [ImageForm.JP2, ImageForm.JPEG])
@pytest.mark.parametrize("most_bytes", [256, 100])
def test_mrtdreader_reads_zone_and_portrait(
    tmp_path: Path, image: ImageForm, most_bytes: int
) -> None:
    card = passport(image, most_bytes=most_bytes)
    with Pn532Simulator(card) as simulator:
        said = told(simulator, tmp_path, "mrtdreader", SECOND_LINE)
    assert "Found: EF_DG1\nFound: EF_DG2\n" in said
    assert "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<" + SECOND_LINE in said
    suffix = "jp2" if image is ImageForm.JP2 else "jpg"
    picture = (tmp_path / f"image.{suffix}").read_bytes()
    assert len(picture) > 5000
    assert card.chip.files[DG2].endswith(picture)


def test_mrtdreader_with_another_zone_is_kept_out(tmp_path: Path) -> None:
    with Pn532Simulator(passport()) as simulator:
        wrong = SECOND_LINE.replace("L898902C36", "L898902C44")
        said = told(simulator, tmp_path, "mrtdreader", wrong)
    assert "EF_DG1" not in said
    assert not list(tmp_path.iterdir())
