"""Looks through every byte that is to leave a terminal for what must not.

By form: numbers of identity cards, the code lines of documents, telephone numbers,
addresses of mail, names in Chinese writing, signed or sealed tokens, private keys.
What a form cannot show (a Latin name) is kept out by what is put in at all: each file
has its own list of members (`bundle`, `core.transcript_doubts`).
"""

import re
from collections.abc import Mapping
from typing import Final

# Not among the digits and letters of a digest, nor behind the point of a fraction.
_ALONE, _ENDS = r"(?<![0-9A-Za-z.])", r"(?![0-9A-Za-z])"
FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    # GB 11643: 17 digits and a check digit, or X; with a plausible year.
    "identity number": re.compile(
        rf"{_ALONE}[0-9]{{6}}(?:18|19|20)[0-9]{{2}}[01][0-9][0-3][0-9]{{4}}[0-9Xx]{_ENDS}"
    ),
    "any number of 18 digits": re.compile(rf"{_ALONE}[0-9]{{17}}[0-9Xx]{_ENDS}"),
    # ICAO 9303: a line of 30, 36 or 44 signs; names are parted by two fillers.
    "machine readable line": re.compile(r"(?=[A-Z0-9<]*<<)[A-Z0-9<]{30,44}"),
    "telephone number": re.compile(
        rf"(?:{_ALONE}|(?<=\+86))1[3-9][0-9]{{9}}(?![0-9.])|\+[0-9]{{9,15}}{_ENDS}"
    ),
    "mail address": re.compile(
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.(?!service\b)[A-Za-z]{2,}"
    ),
    "Chinese writing": re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003134f]"),
    "token": re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*\."),
    "private key": re.compile(
        r'-----BEGIN [A-Z0-9 ]*PRIVATE KEY|"d"\s*:\s*"[A-Za-z0-9_-]{40,}"'
    ),
    "no text": re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]"),
}


def findings(data: bytes) -> list[str]:
    """Name what was found, never the thing itself; empty: nothing.

    Bytes that are no UTF-8 are a finding: all that we write is text.
    """
    text = data.decode("utf-8", "replace")
    return [name for name, form in FORMS.items() if form.search(text)]
