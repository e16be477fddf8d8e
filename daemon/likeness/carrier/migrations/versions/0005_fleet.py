"""What is seen of terminals, and figures of hours."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "sighting",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        *_texts("device", "kind", "detail"),
        *_numbers("seen_utc_s"),
    )
    op.create_index("sighting_of_device", "sighting", ["device", "seen_utc_s"])
    op.create_index("sighting_seen", "sighting", ["seen_utc_s"])
    op.create_table(
        "health_hour",
        *_texts("device"),
        *_numbers("hour"),
        *_texts("purpose", "verdict"),
        *_numbers("results", "match_count", "match_sum", "match_squares"),
        *_numbers("passive_count", "passive_sum", "passive_squares"),
        sa.PrimaryKeyConstraint("device", "hour", "purpose", "verdict"),
    )
    op.create_index("health_hour_hour", "health_hour", ["hour"])
    op.create_table(
        "health_reason",
        *_texts("device"),
        *_numbers("hour"),
        *_texts("reason"),
        *_numbers("results"),
        sa.PrimaryKeyConstraint("device", "hour", "reason"),
    )
    op.create_index("health_reason_hour", "health_reason", ["hour"])
    op.create_table(
        "health_mark",
        *_texts("name"),
        *_numbers("hour"),
        sa.PrimaryKeyConstraint("name"),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
