"""Wishes that go out in waves."""

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make them."""
