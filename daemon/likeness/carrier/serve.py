"""Builds the carrier's side from its settings and runs it.

Leaves to others: every step of the work (`ingest`).
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from likeness.carrier.answering import Answering
from likeness.carrier.ingest import TOPICS, UNANSWERED, Ingest
from likeness.carrier.ingest_figures import serve_figures
from likeness.carrier.keeping import Kept
from likeness.carrier.metrics import IngestMetrics
from likeness.carrier.numbers import NumberFile, NumberRegistry
from likeness.carrier.register.numbers import REGISTER, RegisterNumbers
from likeness.carrier.register.persons import Digests
from likeness.carrier.settings import Settings
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.broker_client import SESSION_EXPIRY_S
from likeness.errors import ConfigError


async def serve(
    settings: Settings, on_kept: Callable[[Kept], object] = lambda _kept: None
) -> None:
    """Serve until cancelled.

    Raises:
        ConfigError: a key, the database or a certificate cannot be used.
        StoreBroken: the database failed while serving; nothing was acknowledged.
    """
    if settings.environment == "production" and not (
        settings.ca_file and settings.cert_file
    ):
        raise ConfigError(
            "ca_file or cert_file is empty; with environment 'production' the broker"
            " must be reached over TLS, with our certificate: say so in --config FILE"
        )
    keys = Path(settings.keys)
    shared = f"$share/{settings.share}/" if settings.share else ""
    line = MqttLine(
        LineSettings(
            host=settings.host,
            port=settings.port,
            client_id=settings.client_id,
            topics=tuple(f"{shared}{topic}" for topic in TOPICS),
            # A shared queue of who is gone would swallow its part until it expires;
            # what is lost with it the terminals send again.
            session_expiry_s=0 if shared else SESSION_EXPIRY_S,
            brisk=True,
            ca_file=settings.ca_file,
            cert_file=settings.cert_file,
            key_file=settings.key_file,
            part="",
            acknowledge_by_hand=True,
            receive_maximum=UNANSWERED,
            retry_to_s=settings.retry_to_s,
        )
    )
    words = CarrierWords(receipt_key=keys / "receipt.key", visit_key=keys / "visit.key")
    trust = Trust(keys / "devices")
    store = CarrierStore(settings.database)
    try:
        answering = _answering(settings, store)
        metrics = IngestMetrics()
        ingest = Ingest(
            line=line,
            store=store,
            trust=trust,
            words=words,
            environment=Environment(settings.environment),
            on_kept=on_kept,
            answering=answering,
            metrics=metrics,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(ingest.run())
            group.create_task(serve_figures(settings, ingest, metrics))
    finally:
        store.close()


def _answering(settings: Settings, store: CarrierStore) -> Answering | None:
    """Answer what the keys in the folder allow; a carrier may have none of them."""
    keys = Path(settings.keys)
    answer_key, person_key = keys / "answer.key", keys / "person.key"
    if not settings.numbers and not answer_key.exists():
        return None
    return Answering(
        store,
        answer_key=answer_key,
        person_key=person_key if settings.numbers else None,
        registry=_registry(settings, store),
    )


def _registry(settings: Settings, store: CarrierStore) -> NumberRegistry | None:
    if not settings.numbers:
        return None
    if settings.numbers == REGISTER:
        return RegisterNumbers(Digests(Path(settings.keys)), store.database)
    return NumberFile(Path(settings.numbers))
