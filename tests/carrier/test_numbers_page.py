"""The examples of daemon/NUMBERS.md, as they stand there, one after another."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import msgspec

from likeness.carrier.register.problems import PROBLEMS
from likeness.carrier.settings import Settings
from likeness.core.binding import Doubt
from likeness.core.vocabulary import Purpose
from likeness.strict_toml import load
from registers import BEN, Client, Office, card, office
from stories import story

# Whoever else takes part than the holder of the first number.
OTHERS = {"takes-3003": BEN, "check-4004": BEN}


def commands(page: str) -> list[list[str]]:
    blocks = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    lines = "\n".join(blocks).splitlines()
    return [shlex.split(line) for line in lines if line.startswith("curl ")]


async def run(api: Client, words: list[str]) -> tuple[int, Any]:
    """Do what curl does with these words."""
    assert words[:1] == ["curl"]
    (address,) = [word for word in words if word.startswith("$API/")]
    path = address.removeprefix("$API")
    assert words[words.index("-H") + 1] == "$AUTH"
    if "-d" not in words:
        assert "-X" not in words
        return await api.get(path)
    assert words[words.index("-X") + 1] == "POST"
    assert "Content-Type: application/json" in words
    said = json.loads(words[words.index("-d") + 1])
    return await api.post(path, **said)


async def visit(one: Office, opened: dict[str, str]) -> None:
    """The person comes, and is accepted."""
    name = opened["transaction"]
    who = card(OTHERS[name]) if name in OTHERS else card()
    await one.terminal.visit(name, Purpose(opened["purpose"]), of=who)


@story
async def test_each_example_does_what_the_page_says(root: Path, tmp_path: Path) -> None:
    page = (root / "daemon/NUMBERS.md").read_text()
    answers: dict[str, Any] = {}
    async with office(tmp_path, str(tmp_path / "carrier.db")) as one, one.api() as api:
        for words in commands(page):
            status, said = await run(api, words)
            assert status in (200, 201), (words, said)
            if words[-1].startswith("{") and "purpose" in (
                opened := json.loads(words[-1])
            ):
                await visit(one, opened)
            answers[next(word for word in words if word.startswith("$API"))] = said
    history = answers["$API/v1/numbers/lookup"]["history"]
    assert [each["what"] for each in history] == [
        "bound",
        "sim_replaced",
        "transferred",
        "bound",
        "ended",
    ]
    assert answers["$API/v1/persons/lookup"] == {"registrations": []}


def test_the_settings_on_the_page_are_settings(root: Path, tmp_path: Path) -> None:
    page = (root / "daemon/NUMBERS.md").read_text()
    (block,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "carrier.toml").write_text(block)
    settings = load(tmp_path / "carrier.toml", Settings)
    shown = msgspec.structs.replace(settings.register, country="")
    assert shown == Settings(keys="k", database="d").register, "the defaults"


def test_every_reason_has_words_and_stands_on_the_page(root: Path) -> None:
    page = (root / "daemon/NUMBERS.md").read_text()
    assert set(PROBLEMS) == set(Doubt)
    assert [one for one in Doubt if f"`{one}`" not in page] == []
