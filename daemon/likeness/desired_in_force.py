"""What a start makes of a desired configuration: values over those of the file.

What was accepted is kept as it was signed and judged again at each start: signature,
digest, whether its values fit. What does not hold is given back, and the one before it
is used, at last the file's own values. Leaves to others: the rules (`core.desired`),
what comes in while the daemon runs (`service.desiring`).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from likeness.config import Config
from likeness.core import desired, orders
from likeness.core.desired import Ledger, Refused, Why, Wish
from likeness.edges.desired_file import DesiredFile
from likeness.edges.verifier import CarrierOrders
from likeness.errors import ConfigError, Untrusted
from likeness.service.desiring import Standing

log = logging.getLogger(__name__)

Check = Callable[[Config], object]  # raises ConfigError


@dataclass(frozen=True, slots=True)
class InForce:
    """What this run uses; without `orders` nothing is obeyed from afar."""

    settings: Config
    base: Config  # the file's own values
    orders: CarrierOrders | None
    file: DesiredFile
    standing: Standing

    @property
    def log_level(self) -> str | None:
        """The level that is desired, if one is."""
        wish = self.standing.wish
        return wish.overrides.log_level if wish else None


def begin(settings: Config, check: Check) -> InForce:
    """Count this start, and return what it uses.

    Args:
        settings: the file's own values.
        check: raises ConfigError if values do not fit this terminal.

    Raises:
        ConfigError: the command key cannot be used.
    """
    file = DesiredFile(Path(settings.terminal.state_dir))
    if not settings.keys.carrier_command_key:
        return InForce(settings, settings, None, file, Standing(None))
    verifier = CarrierOrders(Path(settings.keys.carrier_command_key))
    before = file.read()
    ledger = desired.start(before)
    refused = None
    if ledger.returned != before.returned:
        refused = _about(verifier, settings, ledger.returned, Why.DID_NOT_LIVE)
    wish: Wish | None = None
    while wish is None and ledger.current:
        found = _wish(verifier, settings, ledger.current, check)
        if isinstance(found, Wish):
            wish = found
        else:
            log.error("event=desired_given_back why=%r", found.why)
            refused, ledger = found, desired.give_back(ledger)
    if ledger != before:
        _keep(file, ledger)
    used = overlaid(settings, wish.overrides) if wish else settings
    return InForce(used, settings, verifier, file, Standing(wish, refused))


def overlaid(settings: Config, over: orders.Overrides) -> Config:
    """Return the settings with the desired values over them."""

    def part(name: str, **values: object) -> msgspec.Struct:
        given = {key: value for key, value in values.items() if value is not None}
        changed: msgspec.Struct = msgspec.structs.replace(
            getattr(settings, name), **given
        )
        return changed

    every_s = over.telemetry_every_s
    return msgspec.structs.replace(
        settings,
        terminal=part("terminal", profile=over.profile),
        mqtt=part("mqtt", telemetry_every_s=every_s and float(every_s)),
        store=part("store", keep_days=over.keep_days, keep_mib=over.keep_mib),
    )


def _wish(
    verifier: CarrierOrders, settings: Config, token: str, check: Check
) -> Wish | Refused:
    try:
        signed = verifier.order(token.encode())
    except Untrusted as fault:
        return Refused(str(fault))
    found = desired.read(signed, token, settings.terminal.device)
    if isinstance(found, Wish):
        try:
            check(overlaid(settings, found.overrides))
        except ConfigError as fault:
            return Refused(str(fault), found.version, found.digest)
    return found


def _about(verifier: CarrierOrders, settings: Config, token: str, why: str) -> Refused:
    found = _wish(verifier, settings, token, lambda _settings: None)
    return Refused(why, found.version, found.digest)


def _keep(file: DesiredFile, ledger: Ledger) -> None:
    """A start that cannot be counted goes on: nobody is locked out by a full disk."""
    try:
        file.keep(ledger)
    except OSError as problem:
        log.warning("event=desired_not_kept why=%s", problem.strerror)
