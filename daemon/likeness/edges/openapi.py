"""An OpenAPI 3.1 document, made from a table of routes and the types they speak.

Leaves to others: the routes and the types (desk_routes.py, carrier/register/routes.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from likeness import __version__
from likeness.edges.desk_routes import JOSE, Answer, Route

Schema = dict[str, Any]  # JSON of OpenAPI: of many shapes

REF = "#/components/schemas/{name}"
MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class About:
    """What a document says of a whole API.

    Args:
        title, description: for its reader.
        problem: the type of every answer to a wrong request.
        anywhere: statuses of such answers that any request may get.
        with_token: those that only one with a token may get.
        with_body: those that only one with a body may get.
        variables: of paths and queries, by name.
        more: types that are in no route.
    """

    title: str
    description: str
    problem: type
    anywhere: Collection[int]
    with_token: Collection[int]
    with_body: Collection[int]
    variables: Mapping[str, Any]  # Any: types as msgspec takes them
    more: Sequence[type] = ()


def document(routes: Sequence[Route], about: About) -> Schema:
    """Return the whole document; the same program gives the same one."""
    types: list[Any] = [about.problem, *about.more]
    types += [route.body for route in routes if route.body]
    types += [
        answer
        for route in routes
        for _, answer in route.answers
        if isinstance(answer, type)
    ]
    _, components = msgspec.json.schema_components(types, ref_template=REF)
    paths: Schema = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(
            route, about
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": __version__,
            "description": about.description,
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route, about: About) -> Schema:
    problems = {*about.anywhere, *route.problems}
    problems |= set() if route.is_open else set(about.with_token)
    problems |= set(about.with_body) if route.body else set()
    said: Schema = {
        "operationId": route.name,
        "summary": route.summary,
        "security": [] if route.is_open else [{"token": []}],
        "responses": {
            **{str(status): _answer(status, kind) for status, kind in route.answers},
            **{
                str(status): {
                    "description": HTTPStatus(status).phrase,
                    "content": {MEDIA_TYPE: {"schema": _reference(about.problem)}},
                }
                for status in sorted(problems)
            },
        },
    }
    if parameters := _parameters(route, about):
        said["parameters"] = parameters
    if route.body:
        said["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _reference(route.body)}},
        }
    return said


def _parameters(route: Route, about: About) -> list[Schema]:
    in_path = [name for name in about.variables if f"{{{name}}}" in route.path]
    places = [(name, "path") for name in in_path]
    places += [(name, "query") for name in route.query]
    return [
        {
            "name": name,
            "in": place,
            "required": place == "path",
            "schema": msgspec.json.schema(about.variables[name]),
        }
        for name, place in places
    ]


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
