"""Checks the way by which models and policy are renewed; nothing is fetched.

Leaves to others: the models in use (`devices.models`), fetching (`likeness update`).
"""

import json
from datetime import UTC, datetime
from pathlib import Path

from likeness import config
from likeness.doctor.finding import Finding, fail, ok, warn
from likeness.edges.model_sets import ModelSets

METADATA = Path("update/metadata/timestamp.json")
ROOT_TODO = "put the publisher's root file there, see update.root_file"
STALE_TODO = "'likeness update apply'; if it is refused as frozen, tell the publisher"


def updating(settings: config.Config, now: datetime) -> Finding:
    """Look at the root file, at what was accepted last, and at what was given back."""
    state_dir = Path(settings.terminal.state_dir)
    returned = ModelSets(state_dir).ledger().returned
    if returned is not None:
        return warn(
            f"bundle {returned.number} was given back: {returned.why}",
            "nothing here; tell the publisher",
        )
    if not settings.update.source:
        return ok("by hand only")
    root = Path(settings.update.root_file)
    if not root.is_file():
        return fail(f"{root}: is missing; no update can be believed", ROOT_TODO)
    ends = _ends(state_dir / METADATA)
    if ends is None:
        return ok("nothing was fetched yet")
    said = f"what was fetched last is signed until {ends:%Y-%m-%d}"
    return warn(said, STALE_TODO) if ends <= now else ok(said)


def _ends(path: Path) -> datetime | None:
    try:
        signed = json.loads(path.read_bytes())["signed"]
        return datetime.fromisoformat(signed["expires"]).astimezone(UTC)
    except (OSError, ValueError, TypeError, KeyError):
        return None
