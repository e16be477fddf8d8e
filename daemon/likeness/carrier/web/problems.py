"""Why one of our servers did not do it, in words for who reads them (RFC 9457).

Leaves to others: when each of them is said (`web`); reasons of the register.
"""

import msgspec
from aiohttp import web

MOST_BODY_BYTES = 16_384
MEDIA_TYPE = "application/problem+json"
URN = "urn:likeness:carrier:"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not done (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str  # what to do
    reason: str  # the last word of the type, for programs


# code → (HTTP status, title, what to do)
PROBLEMS: dict[str, tuple[int, str, str]] = {
    "bad_request": (400, "This is not HTTP as we know it", "Look at what is sent."),
    "invalid": (400, "The request does not fit", "See the document of this API."),
    "no_token": (
        401,
        "Who are you?",
        "Send 'Authorization: Bearer …'; a browser asks for it as a password.",
    ),
    "wrong_token": (
        401,
        "This token is not good",
        "Take one that stands in token_file now; it may have been replaced.",
    ),
    "other_origin": (
        403,
        "The request comes from another site",
        "Use our own page, or a program that sends no Origin.",
    ),
    "not_found": (404, "There is nothing here", "Look at the address."),
    "method": (405, "This cannot be done here", "See Allow."),
    "no_length": (411, "How long is the body?", "Send Content-Length."),
    "too_large": (413, "The body is too large", f"Send at most {MOST_BODY_BYTES}."),
    "not_json": (
        415,
        "The body is not JSON",
        "Send Content-Type: application/json.",
    ),
    "wrong_host": (
        421,
        "This server has another name",
        "Use listen with port, or a name that the configuration's names list.",
    ),
    "failed": (500, "That is a fault of ours", "See our log, and tell the makers."),
    "not_kept": (
        503,
        "The database cannot be used now, so nothing was done",
        "Send it again in some seconds; our log says what is wrong.",
    ),
}


def problem(code: str, detail: str = "") -> web.Response:
    """Return the answer that says it; `detail` stands before what to do."""
    status, title, todo = PROBLEMS[code]
    todo = f"{detail}; {todo[0].lower()}{todo[1:]}" if detail else todo
    said = Problem(
        type=f"{URN}{code}", title=title, status=status, detail=todo, reason=code
    )
    answer = in_words(said)
    if status == web.HTTPUnauthorized.status_code:
        # Browsers know Basic alone; programs send Bearer.
        answer.headers.add("WWW-Authenticate", 'Bearer realm="likeness"')
        answer.headers.add("WWW-Authenticate", 'Basic realm="likeness"')
    if status == web.HTTPServiceUnavailable.status_code:
        answer.headers["Retry-After"] = "5"
    return answer


def in_words(said: Problem) -> web.Response:
    """Return the answer of a problem that was put in words elsewhere."""
    return web.Response(
        status=said.status, body=msgspec.json.encode(said), content_type=MEDIA_TYPE
    )
