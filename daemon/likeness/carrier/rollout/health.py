"""How many visitors were refused: by the fleet before a rollout, by a wave since.

Counted are results that were taken, by the time at which they were kept: a terminal
that was offline brings old ones late, which dilutes a rise and never makes one. All
functions work inside the caller's transaction. Leaves to others: what follows.
"""

import sqlalchemy as sa

from likeness.carrier.rollout.tables import rollout_terminals
from likeness.carrier.tables import records
from likeness.core.exact_test import Share
from likeness.core.vocabulary import Verdict

_IS_RESULT = (records.c.verdict != "", records.c.refusal == "")
_REFUSED = sa.case((records.c.verdict == Verdict.REFUSED, 1), else_=0)
_COUNTS = (sa.func.coalesce(sa.func.sum(_REFUSED), 0), sa.func.count())


def before(db: sa.Connection, from_s: int, until_s: int) -> Share:
    """Return the share of refused among all results of a time; seconds since 1970."""
    kept = records.c.kept_utc_s
    found = db.execute(
        sa.select(*_COUNTS).where(*_IS_RESULT, kept >= from_s, kept < until_s)
    ).one()
    return Share(int(found[0]), int(found[1]))


def since(db: sa.Connection, rollout: str, wave: int) -> Share:
    """Return the same for a wave's terminals, each since its own change."""
    terminal = rollout_terminals.c
    found = db.execute(
        sa.select(*_COUNTS)
        .select_from(records)
        .join(rollout_terminals, terminal.device == records.c.device)
        .where(terminal.rollout == rollout, terminal.wave == wave)
        .where(terminal.changed_utc_s > 0)
        .where(*_IS_RESULT, records.c.kept_utc_s >= terminal.changed_utc_s)
    ).one()
    return Share(int(found[0]), int(found[1]))
