"""Statements: safe before the call returns, sent again until they are answered."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from deliveries import DEVICE, running
from likeness.core import asks, jws, messages
from likeness.core.chain import Link
from likeness.core.statement_queue import Signed
from likeness.edges import bench_keys
from likeness.edges.clock import SystemClock
from likeness.edges.signer import FileSigner
from likeness.edges.store_statements import SqliteStatements
from likeness.errors import StoreFull, Untrusted, UsageError
from likeness.service.statements import HEARD_AT_MOST, SignedStatements
from likeness.service.timekeeping import Timekeeping
from results import EPOCH, MOMENT, Bench, FixedClock
from signed_orders import Post, said
from stories import story, until
from talks import shop

RESULT = Link(EPOCH, 7, "h" * 43)


def statements_of(near: Bench, post: Post) -> SignedStatements:
    return SignedStatements(
        notary=near.notary,
        store=SqliteStatements(near.store),
        time=Timekeeping(FixedClock()),
        clock=SystemClock(),
        say=post,
        choose=lambda: 0.0,
    )


@asynccontextmanager
async def terminal(folder: Path) -> AsyncIterator[tuple[Bench, SignedStatements, Post]]:
    async with shop(folder) as near:
        post = Post()
        yield near, statements_of(near, post), post


async def decide(statements: SignedStatements, **other: Any) -> str:
    usual = {
        "transaction": "t-1",
        "result": RESULT,
        "decision": "accept",
        "reason": "same person",
        "attendants": ("a-1", "a-2"),
    }
    return await statements.decision(**{**usual, **other})


def asked(post: Post) -> list[bytes]:
    return [token for leaf, token, *_ in post.messages if leaf == "ask"]


def answer(token: bytes, outcome: Any = "kept", **other: Any) -> asks.Answer:
    usual = {
        "aud": DEVICE,
        "jti": "a",
        "iat": MOMENT.utc_s,
        "exp": MOMENT.utc_s + 60,
        "ask": said(token)["jti"],
        "of": jws.chain_hash(token),
        "outcome": outcome,
    }
    return asks.Answer(**{**usual, **other})


@story
async def test_it_is_on_the_disk_when_the_call_returns_and_says_what_it_must(
    tmp_path: Path,
) -> None:
    async with terminal(tmp_path) as (near, statements, post):
        jti = await decide(statements)
        (kept,) = await SqliteStatements(near.store).statements()
        claims = messages.from_json(
            jws.parse(kept.token, types=(asks.DECISION,)).payload, asks.Decision
        )
        assert (kept.jti, kept.hash) == (jti, jws.chain_hash(kept.token))
        assert (claims.iss, claims.jti, claims.iat) == (DEVICE, jti, MOMENT.utc_s)
        assert (claims.boot, claims.mono_ms, claims.time_quality) == (
            MOMENT.boot,
            MOMENT.mono_ms,
            MOMENT.quality,
        )
        assert claims.result == asks.At(epoch=EPOCH, seq=7, hash="h" * 43)
        assert (claims.decision, claims.attendants) == ("accept", ["a-1", "a-2"])
        assert post.messages == []


@story
async def test_it_is_sent_on_each_new_line_until_it_is_answered(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (near, statements, post):
        post.is_up = False
        await decide(statements)
        async with running(statements.run()):
            await until(lambda: statements.counts()["waiting"] == 1)
            assert asked(post) == []
            post.is_up = True
            for count in (1, 2):
                statements.line_is_up()
                await until(lambda count=count: len(asked(post)) == count)  # type: ignore[misc]
            first, second = asked(post)
            assert first == second
            statements.hear(answer(first))
            await until(lambda: statements.counts().get("kept") == 1)
            assert await SqliteStatements(near.store).statements() == []
            statements.line_is_up()
            await asyncio.sleep(0.05)
            assert len(asked(post)) == 2


@story
async def test_a_refused_one_is_set_aside_counted_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with terminal(tmp_path) as (near, statements, post):
        await decide(statements)
        async with running(statements.run()):
            statements.line_is_up()
            await until(lambda: len(asked(post)) >= 1)
            statements.hear(answer(asked(post)[0], "refused", reason="not_referred"))
            await until(lambda: statements.counts().get("refused") == 1)
        assert await SqliteStatements(near.store).statements() == []
        (told,) = [one for one in caplog.records if one.levelno == logging.ERROR]
        assert "reason='not_referred'" in told.getMessage()


@story
async def test_an_answer_to_other_words_under_its_name_ends_nothing(
    tmp_path: Path,
) -> None:
    async with terminal(tmp_path) as (near, statements, post):
        await decide(statements)
        async with running(statements.run()):
            statements.line_is_up()
            await until(lambda: len(asked(post)) >= 1)
            token = asked(post)[0]
            statements.hear(answer(token, of="A" * 43))
            statements.hear(answer(token, ask="another"))
            await until(lambda: statements.counts().get("stray_answers") == 2)
        assert len(await SqliteStatements(near.store).statements()) == 1


@story
async def test_what_waited_over_a_change_of_key_is_signed_by_the_new_one(
    tmp_path: Path,
) -> None:
    async with terminal(tmp_path) as (near, statements, _):
        await decide(statements)
        (old,) = await SqliteStatements(near.store).statements()
        new = FileSigner(bench_keys.make(tmp_path / "new", "x", ()).device_key)
        near.notary.sign_with(new)
        post = Post()
        again = statements_of(near, post)
        async with running(again.run()):
            again.line_is_up()
            await until(lambda: len(asked(post)) >= 1)
            parsed = jws.parse(asked(post)[0], types=(asks.DECISION,))
            assert parsed.kid == new.kid
            assert parsed.payload == jws.decode(old.token.split(".")[1])
            (kept,) = await SqliteStatements(near.store).statements()
            assert (kept.jti, kept.token) == (old.jti, asked(post)[0].decode())
            again.hear(answer(asked(post)[0]))
            await until(lambda: again.counts().get("kept") == 1)


@pytest.mark.parametrize(
    ("other", "names"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "x" * 401}, "reason"),
        ({"reason": "\ud800"}, "surrogates"),
        ({"attendants": ()}, "attendants"),
        ({"attendants": ("a",) * 5}, "attendants"),
        ({"attendants": ("",)}, "attendants"),
        ({"transaction": "t" * 200}, "transaction"),
        ({"decision": "perhaps"}, "decision"),
        ({"result": Link("x", 1, "y")}, "result"),
    ],
)
@story
async def test_what_is_out_of_bounds_is_not_stated(
    tmp_path: Path, other: dict[str, Any], names: str
) -> None:
    async with terminal(tmp_path) as (near, statements, _):
        with pytest.raises(UsageError, match=names):
            await decide(statements, **other)
        assert await SqliteStatements(near.store).statements() == []


class FullDisk:
    """A store without room."""

    async def keep_statement(self, statement: Signed) -> None:
        raise StoreFull("keeping a statement: no room")

    async def statements(self) -> list[Signed]:
        return []

    async def forget_statement(self, jti: str) -> None:
        raise StoreFull("forgetting: no room")

    async def set_statement_aside(self, jti: str, reason: str) -> None:
        raise StoreFull("setting aside: no room")


@story
async def test_without_room_it_is_not_stated_at_all(tmp_path: Path) -> None:
    async with shop(tmp_path) as near:
        post = Post()
        statements = SignedStatements(
            notary=near.notary,
            store=FullDisk(),
            time=Timekeeping(FixedClock()),
            clock=SystemClock(),
            say=post,
            choose=lambda: 0.0,
        )
        async with running(statements.run()):
            with pytest.raises(StoreFull):
                await decide(statements)
            statements.line_is_up()
            await asyncio.sleep(0.05)
            assert statements.counts()["waiting"] == 0
        assert post.messages == []


@story
async def test_a_flood_of_answers_is_dropped(tmp_path: Path) -> None:
    async with terminal(tmp_path) as (_, statements, _post):
        token = b"a.eyJqdGkiOiJ4In0.c"
        for _ in range(HEARD_AT_MOST):
            statements.hear(answer(token))
        with pytest.raises(Untrusted, match="too many answers"):
            statements.hear(answer(token))
