"""Every way into the desk's API, as data: served and documented from this one table.

Leaves to others: what happens there (desk_server.py), the document (desk_openapi.py).
"""

from dataclasses import dataclass

from likeness.core.desk_words import (
    CallList,
    Count,
    Decide,
    HealthReport,
    OpenVisit,
    Transaction,
    VisitLine,
    VisitList,
)

JOSE = "application/jose"
EVENTS = "text/event-stream"
JSON = "application/json"

# Structs, media types, or None for an answer without a body.
Answer = type | str | None


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path."""

    method: str
    path: str
    name: str  # of the method that serves it, and the operation's id
    summary: str
    answers: tuple[tuple[int, Answer], ...]
    problems: tuple[int, ...] = ()  # beside those that any may have
    body: type | None = None
    is_open: bool = False  # needs no token
    query: tuple[str, ...] = ()  # names of what may stand after "?"


# How the variables of paths look.
VARIABLES = {"transaction": Transaction, "call": Count}

VISIT = "/v1/visits/{transaction}"

ROUTES = (
    Route(
        "GET",
        "/v1/visits",
        "list_visits",
        "The visits of the last 24 hours, without anything about whose they are",
        ((200, VisitList),),
    ),
    Route(
        "POST",
        "/v1/visits",
        "open_visit",
        "Open a visit for a transaction; said twice it is the same visit (200)",
        ((201, VisitLine), (200, VisitLine)),
        (409,),
        OpenVisit,
    ),
    Route(
        "GET",
        VISIT,
        "get_visit",
        "Where a visit stands, or how it ended and what to do next",
        ((200, VisitLine),),
        (404,),
    ),
    Route(
        "GET",
        f"{VISIT}/result",
        "get_result",
        "The signed result (JWS), byte for byte as the carrier gets it",
        ((200, JOSE),),
        (404, 409),
    ),
    Route(
        "POST",
        f"{VISIT}/cancel",
        "cancel_visit",
        "End a visit that goes on; it gets a signed result that says so",
        ((200, VisitLine),),
        (404, 409),
    ),
    Route(
        "POST",
        f"{VISIT}/decision",
        "decide_visit",
        "An attendant's own decision about a visit that was referred",
        ((200, VisitLine),),
        (403, 404, 409, 503),
        Decide,
    ),
    Route(
        "GET",
        "/v1/health",
        "get_health",
        "How the terminal is",
        ((200, HealthReport),),
    ),
    Route(
        "GET",
        "/v1/calls",
        "list_calls",
        "Who at the terminal waits for an attendant",
        ((200, CallList),),
    ),
    Route(
        "POST",
        "/v1/calls/{call}/answer",
        "answer_call",
        "Somebody goes there",
        ((200, CallList),),
        (404,),
    ),
    Route(
        "GET",
        "/v1/events",
        "get_events",
        "What changes, as server-sent events; each holds a DeskEvent",
        ((200, EVENTS),),
    ),
    Route(
        "POST",
        "/v1/session",
        "begin_session",
        "Log in with the token; the answer sets a cookie for the desk page",
        ((204, None),),
    ),
    Route(
        "DELETE",
        "/v1/session",
        "end_session",
        "Log out",
        ((204, None),),
    ),
    Route(
        "GET",
        "/v1/openapi.json",
        "get_openapi",
        "This document",
        ((200, JSON),),
        is_open=True,
    ),
)
