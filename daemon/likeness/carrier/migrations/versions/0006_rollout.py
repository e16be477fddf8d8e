"""Wishes that go out in waves."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "rollout",
        sa.Column("name", sa.Text, primary_key=True),
        *_texts("plan", "phase"),
        *_numbers("wave", "since_utc_s"),
        *_texts("why", "paused_in"),
        *_numbers("looks", "looked_at"),
        *_numbers("before_refused", "before_results", "made_utc_s"),
        *_texts("back_bundle"),
    )
    op.create_table(
        "rollout_terminal",
        sa.Column("rollout", sa.Text, primary_key=True),
        sa.Column("device", sa.Text, primary_key=True),
        *_numbers("place", "wave"),
        *_texts("stage", "fault", "why"),
        *_numbers("version", "sent_utc_s", "changed_utc_s"),
        *_texts("token", "before"),
    )
    op.create_index("rollout_of_device", "rollout_terminal", ["device"])


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]
