"""The register's tables: transactions, who holds which number, and by which result.

A person is a keyed digest; no name and no document number is ever written. Leaves to
others: everything that is done with them (`transactions`, `register`, `disputing`).
"""

import sqlalchemy as sa

from likeness.carrier.tables import metadata

opened = sa.Table(
    "opened",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),  # empty: any
    sa.Column("number_kind", sa.Text, nullable=False),  # empty: any that fits
    # HMAC-SHA-256 of the number it is for; empty: any. The number is not ours yet.
    sa.Column("number_digest", sa.Text, nullable=False),
    sa.Column("opened_utc_s", sa.BigInteger, nullable=False),
    sa.Column("expires_utc_s", sa.BigInteger, nullable=False),
    sa.Column("opened_by", sa.Text, nullable=False),  # as the token's line names him
    sa.Column("state", sa.Text, nullable=False),  # "open", "used", "ended"
)
registrations = sa.Table(
    "registration",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),  # see `core.numbering.person_digest`
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("since_utc_s", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # "active", "ended"
    # The result by which it is bound.
    sa.Column("transaction_name", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("epoch", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Index("registration_of_person", "person"),
    sa.Index("registration_of_number", "number"),
    # One holder for each number, whatever two programs do at the same moment.
    sa.Index(
        "registration_active",
        "kind",
        "number",
        unique=True,
        sqlite_where=sa.text("state = 'active'"),
        postgresql_where=sa.text("state = 'active'"),
    ),
)
events = sa.Table(
    "registration_event",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("registration", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False),  # see `register.What`
    sa.Column("at_utc_s", sa.BigInteger, nullable=False),
    sa.Column("by", sa.Text, nullable=False),  # a token's holder, or a terminal
    sa.Column("about", sa.Text, nullable=False),  # transaction, dispute, reference
    sa.Column("result", sa.Text, nullable=False),  # its hash; empty: none was needed
    sa.Index("event_of_registration", "registration"),
)
uses = sa.Table(
    "result_use",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),  # of the result
    sa.Column("transaction_name", sa.Text, nullable=False, unique=True),
    sa.Column("use", sa.Text, nullable=False),  # "bind", "transfer", "lookup"
    sa.Column("registration", sa.Text, nullable=False),  # empty: none
    sa.Column("used_utc_s", sa.BigInteger, nullable=False),
)
disputes = sa.Table(
    "dispute",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("registration", sa.Text, nullable=False),  # empty: not in the register
    sa.Column("device", sa.Text, nullable=False),  # empty: by the API
    sa.Column("statement", sa.Text, nullable=False),  # its jti; or the API's reference
    sa.Column("ref", sa.Text, nullable=False),  # as the answer had called the number
    sa.Column("opened_utc_s", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # "open", "upheld", "rejected"
    sa.Column("settled_utc_s", sa.BigInteger),
    sa.UniqueConstraint("device", "statement", "ref", "registration"),
    sa.Index("dispute_of_registration", "registration"),
)
