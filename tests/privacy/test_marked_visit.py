"""After a visit with marked data nothing of it is found: logs, disk, files, memory.

The daemon is the real program, at its most talkative, with the environment of the
shipped unit: it overwrites what is freed (decision 0022).
"""

import base64
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import msgspec
import numpy as np
import pytest

from likeness.edges import key_files, sealer, store_file
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt_reader import SdtCard
from process_search import found_in_files, found_in_memory, mapped_and_open_files
from processes import LIKENESS, Program, happens
from programs import Shop, claims

pytestmark = [pytest.mark.broker, pytest.mark.slow]

NAME, ADDRESS = "欧阳標记鑫", "樊城区记號路七百七十七弄"
FORMS = ("utf-8", "utf-16-le", "utf-16-be", "gb18030")
ANOTHER = "gone without a trace, it was never here"


class Visitor:
    """A card with marked fields and the portrait of the clip's person."""

    def __init__(self, shop: Shop, folder: Path) -> None:
        plain = fictitious_card(421)
        self.fields = msgspec.structs.replace(plain, name=NAME, address=ADDRESS)
        self.portrait = (folder / "cards" / "1.jpg").read_bytes()
        self.card: SdtCard = simulated(self.fields, self.portrait)

    def text_marks(self) -> dict[str, bytes]:
        fields = {
            "name": NAME,
            "address": ADDRESS,
            "number": self.fields.number,
            "birth": f"{self.fields.birth:%Y-%m-%d}",
        }
        marks = {
            f"{field} as {form}": text.encode(form)
            for field, text in fields.items()
            for form in FORMS
        }
        marks["name in JSON"] = json.dumps(NAME)[1:-1].encode()
        marks["name in repr"] = NAME.encode("unicode_escape")
        for field in ("name", "number"):
            text = fields[field].encode()
            for shift in range(3):  # where in a base64 text it may begin
                coded = base64.b64encode(bytes(shift) + text)
                marks[f"{field} in base64, {shift}"] = coded[4:-4]
            marks[f"{field} in hex"] = text.hex().encode()
        # Without zeros at the ends, on which a search among zeros would be slow.
        return {name: mark.strip(b"\0") for name, mark in marks.items()}

    def picture_marks(self) -> dict[str, bytes]:
        """Pieces of the record, the encoded portrait and its pixels."""
        record = self.card.portrait
        encoded = np.frombuffer(self.portrait, np.uint8)
        pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR).tobytes()
        whole = {"record": record, "portrait": self.portrait, "pixels": pixels}
        return {
            f"{kind} at {share}": data[len(data) * share // 8 :][:48]
            for kind, data in whole.items()
            for share in (1, 4, 7)
        }


def unit_environment(root: Path) -> dict[str, str]:
    text = (root / "systemd" / "likeness.service").read_text()
    return dict(re.findall(r"^Environment=(\w+)=(\S+)$", text, flags=re.M))


@pytest.fixture
def shop(
    tmp_path: Path, pictures: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shop]:
    (tmp_path / "tmp").mkdir()
    with Shop(tmp_path, pictures, "shop-1") as shop:
        shop.broker.start()
        shop.carrier.start()
        for name, value in unit_environment(root).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
        yield shop


def test_a_marked_visit_leaves_nothing(shop: Shop, tmp_path: Path) -> None:
    visitor = Visitor(shop, tmp_path)
    home = tmp_path / "shop-1"
    config = home / "terminal.toml"
    run = (*LIKENESS, "run", "--verbose", "--config", config)
    daemon = Program(home / "verbose.log", *run)
    terminal = shop.terminals[0]
    texts, pictures = visitor.text_marks(), visitor.picture_marks()
    daemon.start()
    try:
        assert daemon.says("Welcome", 30)
        pid = daemon.pid
        reads_memory = os.geteuid() == 0
        terminal.reader.lay(visitor.card)
        assert daemon.says("event=visit_done", 60)
        if reads_memory:  # it is still on the screen: so the search can find it
            seen = {"name as utf-16-le", "number as utf-8"}
            assert seen == set(
                found_in_memory(pid, {mark: texts[mark] for mark in seen})
            )
        terminal.reader.take_away()
        assert happens(lambda: terminal.waiting == 0, 30)
        assert happens(lambda: "VisitOver" in daemon.said(), 60)
        marks = texts | pictures | _salt(shop, tmp_path, terminal.kept()[-1][3], NAME)
        if reads_memory:
            assert happens(lambda: not found_in_memory(pid, marks), 10), (
                found_in_memory(pid, marks)
            )
        files = mapped_and_open_files(pid)
        assert home / "state" / store_file.NAME in files
        card = {tmp_path / "cards" / "1.jpg"}  # what the stand-in decoder knows
        assert not found_in_files(files - card, marks)
    finally:
        daemon.stop()
    left = {path for path in home.rglob("*") if path.is_file()}
    assert {home / "verbose.log"} < left
    assert not found_in_files(left, marks)
    assert not list((tmp_path / "tmp").iterdir())
    assert "verdict=accepted" in daemon.said()


def _salt(shop: Shop, folder: Path, token: str, name: str) -> dict[str, bytes]:
    """The visit's salt, which only the carrier can know: opened with its key."""
    key = key_files.load_private(folder / "keys" / "carrier" / "person.key")
    inside = json.loads(sealer.open_sealed(claims(token)["person"], key))
    assert inside["name"] == name
    coded = inside["salt"]
    raw = base64.urlsafe_b64decode(coded + "==")
    return {
        "salt": raw,
        "salt in base64": coded.encode(),
        "salt in hex": raw.hex().encode(),
    }


def test_the_search_itself_finds_what_is_there(tmp_path: Path) -> None:
    here = bytearray(ANOTHER.encode())
    marks = {"it": bytes(here), "not it": bytes(here[::-1]) + b"x"}
    assert "it" in found_in_memory(os.getpid(), marks)
    path = tmp_path / "file"
    path.write_bytes(b"before " + here)
    with path.open() as held:
        assert path in mapped_and_open_files(os.getpid())
        assert held.fileno()
    assert found_in_files({path}, marks) == {f"it in {path}"}
