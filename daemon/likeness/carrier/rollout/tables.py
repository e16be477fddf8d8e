"""The tables of rollouts: where each stands, and what each terminal was sent.

What was sent stands in `issued_order` as it was signed; here are its number and its
token, so that a crash between keeping and sending loses nothing. Leaves to others: all
that is done with them (`rows`).
"""

import sqlalchemy as sa

from likeness.carrier.tables import metadata

rollouts = sa.Table(
    "rollout",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),  # JSON of `PlanFile`
    sa.Column("phase", sa.Text, nullable=False),
    sa.Column("wave", sa.BigInteger, nullable=False),  # from 0
    sa.Column("since_utc_s", sa.BigInteger, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("paused_in", sa.Text, nullable=False),
    sa.Column("looks", sa.BigInteger, nullable=False),
    sa.Column("looked_at", sa.BigInteger, nullable=False),
    # Of the fleet before it began.
    sa.Column("before_refused", sa.BigInteger, nullable=False),
    sa.Column("before_results", sa.BigInteger, nullable=False),
    sa.Column("made_utc_s", sa.BigInteger, nullable=False),
    sa.Column("back_bundle", sa.Text, nullable=False),  # JSON; empty: as it was
)
rollout_terminals = sa.Table(
    "rollout_terminal",
    metadata,
    sa.Column("rollout", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("place", sa.BigInteger, nullable=False),  # in the order of their turns
    sa.Column("wave", sa.BigInteger, nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("fault", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),  # that was sent last
    sa.Column("sent_utc_s", sa.BigInteger, nullable=False),
    sa.Column("changed_utc_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),  # that was sent last
    sa.Column("before", sa.Text, nullable=False),  # JSON of `Overrides`
    sa.Index("rollout_of_device", "device"),
)
