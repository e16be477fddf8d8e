"""Dates records for an audit, by what the terminal itself has signed about its clock.

The rule is `core.dating`; anchors are taken from their tokens, and one that the table
tells otherwise, or that nobody has signed, dates nothing. Leaves to others: records.
"""

from collections import Counter
from dataclasses import dataclass, field

import sqlalchemy as sa

from likeness.carrier import dating, tables, verify
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Row
from likeness.carrier.database import Database
from likeness.carrier.verify import Record
from likeness.core import dating as core_dating
from likeness.core import jws, messages
from likeness.core.dating import Dated
from likeness.core.vocabulary import Moment
from likeness.errors import Untrusted

BOOTS_AT_MOST = 64  # remembered; records of one boot stand together


@dataclass(slots=True)
class Dates:
    """When records were made, and how well that is known."""

    sources: Counter[str] = field(default_factory=Counter)
    first_s: int | None = None
    last_s: int | None = None
    ahead: int = 0  # clocks that were set to a time to come

    def add(self, date: Dated) -> None:
        """Count one."""
        self.sources[date.source] += 1
        self.ahead += date.clock_ahead
        first, last = self.first_s, self.last_s
        self.first_s = date.utc_s if first is None else min(first, date.utc_s)
        self.last_s = date.utc_s if last is None else max(last, date.utc_s)


class Dater:
    """Knows the anchors of one device."""

    def __init__(self, database: Database, device: str, keys: KeyBook) -> None:
        """Take whose they are, and by which keys they are signed."""
        self._database, self._device, self._keys = database, device, keys
        self._boots: dict[str, list[Moment]] = {}
        self.doubts: dict[str, str] = {}  # token → what is wrong with it

    def date(self, record: Record, kept_utc_s: int) -> Dated:
        """Say when a record was made, as well as it is known now."""
        made = dating.moment_of(record.claims)
        return core_dating.dated(made, self.anchors(made.boot), kept_utc_s)

    def anchors(self, boot: str) -> list[Moment]:
        """Return what this device has signed about its clock in one boot."""
        if boot not in self._boots:
            if len(self._boots) >= BOOTS_AT_MOST:
                self._boots.pop(next(iter(self._boots)))
            table = tables.anchors
            query = sa.select(table).where(
                table.c.device == self._device, table.c.boot == boot
            )
            with self._database.read() as db:
                rows = db.execute(query).all()
            said = [self._moment(row) for row in rows]
            self._boots[boot] = [one for one in said if one is not None]
        return self._boots[boot]

    def _moment(self, row: Row) -> Moment | None:
        try:
            parsed = jws.parse(row.token, types=(messages.ANCHOR,))
            key = self._keys.find(parsed.kid)
            if key is None:
                raise Untrusted("by a key that is not known")  # noqa: TRY301
            verify.check_signature(row.token, key)
            said = messages.from_json(parsed.payload, messages.TimeAnchor)
        except Untrusted as fault:
            self.doubts[row.token] = f"an anchor of boot {row.boot[:64]}: {fault}"
            return None
        anchor = (said.iss, said.boot, said.mono_ms, said.utc_s, said.quality)
        if anchor != (row.device, row.boot, row.mono_ms, row.utc_s, row.quality):
            self.doubts[row.token] = (
                f"an anchor of boot {row.boot[:64]} stands otherwise in the table"
            )
        return Moment(said.utc_s, said.quality, said.boot, said.mono_ms)
