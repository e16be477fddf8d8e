"""The tables of who watches the fleet: what was seen of terminals, figures of hours.

They hold nothing that could not be made again: figures come from `record`, and what was
seen is kept for some months. Leaves to others: writing (`sightings`,
`hours`), reading.
"""

import sqlalchemy as sa

from likeness.carrier.tables import metadata

# A terminal's status or birth, each time that it was another one.
sightings = sa.Table(
    "sighting",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # `core.fleet.News`
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("seen_utc_s", sa.BigInteger, nullable=False),
    sa.Index("sighting_of_device", "device", "seen_utc_s"),
    sa.Index("sighting_seen", "seen_utc_s"),
)
# Results of one terminal in one hour: kept_utc_s // 3600. Sums are whole numbers, so
# that hours add up to the same figures in whatever order they are added.
hours = sa.Table(
    "health_hour",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, primary_key=True),
    sa.Column("results", sa.BigInteger, nullable=False),
    sa.Column("match_count", sa.BigInteger, nullable=False),
    sa.Column("match_sum", sa.BigInteger, nullable=False),  # × 10⁶
    sa.Column("match_squares", sa.BigInteger, nullable=False),  # × 10¹²
    sa.Column("passive_count", sa.BigInteger, nullable=False),
    sa.Column("passive_sum", sa.BigInteger, nullable=False),
    sa.Column("passive_squares", sa.BigInteger, nullable=False),
    sa.Index("health_hour_hour", "hour"),
)
reasons = sa.Table(
    "health_reason",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("hour", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("results", sa.BigInteger, nullable=False),
    sa.Index("health_reason_hour", "hour"),
)
# Up to which hour the figures are made; one row.
marks = sa.Table(
    "health_mark",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("hour", sa.BigInteger, nullable=False),
)
