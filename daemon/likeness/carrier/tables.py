"""The carrier's tables, in SQLAlchemy Core.

Leaves to others: everything that is done with them (`keeping`, `store`).
"""

import sqlalchemy as sa

metadata = sa.MetaData()
records = sa.Table(
    "record",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("prev", sa.Text),  # null: the claims could not be read
    sa.Column("refusal", sa.Text, nullable=False),  # empty: taken
    sa.Column("verdict", sa.Text, nullable=False),  # empty: no result
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("iat", sa.BigInteger, nullable=False),
    sa.Column("kept_utc_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),
    # What stands in the token as well, to be looked for and counted; "" if no result.
    sa.Column("transaction_name", sa.Text, nullable=False, server_default=""),
    sa.Column("match_score", sa.BigInteger),  # × 10⁶
    sa.Column("passive_score", sa.BigInteger),  # × 10⁶
    sa.Column("reasons", sa.Text, nullable=False, server_default=""),  # with spaces
    sa.Column("environment", sa.Text, nullable=False, server_default=""),
    sa.Column("nonce_source", sa.Text, nullable=False, server_default=""),
    sa.Index("record_kept", "kept_utc_s"),
    sa.Index("record_of_transaction", "transaction_name"),
)
chains = sa.Table(
    "chain",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("upto", sa.BigInteger, nullable=False),
    sa.Column("head", sa.Text, nullable=False),
)
alarms = sa.Table(
    "alarm",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("raised_utc_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),  # the evidence
)
visits = sa.Table(
    "visit",
    metadata,
    sa.Column("counter", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("commitment", sa.Text, nullable=False),
    sa.Column("transaction_name", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("nonce", sa.Text, nullable=False, unique=True),
    sa.Column("expires_utc_s", sa.BigInteger, nullable=False),
    sa.Column("used_by", sa.Text, nullable=False),  # hash of the result; empty: open
    sa.UniqueConstraint("device", "commitment"),
)
key_changes = sa.Table(
    "key_change",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("old_kid", sa.Text, nullable=False),
    sa.Column("new_kid", sa.Text, nullable=False),
    sa.Column("new_key", sa.Text, nullable=False),  # JWK
    sa.Column("still_open", sa.Text, nullable=False),  # JSON: epoch → last place
    # False until the chain's head has passed over it: what is not contiguous, or does
    # not fit its predecessor, must not change anything.
    sa.Column("in_force", sa.Boolean, nullable=False),
)
anchors = sa.Table(
    "anchor",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("mono_ms", sa.BigInteger, nullable=False),
    sa.Column("utc_s", sa.BigInteger, nullable=False),
    sa.Column("quality", sa.Text, nullable=False),
    sa.Column("kept_utc_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),  # the evidence
    sa.Index("anchor_of_boot", "device", "boot"),
)
statements = sa.Table(
    "statement",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("jti", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, nullable=False),  # of the result that it is about
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),  # empty: a dispute
    sa.Column("payload", sa.Text, nullable=False),  # as it stands in the token
    sa.Column("kept_utc_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),  # the evidence
    sa.Index("statement_about", "device", "epoch", "seq"),
)
inquiries = sa.Table(
    "inquiry",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("epoch", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("of", sa.Text, nullable=False),  # SHA-256 of the question
    sa.Column("answer", sa.Text, nullable=False),  # the answer's jti
    sa.Column("salt", sa.Text, nullable=False),  # of its references
    sa.Column("refs", sa.Text, nullable=False),  # JSON
    sa.Column("answered_utc_s", sa.BigInteger, nullable=False),
)
orders = sa.Table(
    "issued_order",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),  # "command", "desired", "visit"
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),  # what was ordered
    sa.Column("made_utc_s", sa.BigInteger, nullable=False),
    sa.Column("token", sa.Text, nullable=False),  # who ordered what, as evidence
    sa.Column("answer", sa.Text, nullable=False),  # as it came; empty: none yet
)

# The tables of others belong to the same database: `metadata` must know them all.
from likeness.carrier.fleet import tables as _of_fleet  # noqa: E402, F401
from likeness.carrier.register import tables as _of_register  # noqa: E402, F401
from likeness.carrier.rollout import tables as _of_rollout  # noqa: E402, F401
