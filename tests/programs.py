"""The real programs as processes of their own: a broker, a carrier, terminals.

Each can be killed and started again; what it writes is kept over its lives. The card
readers are simulated on pseudo-terminals by the test itself, so that it can lay cards
and take them away.
"""

import base64
import contextlib
import json
import re
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import cv2

from broker import Mosquitto
from likeness.bench.chip_portrait import chip_portrait
from likeness.carrier.store import CarrierStore
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys, store_file
from likeness.edges.recorded import frames
from likeness.parts import load_model_set
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.sdt_reader import SdtCard
from likeness.vision.look import Looker
from processes import LIKENESS, Mortal, Program, happens

PORTRAIT_AT_S = 1.5  # of the clip: he looks ahead
SILENT_S = 4.0  # a visit says something more often

TERMINAL = """\
[terminal]
device = "{device}"
state_dir = "{home}/state"
environment = "test"
profile = "{profile}"
[reader]
path = "{reader}"
[portrait]
command = ["{python}", "-m", "likeness.simulators.wlt_decoder", "--pictures", "{cards}"]
[camera]
source = "feed"
path = "{camera}"
loop = true
[keys]
device_key = "{keys}/device.key"
carrier_receipt_key = "{keys}/carrier-receipt.jwk"
carrier_visit_key = "{keys}/carrier-visit.jwk"
carrier_person_key = "{keys}/carrier-person.jwk"
carrier_command_key = "{keys}/carrier-command.jwk"
carrier_answer_key = "{answer}"
[mqtt]
host = "127.0.0.1"
port = {port}
telemetry_every_s = 5.0
retry_to_s = 2.0
{more}
"""
CARRIER = """\
keys = "{keys}"
database = "{database}"
environment = "test"
host = "127.0.0.1"
port = {port}
retry_to_s = 2.0
numbers = "{numbers}"
"""


class Terminal(Program):
    """`likeness run` with its own database and its own card reader."""

    def __init__(
        self,
        home: Path,
        config: Path,
        reader: SdtSimulator,
        before: tuple[str, ...] = (),
    ) -> None:
        command = (*before, *LIKENESS, "run", "--config", config)
        super().__init__(home / "log", *command)
        self.device = home.name
        self.database = home / "state" / store_file.NAME
        self.reader = reader

    @property
    def waiting(self) -> int:
        """How many records have no receipt."""
        return store_file.survey(self.database).waiting

    def delivers_all(self, within_s: float) -> bool:
        """Wait until no visit goes on and nothing waits; tell whether that came."""
        return happens(lambda: self.silent_s > SILENT_S and self.waiting == 0, within_s)

    def kept(self) -> list[tuple[str, int, str, str]]:
        """Return epoch, seq, state and token of all records, in order."""
        query = "SELECT epoch, seq, state, token FROM record ORDER BY epoch, seq"
        with contextlib.closing(sqlite3.connect(self.database)) as db:
            return db.execute(query).fetchall()

    def announced(self) -> list[tuple[int, str]]:
        """Return seq and verdict of each result that it said was safe."""
        done = re.compile(r"event=visit_done .*verdict=(\w+) .*seq=(\d+)$", re.M)
        return [(int(seq), verdict) for verdict, seq in done.findall(self.said())]

    def card_lies(self, card: SdtCard, hold_s: float) -> None:
        """Lay a card until it was looked at for so long, then take it away."""
        since = self.written
        self.reader.lay(card)
        if self.says("Look at the camera.", 5.0, since):
            time.sleep(hold_s)
        self.reader.take_away()


class Shop:
    """One broker, one carrier and some terminals; nothing runs yet.

    Args:
        folder: for all that they keep.
        pictures: the public ones.
        devices: the terminals' names.
        clip: whom the first card belongs to.
        camera: what the terminals see, if not the clip.
        more: of the terminals' configuration.
        profile: their policy.
        numbers: who holds which number, or "register"; without it nobody may ask.
        before: words before the terminals' command.
    """

    def __init__(
        self,
        folder: Path,
        pictures: Path,
        *devices: str,
        clip: Path | None = None,
        camera: Path | None = None,
        more: str = "",
        profile: str = "demo",
        numbers: Path | str | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        self._folder = folder
        self._pictures = pictures
        self._clip = clip or pictures / "carphone.mp4"
        self._camera = camera or self._clip
        self._more = more
        self._profile = profile
        self._answers = numbers is not None
        self._before = before
        self._keys = folder / "keys"
        self.cards = self._make_cards()
        self.broker = Mosquitto(folder)
        self.carrier_database = folder / "carrier.db"
        self.terminals = [self._make_terminal(device) for device in devices]
        self.carrier_config.write_text(
            CARRIER.format(
                keys=self._keys / "carrier",
                database=self.carrier_database,
                port=self.broker.port,
                numbers=numbers or "",
            )
        )
        self.carrier = Program(
            folder / "carrier.log",
            *LIKENESS,
            *("carrier", "run", "--config", self.carrier_config),
        )

    def __enter__(self) -> "Shop":
        return self

    def __exit__(self, *_fault: object) -> None:
        for mortal in self.mortals.values():
            mortal.kill()
        for terminal in self.terminals:
            terminal.reader.__exit__(None, None, None)

    @property
    def mortals(self) -> dict[str, Mortal]:
        """All programs by their names."""
        terminals = {terminal.device: terminal for terminal in self.terminals}
        return {"broker": self.broker, "carrier": self.carrier, **terminals}

    def public_key(self, device: str) -> Path:
        """The key that verifies this terminal's results."""
        return self._keys / "terminals" / device / "device.jwk"

    @property
    def carrier_keys(self) -> Path:
        """The folder of the carrier's keys."""
        return self._keys / "carrier"

    @property
    def carrier_config(self) -> Path:
        """The carrier's file."""
        return self._folder / "carrier.toml"

    def carrier_store(self) -> CarrierStore:
        """Open the carrier's database to look into it."""
        return CarrierStore(self.carrier_database)

    def _make_cards(self) -> tuple[SdtCard, SdtCard]:
        """The clip's person's own card, and one with another person's portrait."""
        looker = Looker(load_model_set(None))
        clip = frames(self._clip, start_s=PORTRAIT_AT_S)
        still = cv2.imencode(".png", next(clip).image)[1].tobytes()
        clip.close()
        stranger = (self._pictures / "obama.jpg").read_bytes()
        (self._folder / "cards").mkdir()
        cards = []
        for number, picture in enumerate((still, stranger), 1):
            portrait = chip_portrait(picture, looker)
            assert portrait is not None
            (self._folder / "cards" / f"{number}.jpg").write_bytes(portrait)
            cards.append(simulated(fictitious_card(number), portrait))
        return cards[0], cards[1]

    def _make_terminal(self, device: str) -> Terminal:
        keys = bench_keys.make(self._keys, device, (Environment.TEST,))
        home = self._folder / device
        home.mkdir()
        reader = SdtSimulator(link=home / "reader").__enter__()
        config = home / "terminal.toml"
        config.write_text(
            TERMINAL.format(
                device=device,
                home=home,
                reader=reader.path,
                python=sys.executable,
                cards=self._folder / "cards",
                camera=self._camera,
                keys=keys.terminal,
                port=self.broker.port,
                more=self._more,
                profile=self._profile,
                answer=keys.terminal / "carrier-answer.jwk" if self._answers else "",
            )
        )
        return Terminal(home, config, reader, self._before)


def claims(token: str) -> dict[str, Any]:  # Any: JSON, read by nobody's code but this
    """Read a JWS's claims, without any of the product's code."""
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=="))
    return found
