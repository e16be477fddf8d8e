"""What lies on the table of the demonstration: a simulated reader and two cards.

One table for each way to read: SDT on a pty; an ICAO chip over a PN532 on a pty, or
over PC/SC with Debian's pcscd. Each says how the terminal must be configured for it.
Leaves to others: the visits (`demo`).
"""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal, Protocol

import cv2
import msgspec

from likeness import config
from likeness.bench.chip_portrait import HEIGHT_PX, WIDTH_PX, cut_out, press
from likeness.errors import ModelError, UsageError
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_card_file import fictitious_card as fictitious_chip
from likeness.simulators.emrtd_personalise import personalise
from likeness.simulators.pn532 import Pn532Simulator
from likeness.simulators.scanner import Scanner
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.virtual_pcscd import VirtualPcscd
from likeness.simulators.vpcd import VpcdSimulator
from likeness.vision.look import Looker, decode
from likeness.vision.models import Pixels

Card = Literal["sdt", "emrtd"]
Over = Literal["pn532", "pcsc"]

CHIP_PX = (360, 480)
COUNTRY = "UT"
DG1 = 0x0101
LINES, WIDTH = 3, 30  # of a TD1 card
LINES_OF_THE_KEY = 2


class Table(Protocol):
    """A reader with two cards, which are called 0 and 1."""

    @property
    def what(self) -> str:
        """What stands there, in a few words."""
        ...

    def configured(self, settings: config.Config) -> config.Config:
        """Return settings with this reader in them."""
        ...

    def lay(self, number: int) -> None:
        """Put a card on the reader."""
        ...

    def enter_key(self) -> None:
        """Scan or type what opens the card that lies there."""
        ...

    def take_away(self) -> None:
        """Take the card off it."""
        ...


@contextmanager
def table(
    card: Card, over: Over, folder: Path, pictures: tuple[bytes, bytes], looker: Looker
) -> Iterator[Table]:
    """Set up the table that was asked for.

    Args:
        card: which family.
        over: how chips are read.
        folder: for what it needs on the disk.
        pictures: of the two holders, encoded.
        looker: finds their faces.

    Raises:
        ModelError: a picture has no face.
        UsageError: PC/SC cannot be had here.
    """
    with ExitStack() as stack:
        if card == "sdt":
            yield stack.enter_context(_sdt(folder, pictures, looker))
        else:
            yield stack.enter_context(_chips(over, folder, pictures, looker))


# --- SDT ----------------------------------------------------------------------------
class _Sdt:
    """Two resident identity cards and the program that knows their pictures."""

    def __init__(self, folder: Path, portraits: list[bytes]) -> None:
        self._pictures = folder / "cards"
        self._pictures.mkdir()
        for number, portrait in enumerate(portraits, 1):
            (self._pictures / f"{number}.jpg").write_bytes(portrait)
        self._cards = [
            simulated(fictitious_card(number), portrait)
            for number, portrait in enumerate(portraits, 1)
        ]
        self.reader = SdtSimulator()

    @property
    def what(self) -> str:
        return f"card reader (simulated SDT) on {self.reader.path}"

    def configured(self, settings: config.Config) -> config.Config:
        decoder = (
            *(sys.executable, "-m", "likeness.simulators.wlt_decoder"),
            *("--pictures", str(self._pictures)),
        )
        return msgspec.structs.replace(
            settings,
            reader=config.Reader(path=self.reader.path),
            portrait=config.PortraitDecoder(command=decoder),
        )

    def lay(self, number: int) -> None:
        self.reader.lay(self._cards[number])

    def enter_key(self) -> None:
        """Nothing: a resident card opens to its reader."""

    def take_away(self) -> None:
        self.reader.take_away()


@contextmanager
def _sdt(
    folder: Path, pictures: tuple[bytes, bytes], looker: Looker
) -> Iterator[Table]:
    portraits = [press(_face(picture, looker)) for picture in pictures]
    laid = _Sdt(folder, portraits)
    with laid.reader:
        yield laid


# --- ICAO chips ---------------------------------------------------------------------
class _Slot(Protocol):
    """Where a chip is laid."""

    def lay(self, card: EmrtdCard) -> None: ...

    def take_away(self) -> None: ...


class _Chips:
    """Two cards of a test state; the first opens with its CAN, the second with its MRZ.

    PACE, JPEG 2000, active authentication; the state's certificate is the trust store.
    """

    def __init__(
        self,
        folder: Path,
        portraits: list[bytes],
        scanner: Scanner,
        slot: _Slot,
        reader: config.Chip,
        what: str,
    ) -> None:
        state = CountryAuthority(COUNTRY)
        self._trust = folder / "csca"
        self._trust.mkdir()
        (self._trust / "csca.cer").write_bytes(state.certificate)
        (self._trust / "csca.crl").write_bytes(state.crl())
        self._chips = [
            personalise(fictitious_chip(number), state, portrait)
            for number, portrait in enumerate(portraits, 1)
        ]
        self._laid = 0
        self._scanner, self._slot, self._reader, self.what = scanner, slot, reader, what

    def configured(self, settings: config.Config) -> config.Config:
        return msgspec.structs.replace(
            settings,
            reader=config.Reader(kind=""),
            chip=msgspec.structs.replace(self._reader, scanner=self._scanner.path),
            trust=config.Trust(dir=str(self._trust)),
        )

    def lay(self, number: int) -> None:
        self._laid = number
        self._slot.lay(EmrtdCard(self._chips[number]))

    def enter_key(self) -> None:
        chip = self._chips[self._laid]
        printed = _lines(chip.files[DG1])[:LINES_OF_THE_KEY]
        self._scanner.scan(*(printed if self._laid else [chip.can]))

    def take_away(self) -> None:
        self._slot.take_away()


@contextmanager
def _chips(
    over: Over, folder: Path, pictures: tuple[bytes, bytes], looker: Looker
) -> Iterator[Table]:
    if over == "pcsc" and importlib.util.find_spec("smartcard") is None:
        raise UsageError(
            "PC/SC needs pyscard: pip install pyscard (or take --over pn532)"
        )
    portraits = [_png(_face(one, looker, CHIP_PX)) for one in pictures]
    with ExitStack() as stack:
        scanner = stack.enter_context(Scanner())
        if over == "pn532":
            pn532 = stack.enter_context(Pn532Simulator())
            reader = config.Chip(kind="pn532", path=pn532.path)
            what = f"chip reader (simulated PN532) on {pn532.path}"
            slot: _Slot = pn532
        else:
            pcscd = stack.enter_context(VirtualPcscd(folder))
            slot = stack.enter_context(VpcdSimulator(port=pcscd.port))
            reader = config.Chip(kind="pcsc", name="Virtual PCD")
            what = "chip reader (virtual, over Debian's pcscd)"
        yield _Chips(folder, portraits, scanner, slot, reader, what)


def _lines(dg1: bytes) -> list[str]:
    """Return the MRZ of a TD1 card as it is printed: the chip holds the same signs."""
    signs = dg1[-LINES * WIDTH :].decode("ascii")
    return [signs[at : at + WIDTH] for at in range(0, len(signs), WIDTH)]


def _face(
    picture: bytes, looker: Looker, size: tuple[int, int] = (WIDTH_PX, HEIGHT_PX)
) -> Pixels:
    image = decode(picture)
    box = None if image is None else looker.find_portrait_box(image)
    if image is None or box is None:
        raise ModelError("no face in a demonstration picture: build the models anew")
    return cut_out(image, box, size)


def _png(image: Pixels) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()
