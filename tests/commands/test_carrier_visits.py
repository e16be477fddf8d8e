"""`carrier start`, `cancel` and `report`: what they say, and what they refuse."""

import asyncio
import json
from pathlib import Path

import pytest

from broker import free_port
from likeness.__main__ import main
from likeness.core import asks
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from talks import REFERRED, first, handed, link, shop


@pytest.fixture
def config(tmp_path: Path) -> Path:
    keys = bench_keys.make(tmp_path / "keys", "shop-1", (Environment.TEST,))
    path = tmp_path / "carrier.toml"
    path.write_text(
        f'keys = "{keys.carrier}"\ndatabase = "{tmp_path / "carrier.db"}"\n'
        f'environment = "test"\nhost = "127.0.0.1"\nport = {free_port()}\n'
    )
    return path


def carrier(*words: object) -> int:
    return main(["carrier", *map(str, words)])


def start(config: Path, transaction: str = "t-1") -> int:
    purpose = ("--purpose", "new_number", "--transaction", transaction)
    return carrier("start", "shop-1", "--config", config, *purpose)


def test_without_a_broker_it_says_so(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(config) == 1
    assert "the broker is not there: 127.0.0.1:" in capsys.readouterr().err


def test_without_the_visit_key_it_names_the_file(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "keys/carrier/visit.key").unlink()
    cancel = ("cancel", "shop-1", "--config", config, "--transaction", "t-1")
    assert carrier(*cancel) == 78
    assert "visit.key: this key cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize("transaction", ["", "t" * 129])
def test_a_transaction_has_a_name(
    config: Path, transaction: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert start(config, transaction) == 2
    assert "--transaction: 1 to 64 signs" in capsys.readouterr().err


def test_a_start_lives_for_ten_minutes_at_most(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--purpose", "new_number", "--transaction", "t", "--expires", "601")
    assert carrier("start", "shop-1", "--config", config, *words) == 2
    assert "601" in capsys.readouterr().err


async def decided(folder: Path) -> None:
    async with shop(folder) as near:
        with handed(near, folder) as far:
            far.take(await first(near))
            stored = await near.record(REFERRED)
            far.take(stored.token)
            far.answer(
                near.notary.ask(
                    asks.DECISION,
                    "jti-1",
                    "t-referred",
                    link(stored),
                    ask="decision",
                    decision="refuse",
                    reason="another\nperson",
                    attendants=["a-1", "a-2"],
                )
            )


def test_a_report_says_what_was_decided_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(decided(tmp_path))
    database = ("--database", tmp_path / "carrier.db", "--statements")
    assert carrier("report", *database) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert "referred for new_number, transaction t-referred" in line
    assert line.endswith(r"decided 'refuse' by a-1 and a-2: another\nperson")
    assert carrier("report", *database, "--json") == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert (one["what"], one["jti"], one["seq"]) == ("decision", "jti-1", 1)
    assert one["token"].count(".") == 2
    assert carrier("report", *database, "--device", "shop-99") == 0
    assert capsys.readouterr().out == "nothing was decided or disputed\n"


def test_who_wants_whole_numbers_gives_key_and_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    database = ("--database", tmp_path / "carrier.db")
    assert carrier("report", *database, "--person-key", tmp_path / "person.key") == 2
    assert "--person-key and --numbers go together" in capsys.readouterr().err


def test_a_report_of_nothing_says_where_databases_come_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carrier("report", "--database", tmp_path / "none.db") == 2
    assert "'carrier run' makes it" in capsys.readouterr().err
