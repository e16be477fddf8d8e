"""What tests of audits need: a carrier on either database, and its reports."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from likeness.__main__ import main
from likeness.carrier.database import Database
from likeness.carrier.ingest import Ingest
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment, Reason
from likeness.edges.broker import LineSettings, MqttLine
from results import EPOCH, REFUSED, Bench, result_at

DEVICE = "shop-17"
LATER = "f" * 32
Report = dict[str, Any]


class Far:
    """A carrier that is handed batches, and then audited by its command."""

    def __init__(
        self, near: Bench, place: str, said: pytest.CaptureFixture[str] | None = None
    ) -> None:
        self._near, self.place, self._said = near, place, said
        self.now = int(time.time()) - 3600  # an hour ago: nothing is on its way
        self.store = CarrierStore(place)
        keys = near.keys
        self._ingest = Ingest(
            # The line is never run: batches are handed in.
            line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
            store=self.store,
            trust=Trust(keys.devices),
            words=CarrierWords(
                receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
            ),
            environment=Environment.TEST,
            utc=lambda: self.now,
        )

    def close(self) -> None:
        self.store.close()

    def take(self, *tokens: str, leaf: str = "result", device: str = DEVICE) -> None:
        topic = messages.topic(device, leaf)
        self._ingest.handle([Arrived(topic, one.encode()) for one in tokens])

    def write(self, change: sa.Executable) -> None:
        """Change the tables behind the carrier's back."""
        database = Database(self.place)
        with database.begin() as db:
            db.execute(change)
        database.close()

    def command(self, *words: object) -> tuple[int, str]:
        """Run a command of the carrier's; return its exit code and its lines."""
        assert self._said is not None
        self._said.readouterr()
        where = ("--database", self.place, "--keys", self._near.keys.carrier)
        code = main(["carrier", *map(str, (*words[:1], *where, *words[1:]))])
        return code, self._said.readouterr().out

    def report(self, *words: object) -> Report:
        """Return the report of the one device; its exit code must fit."""
        code, text = self.command("report", "--json", *words)
        (line,) = text.splitlines()
        told: Report = json.loads(line)
        assert code == (0 if told["whole"] else 1)
        return told

    def lines(self, *words: object) -> str:
        """Return the report for people."""
        return self.command("report", *words)[1]


def findings(report: Report) -> list[tuple[str, int]]:
    """Return kind and place of all that was found."""
    every = [*report["findings"], *(f for c in report["chains"] for f in c["findings"])]
    return sorted((one["kind"], one["seq"]) for one in every)


def finding(report: Report, kind: str) -> Report:
    """Return the one finding of this kind."""
    every = [*report["findings"], *(f for c in report["chains"] for f in c["findings"])]
    (one,) = [one for one in every if one["kind"] == kind]
    return one  # type: ignore[no-any-return]


def another(
    near: Bench, before: list[str], count: int = 1, epoch: str = EPOCH
) -> list[str]:
    """Sign other records than `chain_of` does, from behind these on."""
    other = replace(REFUSED, reasons=(Reason.NO_FACE,))
    tokens = list(before)
    for _ in range(count):
        head = ChainHead(epoch, len(tokens), jws.chain_hash(tokens[-1]))
        tokens.append(result_at(near, head, other))
    return tokens[len(before) :]
