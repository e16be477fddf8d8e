"""Keeps the transcript of what happens, and lets it be written when a part failed.

Hears what the terminal gives to the rules, what becomes of each visit, what readers and
log say. Leaves to others: what a transcript holds (core/transcript.py), the disk.
"""

import asyncio
import logging
import re
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from pathlib import PurePath
from typing import Any, Final, assert_never

from likeness.core import visit_events as visits
from likeness.core.card_events import ReaderReady, ReaderTrouble
from likeness.core.card_moments import (
    CardFound,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.chain import Stored
from likeness.core.chip_moments import (
    ChipProgress,
    KeyNotUnderstood,
    KeyUnfinished,
    KeyWanted,
    KeyWrong,
)
from likeness.core.transcript import Transcript
from likeness.core.vocabulary import Conclusion, Purpose, Reason
from likeness.core.wellness import Part
from likeness.service.chip_reading import ChipEvent
from likeness.service.ports import Clock
from likeness.service.ports_keeping import FaultFiles
from likeness.service.reading import CardPresented

log = logging.getLogger(__name__)

# What a visit ends with when a part of the terminal failed, and not the visitor.
FAULTS: Final = (
    Reason.CAMERA_LOST,
    Reason.FEED_UNREADABLE,
    Reason.NO_PORTRAIT,
    Reason.PORTRAIT_NOT_USABLE,
)
NOT_SAFE: Final = "result_not_safe"
ASKED: Final = "asked"  # nothing failed; somebody wants to look
CRASHED: Final = "crashed"
FRAMES: Final = 8  # of the stack
# Of a log line: its event, and values that are one short word or number.
_WORD: Final = re.compile(r"\b([a-z_]+)=([A-Za-z][\w.:-]{0,31}|-?[\d.]{1,10})(?=\s|$)")

Listener = Callable[[ChipEvent], None]


class Diagnosing:
    """One for the daemon: scribe of the terminal, and watch of its visits."""

    def __init__(
        self,
        transcript: Transcript,
        *,
        clock: Clock,
        files: FaultFiles,
        facts: Callable[[], Mapping[str, Any]],
        thread: Executor | None = None,
    ) -> None:
        """Take where it is kept.

        Args:
            transcript: of this terminal.
            clock: as the terminal has it.
            files: where a transcript is written at a fault.
            facts: what else is known of the terminal, nothing personal.
            thread: does the writing while a visit goes on; None: the loop's own.
        """
        self._transcript = transcript
        self._clock = clock
        self._files = files
        self._facts = facts
        self._thread = thread
        self._writing: set[asyncio.Future[None]] = set()
        self.faults = 0  # since the start, for telemetry

    # --- the terminal's scribe ------------------------------------------------------
    def took(self, event: visits.Event, now: float) -> None:
        """An event is about to be given to the rules."""
        self._transcript.took(event, now)

    def gave(self, effects: Sequence[visits.Effect]) -> None:
        """This follows from it."""
        self._transcript.gave(effects)

    # --- a watch of its visits ------------------------------------------------------
    def begun(self, visit: int, purpose: Purpose, transaction: str) -> None:
        """Its events say all of it."""

    def concluded(self, conclusion: Conclusion, stored: Stored | None) -> None:
        """Keep the transcript of a visit that ended for a part that failed."""
        why = NOT_SAFE if stored is None else _fault_of(conclusion)
        if why:
            self._keep_soon(why)

    def over(self, visit: int) -> None:
        """Its events say all of it."""

    # --- other parts ----------------------------------------------------------------
    def listening(
        self, listener: Callable[[str], Listener]
    ) -> Callable[[str], Listener]:
        """Return whom each reader tells: the listener, and the transcript."""

        def named(reader: str) -> Listener:
            tell = listener(reader)

            def hear(event: ChipEvent) -> None:
                self._transcript.note(reader, _said(event), self._clock.now())
                tell(event)

            return hear

        return named

    def logged(self, line: str) -> None:
        """Note a line of our log, as far as it is made of short words and numbers."""
        words = [f"{name}={value}" for name, value in _WORD.findall(line)]
        if words and words[0].startswith("event="):
            self._transcript.note("log", " ".join(words), self._clock.now())

    def hangs(self, part: Part) -> None:
        """A part hangs; soon the watchdog ends this process."""
        self._keep_soon(f"{part}_hangs")

    def asked(self) -> None:
        """Write it as it is: an engineer asks, and nothing has failed."""
        self._write_soon(ASKED)

    def crashed(self, fault: BaseException) -> None:
        """Write it now: the daemon ends with this."""
        while isinstance(fault, BaseExceptionGroup):
            fault = fault.exceptions[0]
        self._transcript.fell(type(fault).__name__)
        where = traceback.extract_tb(fault.__traceback__)[-FRAMES:]
        places = [f"{PurePath(at.filename).name}:{at.lineno} {at.name}" for at in where]
        self.faults += 1
        self._write(CRASHED, self._lines(CRASHED, places))

    def _keep_soon(self, why: str) -> None:
        self.faults += 1
        self._write_soon(why)

    def _write_soon(self, why: str) -> None:
        lines = self._lines(why, [])
        loop = asyncio.get_running_loop()
        writing = loop.run_in_executor(self._thread, self._write, why, lines)
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)

    def _lines(self, why: str, places: list[str]) -> Iterable[bytes]:
        facts = {**self._facts(), **({"where": places} if places else {})}
        return self._transcript.lines(why, facts)

    def _write(self, why: str, lines: Iterable[bytes]) -> None:
        try:
            name = self._files.keep(why, lines)
        except OSError as problem:
            log.warning("event=fault_not_kept fault=%s why=%s", why, problem.strerror)
        else:
            log.warning("event=fault_kept fault=%s file=%s", why, name)


def _fault_of(conclusion: Conclusion) -> str:
    return next((str(one) for one in FAULTS if one in conclusion.reasons), "")


def _said(event: ChipEvent) -> str:
    """Say in words of ours what a reader told; a card is told by its kind alone."""
    match event:
        case CardPresented(card):
            return f"card_read {card.kind}"
        case CardFound() | CardStillThere() | CardRemoved():
            return _SAID[type(event)]
        case CardTrouble(kind, status):
            return f"card_trouble {kind} {status}"
        case ReaderReady():
            return "reader_ready"
        case ReaderTrouble(kind):
            return f"reader_trouble {kind}"
        case KeyWanted(mrz_only):
            return "key_wanted mrz" if mrz_only else "key_wanted"
        case KeyWrong(tries_left):
            return f"key_wrong {tries_left}"
        case KeyNotUnderstood(why):
            return f"key_not_understood {why}"
        case KeyUnfinished():
            return "key_unfinished"
        case ChipProgress(kib):
            return f"chip_progress {kib}"
        case _:
            assert_never(event)


_SAID: Final[dict[type, str]] = {
    CardFound: "card_found",
    CardStillThere: "card_still_there",
    CardRemoved: "card_removed",
}
