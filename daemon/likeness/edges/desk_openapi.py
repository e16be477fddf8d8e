"""The OpenAPI 3.1 document of the desk, made from its routes and its words.

Leaves to others: both of these (desk_routes.py, core/desk_words.py).
"""

from http import HTTPStatus
from typing import Any

import msgspec

from likeness import __version__
from likeness.core.desk_words import DeskEvent, Problem
from likeness.edges.desk_problems import MEDIA_TYPE
from likeness.edges.desk_routes import JOSE, ROUTES, VARIABLES, Answer, Route

Schema = dict[str, Any]  # JSON of OpenAPI: of many shapes

REF = "#/components/schemas/{name}"
# What any request may be answered with, and what only one with a token may be.
ANY = (400, 403, 421, 429)
WITH_TOKEN = (401,)
WITH_BODY = (413, 415)


def document() -> Schema:
    """Return the whole document; the same program gives the same one."""
    types: list[Any] = [Problem, DeskEvent]
    types += [route.body for route in ROUTES if route.body]
    types += [
        answer
        for route in ROUTES
        for _, answer in route.answers
        if isinstance(answer, type)
    ]
    _, components = msgspec.json.schema_components(types, ref_template=REF)
    paths: Schema = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "likeness: the clerk's desk",
            "version": __version__,
            "description": (
                "Opens visits for transactions of the shop, watches them, hands out"
                " their signed results. No personal data passes here but what is"
                " sealed to the carrier inside a result."
            ),
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route) -> Schema:
    problems = {*ANY, *route.problems}
    problems |= set() if route.is_open else set(WITH_TOKEN)
    problems |= set(WITH_BODY) if route.body else set()
    said: Schema = {
        "operationId": route.name,
        "summary": route.summary,
        "security": [] if route.is_open else [{"token": []}],
        "responses": {
            **{str(status): _answer(status, kind) for status, kind in route.answers},
            **{
                str(status): {
                    "description": HTTPStatus(status).phrase,
                    "content": {MEDIA_TYPE: {"schema": _reference(Problem)}},
                }
                for status in sorted(problems)
            },
        },
    }
    variables = [name for name in VARIABLES if f"{{{name}}}" in route.path]
    if variables:
        said["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": msgspec.json.schema(VARIABLES[name]),
            }
            for name in variables
        ]
    if route.body:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    return said


def _answer(status: int, kind: Answer) -> Schema:
    said: Schema = {"description": HTTPStatus(status).phrase}
    match kind:
        case None:
            pass
        case str():
            schema = {"type": "string"} if kind == JOSE else {}
            said["content"] = {kind: {"schema": schema}}
        case _:
            said["content"] = {"application/json": {"schema": _reference(kind)}}
    return said


def _reference(kind: type) -> Schema:
    return {"$ref": REF.format(name=kind.__name__)}
