"""No visitor is in a bundle: real visits with marked data, faults, every byte searched.

The daemon is the real program over a simulated reader; the marks are those of the
privacy tests, and the embedding is the one that vision makes of this very portrait.
"""

import base64
import json
import shutil
import struct
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.edges import fault_files
from likeness.parts import load_model_set
from likeness.simulators.card_file import simulated
from likeness.vision.look import Looker
from privacy.test_marked_visit import Visitor
from processes import LIKENESS, happens
from programs import Shop, Terminal

pytestmark = [pytest.mark.broker, pytest.mark.slow]


def embedding_marks(portrait: bytes) -> dict[str, bytes]:
    """Numbers of the portrait's embedding, as text and as a program holds them."""
    embedding = Looker(load_model_set(None)).enrol(portrait)
    assert embedding is not None
    largest = sorted(embedding, key=abs)[-6:]
    marks = {}
    for place, value in enumerate(largest):
        marks[f"embedding {place} as text"] = f"{abs(value):.9g}"[:-1].encode()
        packed = struct.pack("<d", value)
        marks[f"embedding {place} as double"] = packed
        marks[f"embedding {place} in hex"] = packed.hex().encode()
    return marks


def unpacked(bundle: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(bundle) as tar:
        for member in tar:
            inside = tar.extractfile(member)
            assert inside is not None
            files[member.name.partition("/")[2]] = inside.read()
    return files


def in_base64(marks: dict[str, bytes]) -> dict[str, bytes]:
    """The same marks, wherever in a base64 text they may begin."""
    return {
        f"{name} in base64, {shift}": base64.b64encode(bytes(shift) + mark)[4:-4]
        for name, mark in marks.items()
        for shift in range(3)
        if len(mark) >= 9
    }


def found(files: dict[str, bytes], marks: dict[str, bytes]) -> set[str]:
    return {
        f"{mark} in {name}"
        for name, data in files.items()
        for mark, sought in marks.items()
        if sought in data
    }


def welcomes(terminal: Terminal, times: int) -> bool:
    return happens(lambda: terminal.said().count("Welcome") >= times, 30)


def visited(terminal: Terminal, visits: int) -> bool:
    return happens(lambda: terminal.said().count("event=visit_done") >= visits, 60)


@pytest.fixture
def shop(tmp_path: Path, pictures: Path) -> Iterator[Shop]:
    clip = shutil.copy(pictures / "carphone.mp4", tmp_path / "clip.mp4")
    with Shop(tmp_path, pictures, "shop-1", camera=Path(clip)) as shop:
        shop.broker.start()
        shop.carrier.start()
        yield shop


def test_no_visitor_is_in_a_bundle(shop: Shop, tmp_path: Path) -> None:
    visitor, (terminal,) = Visitor(shop, tmp_path), shop.terminals
    marks = visitor.text_marks() | visitor.picture_marks()
    marks |= in_base64(marks) | embedding_marks(visitor.portrait)
    state = tmp_path / "shop-1" / "state"
    terminal.start()
    try:
        assert terminal.says("Welcome", 30)
        terminal.reader.lay(visitor.card)
        assert visited(terminal, 1)
        terminal.reader.take_away()
        assert welcomes(terminal, 2)
        terminal.reader.lay(simulated(visitor.fields, b"no picture at all"))
        assert visited(terminal, 2)
        terminal.reader.take_away()
        (tmp_path / "clip.mp4").rename(tmp_path / "gone.mp4")
        assert welcomes(terminal, 3)
        terminal.reader.lay(visitor.card)
        assert visited(terminal, 3)
        assert happens(lambda: len(fault_files.kept(state)) == 2, 10)
        bundle = tmp_path / "bundle.tar.gz"
        config = tmp_path / "shop-1" / "terminal.toml"
        command = (*LIKENESS, "diagnostics", "--config", config, "--out", bundle)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        terminal.stop()
    assert done.returncode == 0, done.stdout + done.stderr
    assert bundle.stat().st_mode & 0o777 == 0o600
    files = unpacked(bundle)
    whys = {name.rpartition("-")[2] for name in files if name.startswith("faults/")}
    assert whys == {"feed_unreadable.jsonl", "no_portrait.jsonl", "asked.jsonl"}
    events = b"".join(data for name, data in files.items() if "faults/" in name)
    assert b'"CardPresented"' in events  # the visitor's card, without the visitor
    assert b'"embedding"' in events
    assert not found(files, marks)
    kept = {path.name: path.read_bytes() for path in fault_files.kept(state)}
    assert not found(kept, marks)
    assert len(kept) == sum(  # of a head of ours nothing is taken away
        files[f"faults/{name}"].startswith(data.splitlines()[0])
        for name, data in kept.items()
    )
    manifest = json.loads(files["manifest.json"])
    assert set(manifest["holds"]) == set(files) - {"manifest.json"}


def test_the_search_finds_what_is_there() -> None:
    marks = {"name": "欧阳標记鑫".encode()}
    marks |= in_base64(marks)
    hidden = base64.b64encode(b"xy" + marks["name"] + b"more")
    assert found({"a": hidden, "b": marks["name"]}, marks) == {
        "name in base64, 2 in a",
        "name in b",
    }
