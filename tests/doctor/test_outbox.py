from pathlib import Path

from doomed_store import token_at
from likeness.core.statement_queue import Signed
from likeness.doctor.outbox import outbox
from likeness.edges.store import SqliteStore
from likeness.edges.store_statements import SqliteStatements
from stories import story


@story
async def test_decisions_that_wait_are_told_beside_the_results(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, token_at)
    await store.open()
    statements = SqliteStatements(store)
    await statements.keep_statement(Signed("decided", "hash", "token"))
    said = outbox(tmp_path, 0).said
    assert said.startswith("1 results wait, the oldest for ")
    assert said.endswith(", 1 statements wait")
    await store.mark_receipted(store.epoch, 0)
    said = outbox(tmp_path, 0).said
    assert said == "the carrier has signed for all results, 1 statements wait"
    await statements.forget_statement("decided")
    assert outbox(tmp_path, 0).said == "the carrier has signed for all results"
    await store.close()
