"""A fuzzer that knows the register's document only: whatever it sends, no 5xx comes
back, and each answer is as the document says (schemathesis).

The API is real, with its register, its terminals and results of the field behind it.
"""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from schemathesis.specs.openapi import checks

from likeness.carrier.register import routes as register_routes
from likeness.core.vocabulary import Purpose
from registers import MOBILE, Client, Office, office

Case = schemathesis.Case[Any]  # Any: the operation's own type, which nobody needs
SCHEMA = schemathesis.openapi.from_dict(register_routes.document())
NAMED = SCHEMA.include(path_regex="/v1/transactions/|/persons/|/transfer")
KNOWN = ("T-result", "T-bound", "T-open", "T-ended")
UNFIT = 422  # it has the form of the document, and is no number here all the same

fuzzed = hypothesis.settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


async def _prepare(one: Office, api: Client) -> None:
    for name in KNOWN:
        await api.open(name)
    await api.open("T-check", "check_numbers")
    await one.terminal.visit("T-result")
    await one.terminal.visit("T-bound")
    await one.terminal.visit("T-check", Purpose.CHECK_NUMBERS)
    assert (await api.bind("T-bound"))[0] == 201
    assert (await api.post("/v1/transactions/T-ended/end"))[0] == 200
    about = {"number": MOBILE, "kind": "mobile", "reference": "case-1"}
    assert (await api.post("/v1/disputes", **about))[0] == 200


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """An API that runs on a thread of its own."""
    folder = Path(tmp_path_factory.mktemp("fuzzed"))
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()
    made: list[Client] = []

    async def serve() -> None:
        async with (
            office(folder, str(folder / "carrier.db")) as one,
            one.api() as client,
        ):
            await _prepare(one, client)
            made.append(client)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        yield made[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def _called(case: Case, api: Client) -> schemathesis.Response:
    if case.query and _waits(case):
        case.query["wait_s"] = "1"
    return case.call(
        base_url=api.base, headers={"Authorization": f"Bearer {api.token}"}
    )


def _waits(case: Case) -> bool:
    """Say whether it would wait longer than a test should."""
    return str((case.query or {}).get("wait_s")) in map(str, range(2, 31))


def _excluded(answer: schemathesis.Response) -> list[Any]:  # Any: checks
    # That each route asks for the token has a test of its own: a wrong one waits.
    unfit = [checks.positive_data_acceptance] if answer.status_code == UNFIT else []
    return [checks.ignored_auth, *unfit]


@SCHEMA.parametrize()
@fuzzed
def test_each_answer_is_as_the_document_says(case: Case, api: Client) -> None:
    answer = _called(case, api)
    case.validate_response(answer, excluded_checks=_excluded(answer))


@pytest.mark.parametrize("name", (*KNOWN, "T-check"))
@NAMED.parametrize()
@hypothesis.settings(fuzzed, max_examples=3)
def test_so_are_answers_about_transactions_that_there_are(
    case: Case, api: Client, name: str
) -> None:
    if "transaction" in (case.path_parameters or {}):
        case.path_parameters["transaction"] = name
    if isinstance(case.body, dict):
        named = {key for key in case.body if key.endswith("transaction")}
        case.body.update(dict.fromkeys(named, name))
        if "number" in case.body:
            case.body["number"] = MOBILE
    # What was put in by us, neither of these knows.
    ours = [checks.negative_data_rejection, checks.positive_data_acceptance]
    case.validate_response(
        _called(case, api), excluded_checks=[checks.ignored_auth, *ours]
    )
