"""The OpenAPI 3.1 document of the desk, made from its routes and its words.

Leaves to others: both of these (desk_routes.py, core/desk_words.py), how (openapi.py).
"""

from likeness.core.desk_words import DeskEvent, Problem
from likeness.edges import openapi
from likeness.edges.desk_routes import ROUTES, VARIABLES

ABOUT = openapi.About(
    title="likeness: the clerk's desk",
    description=(
        "Opens visits for transactions of the shop, watches them, hands out"
        " their signed results. No personal data passes here but what is"
        " sealed to the carrier inside a result."
    ),
    problem=Problem,
    anywhere=(400, 403, 421, 429),
    with_token=(401,),
    with_body=(413, 415),
    variables=VARIABLES,
    more=(DeskEvent,),
)


def document() -> openapi.Schema:
    """Return the whole document; the same program gives the same one."""
    return openapi.document(ROUTES, ABOUT)
