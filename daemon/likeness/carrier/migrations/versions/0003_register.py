"""Who holds which number, and by which result."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make them."""
    _transactions()
    op.create_table(
        "registration",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("since_utc_s", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("transaction_name", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("epoch", sa.Text, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
    )
    op.create_index("registration_of_person", "registration", ["person"])
    op.create_index("registration_of_number", "registration", ["number"])
    op.create_index(
        "registration_active",
        "registration",
        ["kind", "number"],
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table(
        "registration_event",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("registration", sa.Text, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("at_utc_s", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
    )
    op.create_index("event_of_registration", "registration_event", ["registration"])
    op.create_table(
        "dispute",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("registration", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.Column("ref", sa.Text, nullable=False),
        sa.Column("opened_utc_s", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("settled_utc_s", sa.BigInteger),
        sa.UniqueConstraint("device", "statement", "ref", "registration"),
    )
    op.create_index("dispute_of_registration", "dispute", ["registration"])


def _transactions() -> None:
    op.create_table(
        "opened",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("number_kind", sa.Text, nullable=False),
        sa.Column("number_digest", sa.Text, nullable=False),
        sa.Column("opened_utc_s", sa.BigInteger, nullable=False),
        sa.Column("expires_utc_s", sa.BigInteger, nullable=False),
        sa.Column("opened_by", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_table(
        "result_use",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("transaction_name", sa.Text, nullable=False, unique=True),
        sa.Column("use", sa.Text, nullable=False),
        sa.Column("registration", sa.Text, nullable=False),
        sa.Column("used_utc_s", sa.BigInteger, nullable=False),
    )
