"""Every way into the register's API, as data: served and documented from one table.

A number stands in no address: addresses are logged by whoever is in between. Leaves to
others: what happens there (`api`).
"""

from likeness.carrier.register import words
from likeness.carrier.web.problems import Problem
from likeness.core.messages import Reference
from likeness.edges import openapi
from likeness.edges.desk_routes import JSON, Route

# How the variables of paths and queries look.
VARIABLES = {
    "transaction": Reference,
    "dispute": words.Id,
    "wait_s": words.Wait,
    "state": words.Which,
}
OPENAPI = "/openapi.json"

ROUTES = (
    Route(
        "POST",
        "/v1/transactions",
        "open_transaction",
        "Open a transaction; said twice by the same name it is the same one (200)",
        ((201, words.Transaction), (200, words.Transaction)),
        (409, 422),
        words.OpenTransaction,
    ),
    Route(
        "GET",
        "/v1/transactions/{transaction}",
        "get_transaction",
        "How a transaction stands; with wait_s its result is awaited so long",
        ((200, words.Transaction),),
        (404,),
        query=("wait_s",),
    ),
    Route(
        "POST",
        "/v1/transactions/{transaction}/bind",
        "bind_number",
        "Bind a number by the transaction's result, or confirm its holder;"
        " said twice it is the same registration (200)",
        ((201, words.Registration), (200, words.Registration)),
        (404, 409, 422),
        words.BindNumber,
    ),
    Route(
        "POST",
        "/v1/transactions/{transaction}/end",
        "end_transaction",
        "End a transaction: nothing is bound by it from now on",
        ((200, words.Transaction),),
        (404, 409),
    ),
    Route(
        "POST",
        "/v1/persons/lookup",
        "look_up_person",
        "All numbers of whoever was verified for a transaction for check_numbers",
        ((200, words.Registrations),),
        (404, 409),
        words.LookUpPerson,
    ),
    Route(
        "POST",
        "/v1/numbers/lookup",
        "look_up_number",
        "Whether a number is bound, by which result, and all that happened to it",
        ((200, words.NumberState),),
        (422,),
        words.NumberAt,
    ),
    Route(
        "POST",
        "/v1/numbers/transfer",
        "transfer_number",
        "Give a number to another person, by a result of each of the two",
        ((201, words.Registration), (200, words.Registration)),
        (404, 409, 422),
        words.TransferNumber,
    ),
    Route(
        "POST",
        "/v1/numbers/end",
        "end_number",
        "End a number's registration; said twice by one reference it is the same",
        ((200, words.Ended),),
        (409, 422),
        words.About,
    ),
    Route(
        "GET",
        "/v1/disputes",
        "list_disputes",
        "What visitors have disputed at terminals, and what the carrier has",
        ((200, words.Disputes),),
        query=("state",),
    ),
    Route(
        "POST",
        "/v1/disputes",
        "open_dispute",
        "Open a dispute; said twice by one reference it is the same",
        ((200, words.Dispute),),
        (409, 422),
        words.About,
    ),
    Route(
        "POST",
        "/v1/disputes/{dispute}/settle",
        "settle_dispute",
        "Settle a dispute; where it is upheld, the registration ends",
        ((200, words.Dispute),),
        (404, 409),
        words.SettleDispute,
    ),
    Route(
        "GET",
        OPENAPI,
        "get_openapi",
        "This document",
        ((200, JSON),),
        is_open=True,
    ),
)

ABOUT = openapi.About(
    title="likeness: the register of numbers",
    description=(
        "Opens transactions, awaits their verified results, binds numbers by them."
        " Persons are known here by a keyed digest alone: no name and no document"
        " number passes this API. Every refusal names its reason and what to do."
    ),
    problem=Problem,
    anywhere=(400, 403, 411, 413, 421, 503),
    with_token=(401,),
    with_body=(415,),
    variables=VARIABLES,
)


def document() -> openapi.Schema:
    """Return the OpenAPI document; the same program gives the same one."""
    return openapi.document(ROUTES, ABOUT)
