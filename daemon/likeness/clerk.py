"""Puts the clerk's desk together, if one is configured.

What serves HTTP is loaded only where a desk is configured. Leaves to others: its rules
(service/desk.py), HTTP (edges/desk_server.py).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from likeness import __version__, config
from likeness.core.desk_words import HealthReport, Part
from likeness.edges import credentials
from likeness.edges.clock import SystemClock
from likeness.edges.store import SqliteStore
from likeness.edges.store_statements import SqliteStatements
from likeness.service.desk import Desk
from likeness.service.desk_kept import MOST_VISITS
from likeness.service.desk_memory import DeskMemory
from likeness.service.ports_parts import Statements
from likeness.service.presence import Facts
from likeness.service.terminal import Terminal
from likeness.service.timekeeping import Timekeeping

if TYPE_CHECKING:
    from likeness.edges.desk_server import DeskServer

LOW_DISK_KIB = 64 * 1024  # so much above the store's own limit somebody should look


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is made of, as far as it is needed here.

    What is made later is looked up when it is used; `snapshot` is telemetry's.
    """

    settings: config.Config
    clock: SystemClock
    time: Timekeeping
    store: SqliteStore
    terminal: Callable[[], Terminal]
    statements: Callable[[], Statements | None]
    snapshot: Callable[[], Facts]
    screen: Callable[[], str]  # "well", or "lost" where no page is there
    answered: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Clerk:
    """The desk's rules, and who serves them."""

    desk: Desk
    server: "DeskServer"


def build(parts: Parts) -> Clerk | None:
    """Make the desk; None: none is configured.

    Raises:
        ConfigError: token, certificate or key cannot be used.
    """
    given = parts.settings.desk
    if not given.listen:
        return None
    desk = Desk(
        terminal=parts.terminal,
        clock=parts.clock,
        wall=parts.time,
        token=parts.store.token,
        recent=lambda: parts.store.newest_records(MOST_VISITS),
        statements=parts.statements,
        memory=DeskMemory(parts.store, SqliteStatements(parts.store)),
        health=lambda: health(
            {**parts.snapshot(), "screen": parts.screen()},
            obstacle=parts.terminal().obstacle,
            decides=parts.statements() is not None,
            two_persons=given.two_persons,
        ),
        two_persons=given.two_persons,
        answered=parts.answered,
    )
    return Clerk(desk, server_of(given, desk, parts.clock))


def server_of(given: config.Desk, desk: Desk, clock: SystemClock) -> "DeskServer":
    """Return who serves the desk; raise ConfigError as `build` does."""
    from likeness.edges.desk_server import DeskServer
    from likeness.edges.desk_tls import DeskTls

    tls = DeskTls(given.cert_file, given.key_file) if given.cert_file else None
    return DeskServer(
        desk,
        host=given.listen,
        port=given.port,
        names=given.names,
        token_file=credentials.path_of(given.token_file),
        tls=tls,
        seconds=clock.now,
    )


def health(
    told: Facts, *, obstacle: str, decides: bool, two_persons: bool
) -> HealthReport:
    """Say in the clerk's words what telemetry says to the carrier."""
    quality, free_kib = str(told.get("clock")), told.get("disk_free_kib")
    low = isinstance(free_kib, int) and free_kib < LOW_DISK_KIB
    hung = told.get("hung")
    hangs = hung if isinstance(hung, list) else []
    return HealthReport(
        reader=_part(told.get("reader"), "reader" in hangs),
        camera=_part(told.get("camera"), "camera" in hangs),
        broker=_part(told.get("outbox_line"), bool(told.get("line_fault"))),
        screen=_part(told.get("screen")),
        clock=Part(state="lost" if quality == "unsynced" else "well", detail=quality),
        disk=Part(state="lost" if low or obstacle == "disk_full" else "well"),
        outbox_waiting=_count(told.get("outbox_waiting")),
        obstacle=obstacle,
        software=__version__,
        decides=decides,
        two_persons=two_persons,
    )


def _part(said: object, troubled: bool = False) -> Part:
    state: Literal["well", "starting", "lost", "unknown"]
    match said:
        case "well" | "found" | "up" | "online":
            state = "well"
        case "starting" | "lost" | "unknown":
            state = said
        case _:
            state = "lost"
    return Part(state="lost" if troubled else state, detail=str(said))


def _count(said: object) -> int:
    return said if isinstance(said, int) else 0
