"""Reads what a request says, by types; what does not fit is named, never its value.

Leaves to others: what follows from it.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from likeness.core import jws
from likeness.errors import Untrusted

Body = TypeVar("Body", bound=msgspec.Struct)


class Wrong(Exception):
    """A request that cannot be read: the code of its problem, and what is wrong."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__()
        self.code = code
        self.detail = detail


def as_json(word: msgspec.Struct, *, status: int = 200) -> web.Response:
    """Return an answer."""
    return web.Response(
        status=status,
        body=msgspec.json.encode(word),
        content_type="application/json",
    )


# Any: types as msgspec takes them, and what is read by them.
def variable(request: web.Request, name: str, kind: Any) -> Any:
    """Return a part of the address.

    Raises:
        Wrong: it does not fit.
    """
    return _converted(name, request.match_info[name], kind)


def queries(
    request: web.Request, known: Collection[str], kinds: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what stands after "?".

    Raises:
        Wrong: a name that is not known, twice, or a value that does not fit.
    """
    found: dict[str, Any] = {}
    for name, value in request.query.items():
        if name not in known:
            raise Wrong("invalid", "there is a query that this address does not know")
        if name in found:
            raise Wrong("invalid", f"{name}: it is there twice")
        found[name] = _converted(name, value, kinds[name])
    return found


async def body(request: web.Request, kind: type[Body]) -> Body:
    """Return what the body says.

    Raises:
        Wrong: not JSON, a member twice, or not of this kind.
    """
    if request.content_type != "application/json":
        raise Wrong("not_json")
    data = await request.read()
    try:
        jws.load_object(data)  # msgspec would let a member appear twice
        return msgspec.json.decode(data, type=kind)
    except Untrusted as wrong:
        raise Wrong("invalid", str(wrong)) from wrong
    except msgspec.MsgspecError as wrong:
        raise Wrong("invalid", _without_value(str(wrong))) from wrong


def _converted(name: str, value: str, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise Wrong("invalid", f"{name}: {_without_value(str(wrong))}") from wrong


def _without_value(fault: str) -> str:
    """Name the member and what it should be; no value is ever given back."""
    what, at, where = fault.partition(" - at `$")
    if what.startswith("Invalid enum value"):
        what = "it is none of its values"
    return f"{where.strip('.`')}: {what}" if at else what
