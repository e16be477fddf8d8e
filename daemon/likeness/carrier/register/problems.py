"""Why the register did not do it, in words for who reads them (RFC 9457).

Leaves to others: when each of them is said (`core.binding`), how (`web`).
"""

from aiohttp import web

from likeness.carrier.web.problems import URN, Problem, in_words
from likeness.core.binding import Doubt

_AGAIN = "Open a new transaction and let the visit be made again."
_STATUS = {
    Doubt.UNKNOWN_TRANSACTION: 404,
    Doubt.UNKNOWN_DISPUTE: 404,
    Doubt.NUMBER_MALFORMED: 422,
    Doubt.UNKNOWN_DEVICE: 422,
}
CONFLICT = 409

# reason → (title, what to do)
PROBLEMS: dict[Doubt, tuple[str, str]] = {
    Doubt.UNKNOWN_TRANSACTION: (
        "There is no such transaction",
        "Open it first: POST /v1/transactions.",
    ),
    Doubt.TRANSACTION_ENDED: ("The transaction was ended", _AGAIN),
    Doubt.NO_RESULT: (
        "No result of this transaction is here",
        "Wait for it with GET /v1/transactions/{transaction}?wait_s=30; if none comes,"
        " see whether the terminal is online.",
    ),
    Doubt.NOT_PRODUCTION: (
        "The result is of a bench or of a test, or its terminal is not productive",
        "Let the visit be made at a terminal of the field.",
    ),
    Doubt.RESULT_REFUSED: (
        "The result was not taken by this carrier",
        "See 'likeness carrier alarms' for why; then: open a new transaction.",
    ),
    Doubt.KEY_REVOKED: (
        "No key that the terminal has now has signed the result",
        "Its key was taken back or replaced; look into the terminal before any visit.",
    ),
    Doubt.NOT_CONTIGUOUS: (
        "Records before the result are missing, so it may not follow",
        "Wait until the terminal has sent them, then ask again.",
    ),
    Doubt.CHAIN_IN_DOUBT: (
        "Two records claim the result's place, or one before it",
        "See 'likeness carrier alarms'; look into the terminal before any visit.",
    ),
    Doubt.OTHER_TRANSACTION: ("The result is of another transaction", _AGAIN),
    Doubt.OTHER_DEVICE: (
        "The result is of another terminal than the transaction was opened for",
        "Let the visit be made there, or open a transaction for that terminal.",
    ),
    Doubt.OTHER_PURPOSE: (
        "The result, or its transaction, is for another purpose",
        "Open a transaction for what is to be done, and let the visit be made.",
    ),
    Doubt.REFUSED: (
        "The person was refused",
        f"The reasons stand in the transaction. {_AGAIN}",
    ),
    Doubt.REFERRED_UNDECIDED: (
        "The result was referred to attendants and does not bind",
        "Where register.decided is set, attendants' acceptance does; else verify the"
        " person in another way, or open a new transaction.",
    ),
    Doubt.NONCE_IN_DOUBT: (
        "The acts were not drawn with a nonce that was given for this visit",
        f"The terminal was offline, or it is not to be believed. {_AGAIN}",
    ),
    Doubt.OLDER_THAN_TRANSACTION: (
        "The visit began before the transaction was opened",
        "Open the transaction first, then let the visit be made.",
    ),
    Doubt.CONSENT_MISSING: ("The result says nothing of a consent", _AGAIN),
    Doubt.NO_PERSON: (
        "The result does not say who the person is in a way that can be read",
        "Look whether person.key is the one that terminals seal to; then open a new"
        " transaction, and let the card be read.",
    ),
    Doubt.STALE: ("The result is too old", _AGAIN),
    Doubt.USED_BEFORE: (
        "The transaction's result was used before, and is used once",
        _AGAIN,
    ),
    Doubt.NUMBER_MALFORMED: (
        "This is no number",
        "Write a telephone number in digits, or with the calling code of"
        " register.country; the name of a line in 1 to 24 of A-Z a-z 0-9 . - _ @",
    ),
    Doubt.OTHER_NUMBER: (
        "The transaction was opened for another number",
        "Send that number, or open a transaction for this one.",
    ),
    Doubt.NUMBER_TAKEN: (
        "The number is bound already",
        "Give another one; or transfer it, by results of both persons.",
    ),
    Doubt.NUMBER_FREE: (
        "The number is bound to nobody",
        "Look whether it is the right one; POST /v1/numbers/lookup has its history.",
    ),
    Doubt.OTHER_PERSON: (
        "The number is bound to another person",
        "Nothing is done for who does not hold it; the holder may transfer it.",
    ),
    Doubt.SAME_PERSON: (
        "Both results are of the same person",
        "Nothing needs to be transferred.",
    ),
    Doubt.TOO_MANY_NUMBERS: (
        "The person holds as many numbers of this kind as are allowed",
        "End one of them first; register.mobile_at_most and internet_at_most say how"
        " many there may be.",
    ),
    Doubt.DISPUTED: (
        "The number is disputed",
        "Settle the dispute first: GET /v1/disputes.",
    ),
    Doubt.UNKNOWN_DISPUTE: ("There is no such dispute", "See GET /v1/disputes."),
    Doubt.SETTLED_BEFORE: (
        "The dispute was settled otherwise before",
        "Its outcome stands; open a new one if there is new evidence.",
    ),
    Doubt.NAME_TAKEN: (
        "Another transaction has this name",
        "Give a name that was never used, or none: then one is made.",
    ),
    Doubt.UNKNOWN_DEVICE: (
        "There is no such terminal",
        "Look into the folder of devices among the carrier's keys.",
    ),
}


def status(doubt: Doubt) -> int:
    """Return the HTTP status that says it."""
    return _STATUS.get(doubt, CONFLICT)


def problem(doubt: Doubt) -> web.Response:
    """Return the answer that says it."""
    title, todo = PROBLEMS[doubt]
    return in_words(
        Problem(
            type=f"{URN}{doubt}",
            title=title,
            status=status(doubt),
            detail=todo,
            reason=doubt,
        )
    )
