"""What the doctor says of a reader of chips and of the trust store."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chip_stage import trusted
from likeness import config
from likeness.doctor import chips, examination
from likeness.doctor.finding import State
from likeness.edges.reader_pn532 import Pn532Reader
from likeness.simulators.emrtd_authority import CountryAuthority
from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.pn532 import Pn532Simulator
from simulated_chips import chip_of, state

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_a_reader_says_its_name_and_whether_a_card_lies_there() -> None:
    with Pn532Simulator() as simulator:
        found = chips.reader(lambda: Pn532Reader(simulator.path), in_use=False)
        assert (found.state, found.said) == (State.OK, "PN532 firmware 1.6, no card")
        simulator.lay(EmrtdCard(chip_of()))
        found = chips.reader(lambda: Pn532Reader(simulator.path), in_use=False)
        assert found.said.endswith(", a card on it")


def test_a_reader_that_is_not_there_or_in_use(tmp_path: Path) -> None:
    line = Pn532Reader(str(tmp_path / "nfc0"))
    found = chips.reader(lambda: line, in_use=False)
    assert found.state is State.FAIL
    assert found.todo.startswith("plug it in, or set chip.path to ")
    assert "cable" not in f"{found.said}; {found.todo}"  # one remedy is enough
    assert chips.reader(lambda: line, in_use=True).state is State.OK


def test_a_scanner_that_is_there_missing_or_of_another_kind(tmp_path: Path) -> None:
    near, far = os.openpty()
    there = config.Chip(scanner=os.ttyname(far))
    assert chips.scanner(there, in_use=False).state is State.OK
    os.close(far)
    os.close(near)
    missing = config.Chip(scanner=str(tmp_path / "scanner0"))
    found = chips.scanner(missing, in_use=False)
    assert (found.state, found.said) == (
        State.FAIL,
        f"{missing.scanner}: no such scanner",
    )
    assert found.todo.startswith("plug it in, or set chip.scanner to ")
    assert chips.scanner(missing, in_use=True).state is State.OK
    (tmp_path / "scanner0").write_text("")
    assert "is no serial line" in chips.scanner(missing, in_use=False).said
    keyboard = config.Chip(scanner="/dev/input/by-id/none-event-kbd")
    assert "/dev/input/by-id" in chips.scanner(keyboard, in_use=False).todo
    assert chips.scanner(config.Chip(scanner="-"), in_use=False).state is State.OK


def test_a_store_is_counted(tmp_path: Path) -> None:
    found = chips.trust(trusted(tmp_path), NOW)
    assert found.state is State.OK
    assert found.said.startswith("1 issuers, the first is over on ")
    assert "1 revocation lists, 0 left out" in found.said


def test_a_store_grows_old(tmp_path: Path) -> None:
    over = CountryAuthority("XX", end=datetime(2026, 12, 24, tzinfo=UTC))
    found = chips.trust(trusted(tmp_path, over, state()), NOW)
    assert found.state is State.WARN
    assert "over on 2026-12-24" in found.said
    old = state().crl(end=datetime(2026, 11, 1, tzinfo=UTC))
    (tmp_path / "0.crl").write_bytes(old)
    assert "a revocation list is old" in chips.trust(trusted_dir(tmp_path), NOW).said


def test_an_issuer_without_a_revocation_list_is_said(tmp_path: Path) -> None:
    settings = trusted(tmp_path, state(), CountryAuthority("XX"))
    assert chips.trust(settings, NOW).state is State.OK
    (tmp_path / "1.crl").unlink()
    found = chips.trust(settings, NOW)
    assert found.state is State.WARN
    assert found.said.endswith("no revocation list of 1 of the issuers")
    assert "a revoked signer passes" in found.todo


def trusted_dir(folder: Path) -> config.Trust:
    return config.Trust(dir=str(folder))


def test_no_store_an_empty_one_and_one_that_is_not_there(tmp_path: Path) -> None:
    assert chips.trust(config.Trust(), NOW).state is State.WARN
    assert chips.trust(trusted_dir(tmp_path), NOW).state is State.FAIL
    missing = chips.trust(trusted_dir(tmp_path / "nowhere"), NOW)
    assert missing.state is State.FAIL
    assert missing.todo == "make the folder, or leave trust.dir empty"


@pytest.mark.parametrize(
    ("reader", "chip", "names"),
    [
        ("sdt", "", {"reader", "portrait"}),
        ("sdt", "pcsc", {"reader", "portrait", "chip reader", "scanner", "trust"}),
        ("", "pn532", {"chip reader", "scanner", "trust"}),
    ],
)
def test_each_reader_there_is_has_its_check(
    tmp_path: Path, reader: str, chip: str, names: set[str]
) -> None:
    settings = config.Config(
        terminal=config.Terminal(device="shop-7", state_dir=str(tmp_path)),
        reader=config.Reader(kind=reader),  # type: ignore[arg-type]
        chip=config.Chip(kind=chip),  # type: ignore[arg-type]
    )
    every = {"reader", "portrait", "chip reader", "scanner", "trust"}
    assert every & set(examination.checks(settings)) == names
