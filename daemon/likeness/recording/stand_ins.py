"""What stands in a recording where a shop has more: no name, no verdict, no desk.

Leaves to others: the recording itself (visit.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from likeness import __version__, config, parts
from likeness.core.vocabulary import (
    Card,
    CardKind,
    Consent,
    Portrait,
    Purpose,
    Reason,
    Today,
)
from likeness.edges.clock import SystemClock
from likeness.edges.screen_text import TextScreen
from likeness.models_in_use import Chosen
from likeness.recording.words import Asking
from likeness.service.ports import PortraitSource, Screen
from likeness.service.readers import Readers
from likeness.service.reception import CHIP, Reception
from likeness.service.terminal import Terminal

BLANK = Card(kind=CardKind.BENCH, number="", name="")


class Nameless(Terminal):
    """A terminal that takes a portrait from a card, and nothing else of it."""

    def card_laid(
        self, card: Card | Reason, purpose: Purpose, consent: str | Consent | None
    ) -> None:
        """Hand on a card without name, number and validity: no one is identified."""
        if isinstance(card, Card):
            card = replace(BLANK, portrait_record=card.portrait_record)
        super().card_laid(card, purpose, consent)


class Farewell:
    """The screen; its last word says whether something was kept, and no verdict."""

    def __init__(
        self, inner: Screen, kept: Callable[[], bool], *, with_card: bool
    ) -> None:
        self.inner = inner
        self._kept = kept
        self._with_card = with_card

    def show(self, state: str, detail: str = "") -> None:
        """Show it; who was filmed was not judged."""
        if state == "lay_card" and not self._with_card:
            return
        if state.startswith("verdict_"):
            state, detail = f"verdict_{'accepted' if self._kept() else 'refused'}", ""
        self.inner.show(state, detail)


class LinesOfText:
    """A screen in lines of text, with the words of a recording where there are some."""

    def __init__(self, out: TextIO, say: Mapping[str, str]) -> None:
        self._out = out
        self._say = say
        self._plain = TextScreen(out)
        self._last = ""

    def show(self, state: str, detail: str = "") -> None:
        """Write the state's sentence."""
        if state not in self._say:
            self._plain.show(state, detail)
        elif state != self._last:
            self._out.write(f"screen: {self._say[state]}\n")
            self._out.flush()
        self._last = state


class NoPortrait:
    """No card, no portrait."""

    async def decode(self, record: bytes) -> Portrait:
        """Say that there is none."""
        del record
        return Portrait(None, "not recorded")


class KeptPortrait:
    """The card's picture on its way, kept for the recording."""

    def __init__(self, source: PortraitSource) -> None:
        self._source = source
        self.image: bytes | None = None

    async def decode(self, record: bytes) -> Portrait:
        """Pass on what the source makes of it."""
        portrait = await self._source.decode(record)
        self.image = portrait.image
        return portrait


def readers_of(
    settings: config.Config,
    terminal: Callable[[], Terminal],
    screen: Screen,
    clock: SystemClock,
) -> tuple[Readers, KeptPortrait]:
    """Return the terminal's readers, and what decodes the portrait that they read.

    Raises:
        ConfigError: a program or folder that they need is not there.
    """
    either = parts.portraits_of(settings)
    reception = Reception(
        terminal=terminal,
        screen=screen,
        purpose=settings.terminal.purpose,
        consent_text=settings.terminal.consent_text,
        card_found=lambda reader: either.prepare(chip=reader == CHIP),
        readers=parts.reader_names(settings),
        by_card=False,
    )
    reading = parts.readers_of(
        settings,
        clock,
        reception.listener,
        lambda: Today(datetime.now(UTC).date()),
    )
    return reading, KeptPortrait(either)


def facts_of(
    settings: config.Config, chosen: Chosen, *, full: str
) -> dict[str, object]:
    """Say with what a recording was made; nothing of anybody."""
    models = chosen.models
    return {
        "full": full,
        "device": settings.terminal.device,
        "software": __version__,
        "models": {str(role): sha256 for role, sha256 in models.digests.items()},
        "runtime": str(models.runtime),
        "policy": chosen.policy_digest,
        "camera": msgspec.to_builtins(settings.camera),
    }


def without_shop(settings: config.Config, asking: Asking) -> config.Config:
    """Return the settings of a terminal that serves nobody: it asks for one thing."""
    return msgspec.structs.replace(
        settings,
        terminal=msgspec.structs.replace(
            settings.terminal, consent_text=asking.version
        ),
        screen=msgspec.structs.replace(
            settings.screen, consent_by="tap", purposes=(), light=False
        ),
        desk=config.Desk(),
    )
