"""What is seen of terminals, and figures of hours."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make them."""
