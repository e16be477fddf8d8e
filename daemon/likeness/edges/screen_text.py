"""The visitor's screen as lines of text, until the page in the browser takes its place.

Draws a state; what is meant for programs becomes a sentence.
Leaves to others: when to show what.
"""

import time
from collections.abc import Callable
from typing import TextIO

SENTENCES = {
    # Laying the card is the consent (decision 4), so its text stands here.
    "idle": (
        "Welcome. Your face will be compared with your identity card, here on this"
        " terminal; no picture is kept or sent. To agree and begin, lay your card on"
        " the reader. Or ask an attendant for another way."
    ),
    "consent": "Your face is compared with your card here and now; no picture is kept.",
    "lay_card": "Lay your identity card on the reader.",
    "hold_still": "Leave the card where it is.",
    # The chip of a passport or of an ICAO card opens with what is printed on it.
    "access_key": (
        "Scan the lines with <<< on your card, or type the six digits on its front."
    ),
    "access_key_mrz": "Scan the lines with <<< on your card: its digits do not do.",
    "key_next_line": "Now the next line of your card, please.",
    "key_not_understood": "That could not be understood. Please scan or type it again.",
    "key_wrong": "Your card does not open with this. Please look again.",
    "reading_chip": "Your card is being read. Leave it where it is.",
    "look_here": "Look at the camera.",
    "camera_restarting": "The camera is starting again. One moment, please.",
    "act_seen": "Thank you.",
    # Only a page can shine in colours; here they are passed over.
    "light_warning": "A screen would now light your face with changing colours.",
    "light": "Look at the camera until the colours end.",
    "verdict_accepted": "Done. You may take your card.",
    "verdict_refused": "This did not succeed. You may try again or ask an attendant.",
    "verdict_referred": "Please ask an attendant to go on.",
    "out_of_service": "This terminal cannot serve you now. Please ask an attendant.",
    "take_card": "Please take your card from the reader.",
    "card_trouble": "This card could not be read. Lay it again or ask an attendant.",
    "no_reader": "The card reader does not answer. Please ask an attendant.",
}
BLOCKED = "Your card did not open. Please ask an attendant; take your card."
CHECK_DIGIT = "A sign was misread or mistyped. Please scan or type it again."
PROGRESS_EVERY_S = 1.0
ACTS = {
    "blink": "Blink with both eyes.",
    "turn_left": "Turn your head to your left.",
    "turn_right": "Turn your head to your right.",
    "close_eyes": "Close both eyes for a second, then open them.",
    "raise_chin": "Raise your chin and look up.",
    "lower_chin": "Lower your chin and look down.",
}


class TextScreen:
    """Writes one line for each state shown.

    A welcome that stands is not repeated, and progress not more often than readable.
    """

    def __init__(
        self, out: TextIO, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._out = out
        self._seconds = seconds
        self._state = ""
        self._written_s = 0.0

    def show(self, state: str, detail: str = "") -> None:
        """Write the state's sentence; for a verdict also its first reason."""
        now = self._seconds()
        if state == self._state == "idle":
            return
        if state == self._state == "reading_chip" and (
            now - self._written_s < PROGRESS_EVERY_S
        ):
            return
        self._state, self._written_s = state, now
        self._out.write(f"screen: {_sentence(state, detail)}\n")
        self._out.flush()


class NoText:
    """Writes nothing: all of it stands on the page."""

    def show(self, state: str, detail: str = "") -> None:
        """Let it be."""


def _sentence(state: str, detail: str) -> str:
    match state, detail:
        case "ask_act", act:
            return ACTS[act]
        case "key_wrong", left:
            tries = "1 try is" if left == "1" else f"{left} tries are"
            return f"{SENTENCES[state]} {tries} left."
        case "key_not_understood", "check-digit":
            return CHECK_DIGIT
        case "card_trouble", "access-key-blocked":
            return BLOCKED
        case ("act_seen" | "key_not_understood", _) | (_, ""):
            return SENTENCES[state]
        case _:
            return f"{SENTENCES[state]} ({detail})"
