"""What figures and the register need of each record."""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make them."""
