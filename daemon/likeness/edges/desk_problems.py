"""Why the desk did not do it, in words for who reads them (RFC 9457).

Leaves to others: when each of them is said.
"""

import msgspec
from aiohttp import web

from likeness.core.desk_words import Problem, Refused

MEDIA_TYPE = "application/problem+json"
URN = "urn:likeness:desk:"

# code → (HTTP status, title, what to do)
PROBLEMS: dict[str, tuple[int, str, str]] = {
    Refused.BUSY: (
        409,
        "A visit goes on",
        "Wait until it has ended, or cancel it; then open this one again.",
    ),
    Refused.OUT_OF_SERVICE: (
        409,
        "The terminal takes no visit now",
        "See /v1/health for what is wrong; verify the visitor in another way.",
    ),
    Refused.OTHER_PURPOSE: (
        409,
        "This transaction has a visit with another purpose",
        "Open the visit under a new reference.",
    ),
    Refused.UNKNOWN_VISIT: (
        404,
        "No such visit",
        "See /v1/visits for those of the last 24 hours.",
    ),
    Refused.NO_RESULT_YET: (
        409,
        "The visit has not ended",
        "Wait for its end: watch /v1/events, or ask for the visit again.",
    ),
    Refused.NO_RESULT: (
        404,
        "This visit has no result",
        "It could not be made safe, or is kept no more; open a visit under a new"
        " reference.",
    ),
    Refused.ALREADY_ENDED: (
        409,
        "The visit had ended before",
        "Its verdict stands; ask for the visit.",
    ),
    Refused.NOT_REFERRED: (
        409,
        "There is nothing to decide",
        "Attendants decide only about visits that were referred to them.",
    ),
    Refused.NO_PERSON: (
        409,
        "No card was read, so there is nobody to accept",
        "Open the visit again under a new reference, and let the card be read.",
    ),
    Refused.ALREADY_DECIDED: (
        409,
        "This visit was decided before",
        "A decision is made once; ask for the visit to see it.",
    ),
    Refused.SAME_ATTENDANT: (
        409,
        "A second person must confirm",
        "Let another attendant send the same decision.",
    ),
    Refused.ATTENDANTS_DISAGREE: (
        409,
        "The attendants disagree, so nothing is decided",
        "Agree between yourselves; then both send the same decision.",
    ),
    Refused.NO_DECISIONS: (
        409,
        "This terminal takes no decisions",
        "Set keys.carrier_answer_key, so that the carrier can say that it has them.",
    ),
    Refused.NOT_KEPT: (
        503,
        "The decision could not be made safe, so nothing is decided",
        "See /v1/health: room on the disk, the device's key; then send it again.",
    ),
    Refused.UNKNOWN_CALL: (404, "No such call", "It may have been answered already."),
    # --- of HTTP ---
    "bad_request": (400, "This is not HTTP as we know it", "See /v1/openapi.json."),
    "invalid": (400, "The request does not fit", "See /v1/openapi.json."),
    "no_token": (
        401,
        "Who are you?",
        "Send the desk's token: 'Authorization: Bearer …'; or log in at the page.",
    ),
    "wrong_token": (
        401,
        "This token is not good",
        "Take the one in desk.token_file; it may have been replaced.",
    ),
    "other_origin": (
        403,
        "The request comes from another site",
        "Use the desk's own page, or a program that sends no Origin.",
    ),
    "other_attendant": (
        403,
        "This token is not that attendant's",
        "Each attendant decides with the own token.",
    ),
    "not_found": (404, "There is nothing here", "See /v1/openapi.json."),
    "method": (405, "This cannot be done here", "See Allow, and /v1/openapi.json."),
    "too_large": (413, "The body is too large", "At most 4096 bytes are read."),
    "not_json": (
        415,
        "The body is not JSON",
        "Send Content-Type: application/json.",
    ),
    "wrong_host": (
        421,
        "This desk has another name",
        "Use desk.listen with desk.port, or a name that desk.names lists.",
    ),
    "too_many": (429, "Too many requests", "Come back in a few seconds."),
    "failed": (
        500,
        "That is a fault of ours",
        "Look into the terminal's journal, and tell the makers.",
    ),
}


def problem(code: str, detail: str = "") -> web.Response:
    """Return the answer that says it; `detail` stands before what to do."""
    status, title, todo = PROBLEMS[code]
    said = Problem(
        type=f"{URN}{code}",
        title=title,
        status=status,
        detail=f"{detail}; {todo[0].lower()}{todo[1:]}" if detail else todo,
    )
    headers = {}
    if status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = 'Bearer realm="likeness desk"'
    if status in (429, 503):
        headers["Retry-After"] = "5"
    return web.Response(
        status=status,
        body=msgspec.json.encode(said),
        content_type=MEDIA_TYPE,
        headers=headers,
    )
