"""What figures and the register need of each record, also of those that are here.

What the columns hold stands in the tokens; this reads them as they were then, since
the rest of the program may change.
"""

import base64
import binascii
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_AT_ONCE = 1000
_records = sa.table(
    "record",
    *(sa.column(name) for name in ("device", "epoch", "seq", "token", "prev")),
    *(sa.column(name) for name in ("transaction_name", "match_score")),
    *(sa.column(name) for name in ("passive_score", "reasons", "environment")),
    sa.column("nonce_source"),
)
_PLACE = ("device", "epoch", "seq")


def upgrade() -> None:
    """Make the columns, and fill them."""
    for name in ("transaction_name", "reasons", "environment", "nonce_source"):
        text = sa.Column(name, sa.Text, nullable=False, server_default="")
        op.add_column("record", text)
    for name in ("match_score", "passive_score"):
        op.add_column("record", sa.Column(name, sa.BigInteger))
    _fill(op.get_bind())
    op.create_index("record_kept", "record", ["kept_utc_s"])
    op.create_index("record_of_transaction", "record", ["transaction_name"])


def _fill(db: sa.Connection) -> None:
    place = sa.tuple_(*(_records.c[name] for name in _PLACE))
    readable = sa.select(_records).where(_records.c.prev.is_not(None)).limit(_AT_ONCE)
    change = _records.update().where(
        *(_records.c[name] == sa.bindparam(f"at_{name}") for name in _PLACE)
    )
    last = ("", "", -1)
    while rows := db.execute(readable.where(place > last).order_by(*_PLACE)).all():
        db.execute(change, [_said(row) for row in rows])
        last = tuple(rows[-1][:3])


# Any: a row, and JSON of any shape.
def _said(row: sa.Row[Any]) -> dict[str, object]:
    claims = _claims(row.token)
    match, liveness = claims.get("match") or {}, claims.get("liveness") or {}
    return {
        "at_device": row.device,
        "at_epoch": row.epoch,
        "at_seq": row.seq,
        "transaction_name": claims.get("transaction") or "",
        "match_score": match.get("score"),
        "passive_score": liveness.get("passive"),
        "reasons": " ".join(claims.get("reasons", ())),
        "environment": claims.get("environment", ""),
        "nonce_source": claims.get("nonce_source", ""),
    }


def _claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    except (ValueError, binascii.Error):
        return {}
    return claims if isinstance(claims, dict) else {}
