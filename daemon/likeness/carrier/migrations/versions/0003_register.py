"""Who holds which number, and by which result."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make them."""
