"""A fuzzer that knows the desk's document only: whatever it sends, no 5xx comes back,
and each answer is as the document says (schemathesis).

The server is real, and so is the terminal behind it; its clock runs ahead with each
request, so that visits also end by themselves while they are asked about.
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

import desks
from likeness.core.desk_words import OpenVisit
from likeness.core.vocabulary import Purpose
from likeness.edges import desk_openapi

Case = schemathesis.Case[Any]  # Any: the operation's own type, which nobody needs
SCHEMA = schemathesis.openapi.from_dict(desk_openapi.document())
# A stream has no end to wait for; test_desk_server.py reads it.
FINITE = SCHEMA.exclude(path="/v1/events")
ABOUT_VISITS = FINITE.include(path_regex="/v1/visits")
KNOWN = ("T-referred", "T-cancelled", "T-running")
NEXT_S = 601.0  # until the next request: buckets are full, wrong tokens forgotten

fuzzed = hypothesis.settings(
    max_examples=10,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)


async def _prepare(shop: desks.Shop) -> None:
    """Bring about a visit that attendants may decide, and one that was cancelled."""
    for name in KNOWN[:2]:
        shop.desk.open(OpenVisit(transaction=name, purpose=Purpose.NEW_NUMBER))
        await desks.until(lambda: shop.terminal.glance.visit > 0)
        if name == "T-cancelled":
            await shop.desk.cancel(name)
        else:
            desks.ask_attendant(shop.terminal)
        await desks.until(lambda: shop.terminal.idle)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[desks.Shop]:
    """A desk that runs on a thread of its own."""
    made = desks.shop(Path(tmp_path_factory.mktemp("fuzzed")))
    ready, stop = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with desks.running(made):
            await _prepare(made)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert ready.wait(20)
        yield made
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()


def _called(case: Case, shop: desks.Shop) -> schemathesis.Response:
    shop.clock.ahead_s += NEXT_S
    return case.call(
        base_url=f"http://127.0.0.1:{shop.port}",
        headers={"Authorization": f"Bearer {desks.TOKEN}"},
    )


@FINITE.parametrize()
@fuzzed
def test_each_answer_is_as_the_document_says(case: Case, shop: desks.Shop) -> None:
    # That each route asks for the token has a test of its own: a wrong one waits.
    case.validate_response(_called(case, shop), excluded_checks=[checks.ignored_auth])


@pytest.mark.parametrize("name", KNOWN)
@ABOUT_VISITS.parametrize()
@hypothesis.settings(fuzzed, max_examples=3)
def test_so_are_answers_about_visits_that_there_are(
    case: Case, shop: desks.Shop, name: str
) -> None:
    if "transaction" in (case.path_parameters or {}):
        case.path_parameters["transaction"] = name
    shop.desk.open(OpenVisit(transaction=KNOWN[2], purpose=Purpose.NEW_NUMBER))
    case.validate_response(
        _called(case, shop),
        # The name was put in by us, so neither of these knows what was to be expected.
        excluded_checks=[
            checks.ignored_auth,
            checks.negative_data_rejection,
            checks.positive_data_acceptance,
        ],
    )
