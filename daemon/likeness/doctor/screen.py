"""Checks the visitor's screen: a display, and on it the page in a browser.

Leaves to others: the display itself (machine.py), what the page shows.
"""

import json
import shutil
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from likeness import config
from likeness.doctor import machine
from likeness.doctor.finding import Finding, State, fail, ok, warn
from likeness.edges.own_port import LOOPBACK, refuse_taken
from likeness.errors import ConfigError
from likeness.front import catalogues_of

WITHIN_S = 5.0
BROWSERS = ("chromium", "chromium-browser")
MOST_BYTES = 4096
OK = 200
ANOTHER = "see whether another program listens there"


def screen(settings: config.Config, connectors: Path, *, in_use: bool) -> Finding:
    """Look at the display; where a page is configured, at it and its browser too."""
    display = machine.screen(connectors)
    port = settings.screen.port
    if settings.screen.kind != "page" or display.state is State.FAIL:
        return display
    try:
        languages = catalogues_of(settings)
        if not in_use:
            refuse_taken(port)
    except ConfigError as fault:
        return fail(str(fault), "see [screen] in the configuration")
    if in_use and (wrong := _asked(port)):
        return wrong
    if not any(shutil.which(name) for name in BROWSERS):
        return warn(
            "no chromium is installed",
            "on a terminal: apt install chromium cage, see SCREEN.md",
        )
    if display.state is not State.OK:
        return display
    shown = "page shown" if in_use else "page"
    return ok(f"{display.said}, {shown} in {len(languages)} languages")


def _asked(port: int) -> Finding | None:
    """Ask the running daemon whether a page is there; None: it is."""
    where = f"{LOOPBACK}:{port}"
    line = HTTPConnection(LOOPBACK, port, timeout=WITHIN_S)
    try:
        line.request("GET", "/screen")
        answer = line.getresponse()
        body = answer.read(MOST_BYTES)
    except (OSError, HTTPException) as problem:
        why = getattr(problem, "strerror", "") or type(problem).__name__
        return fail(
            f"{where} does not answer: {why}", "see screen.port and the journal"
        )
    finally:
        line.close()
    if answer.status != OK:
        return fail(f"{where} answers {answer.status}", ANOTHER)
    try:
        shown = json.loads(body)["screen"] == "page"
    except (ValueError, TypeError, KeyError):
        return fail(f"{where} is no page of likeness", ANOTHER)
    if shown:
        return None
    return warn(
        f"{where} is served, and no browser shows it",
        "start likeness-screen.service, see SCREEN.md",
    )
