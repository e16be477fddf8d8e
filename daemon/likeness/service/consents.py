"""What agreeing is: to which text, in which language and when; if it stands there.

A gesture without words, as laying a card, agrees to the text that the page says it has
painted, and to none where no page shows one. Leaves to others: who agrees (stage.py,
reception.py), what a visit makes of it (the session).
"""

from collections.abc import Callable, Mapping

from likeness.core.scenery import ConsentText
from likeness.core.vocabulary import Consent


class Consents:
    """Of one terminal.

    Args:
        texts: of each language.
        now_s: seconds since 1970.
    """

    def __init__(
        self, texts: Mapping[str, ConsentText], now_s: Callable[[], int]
    ) -> None:
        self._texts = texts
        self._now_s = now_s
        self._stands = ""

    def stands(self, language: str) -> None:
        """A page has painted the text in this language; empty: none shows it."""
        self._stands = language

    def to_the_shown(self, given: str) -> Consent | None:
        """Return the consent to the text on the screen; None: there is none."""
        return self.to(self._stands, given) if self._stands in self._texts else None

    def to(self, language: str, given: str) -> Consent:
        """Return the consent to the text in this language, by this gesture."""
        text = self._texts[language]
        return Consent(
            text=text.version,
            given=given,
            language=language,
            digest=text.digest,
            at_s=self._now_s(),
        )
