"""What terminals had before a rollout touches them, and why one may not be touched.

All functions work inside the caller's transaction. Leaves to others: who is touched.
"""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.issued_orders import DESIRED
from likeness.core import messages, orders

UNKNOWN = "what it has now is not in this database: nothing could lead back"
NEWER = "it was sent a newer wish since"

Orders = dict[int, str]  # version → JSON of `Overrides`


def orders_of(db: sa.Connection, devices: Sequence[str]) -> dict[str, Orders]:
    """Return all that was ever desired of these devices, by version."""
    order = tables.orders.c
    rows = db.execute(
        sa.select(order.device, order.number, order.name)
        .where(order.kind == DESIRED)
        .where(order.device.in_(devices))
    )
    found: dict[str, Orders] = {device: {} for device in devices}
    for row in rows:
        found[row.device][row.number] = row.name
    return found


def in_force(report: orders.Reported | None) -> int:
    """Return which version a terminal says it runs; 0: its file's own values."""
    version = report.running.get("version", 0) if report else 0
    return version if isinstance(version, int) else 0


def former(
    issued: Orders, report: orders.Reported | None
) -> tuple[int, orders.Overrides] | None:
    """Return what is desired of a terminal now, with its version; None: nobody knows.

    That is the newest that it was sent, or, if it refused that, what it says it runs.
    """
    newest = max(issued, default=0)
    runs = in_force(report)
    if runs > newest or _refused(report, newest):
        newest = runs
    if newest == 0:
        return 0, orders.Overrides()
    if newest not in issued:
        return None
    return newest, messages.from_json(issued[newest].encode(), orders.Overrides)


def doubt(issued: Orders, report: orders.Reported | None, now_s: int) -> str:
    """Return why a terminal cannot be sent a wish now; empty: it can."""
    if former(issued, report) is None:
        return UNKNOWN
    here = max((*issued, now_s - 1)) + 1
    there = max(report.version, in_force(report)) if report else 0
    if there >= here:
        return (
            f"it knows version {there} and would get {here}, which is not newer: this"
            " machine's clock is behind, or this database is an old copy"
        )
    return ""


def bundle_doubt(wanted: orders.Bundle | None, report: orders.Reported | None) -> str:
    """Return why a terminal will not take a bundle; empty: nothing is known against it.

    What it accepted once it takes no older one after (decision 17).
    """
    models = report.running.get("model_set") if report else None
    if wanted is None or not isinstance(models, dict):
        return ""
    accepted, digest = models.get("accepted"), models.get("digest")
    if digest == wanted.digest or not isinstance(accepted, int):
        return ""
    if wanted.number < accepted:
        return f"it has accepted bundle {accepted}; {wanted.number} is not newer"
    if models.get("returned") == wanted.number:
        return f"it has given bundle {wanted.number} back: {models.get('returned_why')}"
    return ""


def _refused(report: orders.Reported | None, version: int) -> bool:
    if report is None or version == 0:
        return False
    beside = report.refused
    if report.version == version:
        return report.state == "refused"
    return beside is not None and beside.version == version


def newer(issued: Mapping[int, str], version: int) -> str:
    """Return why a terminal is not brought back; empty: it is."""
    return NEWER if max(issued, default=0) > version else ""
