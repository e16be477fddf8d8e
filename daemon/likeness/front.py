"""Puts together what the visitor sees: the page, its server, the camera's picture.

What serves HTTP is loaded only where a page is configured: it takes 16 MiB. Leaves to
others: everything else (`wiring`).
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from likeness import config
from likeness.core.guidance import Guidance
from likeness.core.profile import Profile
from likeness.core.scenery import Manner
from likeness.core.vocabulary import Purpose
from likeness.edges import page_files, sentences
from likeness.edges.preview import Preview
from likeness.errors import ConfigError
from likeness.service.ports import Camera, Clock, Screen
from likeness.service.ports_parts import Inquiry
from likeness.service.stage import Stage
from likeness.service.terminal import Terminal

if TYPE_CHECKING:
    from likeness.edges.page_server import PageServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is made of, as far as it is needed here.

    What is made later is looked up when it is used.
    """

    settings: config.Config
    policy: Profile
    clock: Clock
    now_s: Callable[[], int]
    camera: Camera
    terminal: Callable[[], Terminal]
    trouble: Callable[[], tuple[str, str] | None]
    health: Callable[[], str]
    enter_key: Callable[[str], None]
    inquiry: Callable[[], Inquiry | None]
    called: Callable[[int], None]
    beside: Screen  # is told what the page is told


@dataclass(frozen=True, slots=True)
class Front:
    """The page as the daemon sees it."""

    stage: Stage
    server: "PageServer"
    camera: Preview
    beside: Screen

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.server.run())
            group.create_task(self.stage.run())

    def show(self, state: str, detail: str = "") -> None:
        """Show it on the page, and to whoever is told beside."""
        self.stage.show(state, detail)
        self.beside.show(state, detail)


def build(
    parts: Parts,
    stack: AsyncExitStack,
    catalogues: Mapping[str, sentences.Catalogue] | None = None,
) -> Front | None:
    """Make the page's parts; the stack closes them. None: no page is configured.

    Args:
        parts: what it shows and whom it tells.
        stack: for what must be closed.
        catalogues: other sentences than those that are configured.

    Raises:
        ConfigError: a catalogue is missing or wrong, or the port is taken.
    """
    given = parts.settings.screen
    if given.kind != "page":
        return None
    from likeness.edges.page_server import PageServer

    catalogues = catalogues or catalogues_of(parts.settings)
    preview = Preview(parts.camera)
    stack.callback(preview.close)
    typed = parts.settings.chip.typed_on_page
    stage = Stage(
        terminal=parts.terminal,
        clock=parts.clock,
        manner=Manner(
            purposes=purposes_of(parts.settings),
            consent=parts.settings.terminal.consent_text,
            by_card=given.consent_by == "card",
            bell=bool(parts.settings.desk.listen),
        ),
        texts={code: one.consent for code, one in catalogues.items()},
        guidance=Guidance(
            min_face_px=parts.policy.min_face_px,
            min_brightness=parts.policy.min_brightness,
        ),
        picture=lambda: preview.picture,
        now_s=parts.now_s,
        trouble=parts.trouble,
        health=_now_and_then(parts.health, parts.clock),
        enter_key=parts.enter_key if typed else None,
        inquiry=parts.inquiry,
        numbers_shown_s=given.numbers_shown_s,
        called=parts.called,
    )
    server = PageServer(
        stage,
        files=page_files.load(),
        catalogues=catalogues,
        port=given.port,
        preview=preview,
        at_rest=lambda: parts.terminal().idle,
        seconds=parts.clock.now,
    )
    return Front(stage, server, preview, parts.beside)


def _now_and_then(ask: Callable[[], str], clock: Clock) -> Callable[[], str]:
    """Remember an answer for a second: with every frame would be too often."""
    told, until_s = "", float("-inf")

    def answer() -> str:
        nonlocal told, until_s
        if clock.now() >= until_s:
            told, until_s = ask(), clock.now() + 1.0
        return told

    return answer


def catalogues_of(settings: config.Config) -> dict[str, sentences.Catalogue]:
    """Return the sentences of each language.

    Raises:
        ConfigError: one is missing or wrong, or its consent is another version than the
            one that results would name.
    """
    given, version = settings.screen, settings.terminal.consent_text
    own = Path(given.texts_dir) if given.texts_dir else None
    catalogues = sentences.load(given.languages, own=own)
    for code, one in catalogues.items():
        if one.consent.version != version:
            raise ConfigError(
                f"terminal.consent_text is '{version}', and the text in '{code}' is"
                f" version '{one.consent.version}'; they must be one: results name it"
            )
    return catalogues


def purposes_of(settings: config.Config) -> tuple[Purpose, ...]:
    """Return what a visitor may choose: no question that nobody could answer."""
    answered = bool(settings.keys.carrier_answer_key)
    return tuple(
        purpose
        for purpose in settings.screen.purposes
        if answered or purpose is not Purpose.CHECK_NUMBERS
    )
