"""opensc, over pcscd and a virtual reader, sees our chip's ATR and talks to it."""

import subprocess
from collections.abc import Iterator

import pytest

from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_card_file import CardFile
from likeness.simulators.emrtd_personalise import personalise
from likeness.simulators.virtual_pcscd import VirtualPcscd
from likeness.simulators.vpcd import VpcdSimulator
from pcscd import running
from processes import happens

pytestmark = pytest.mark.foreign
WITHIN_S = 60.0
NOTICED_S = 20.0
SELECT_CARD_ACCESS, READ = "00A4020C02011C", "00B0000000"
SELECT_APPLICATION, SELECT_DG1 = "00A4040C07A0000002471001", "00A4020C020101"


@pytest.fixture(scope="module")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VirtualPcscd]:
    with running(tmp_path_factory.mktemp("pcscd")) as pcscd:
        yield pcscd


@pytest.fixture(scope="module")
def card() -> EmrtdCard:
    return EmrtdCard(personalise(CardFile(), CountryAuthority()))


@pytest.fixture(scope="module")
def slot(pcscd: VirtualPcscd, card: EmrtdCard) -> Iterator[VpcdSimulator]:
    with VpcdSimulator(card, port=pcscd.port) as slot:
        assert happens(card_is_there, NOTICED_S)
        yield slot


def told(*words: str) -> str:
    done = subprocess.run(
        ("opensc-tool", *words),
        capture_output=True,
        text=True,
        check=False,
        timeout=WITHIN_S,
    )
    return done.stdout


def card_is_there() -> bool:
    return "0    Yes" in told("--list-readers")


@pytest.mark.usefixtures("slot")
def test_it_sees_the_answer_to_reset(card: EmrtdCard) -> None:
    atr = told("--reader", "0", "--atr").strip()
    assert atr == card.chip.atr.hex(":")


@pytest.mark.usefixtures("slot")
def test_it_reads_what_is_for_everybody_and_nothing_else(card: EmrtdCard) -> None:
    commands = [SELECT_CARD_ACCESS, READ, SELECT_APPLICATION, SELECT_DG1]
    words = [word for command in commands for word in ("--send-apdu", command)]
    said = told("--reader", "0", *words)
    card_access = next(iter(card.chip.master.values()))
    shown = "".join(line[:48] for line in said.splitlines()).replace(" ", "")
    assert card_access.hex().upper() in shown
    assert said.rstrip().endswith("(SW1=0x69, SW2=0x82)")


def test_it_sees_the_card_go_and_come(slot: VpcdSimulator, card: EmrtdCard) -> None:
    slot.take_away()
    assert happens(lambda: not card_is_there(), NOTICED_S)
    slot.lay(card)
    assert happens(card_is_there, NOTICED_S)
