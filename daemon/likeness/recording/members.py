"""What a recording is made of: a visit file (design 3.2), and what belongs to it.

    visit.toml   as `likeness replay` reads it; the acts are those that were asked
    frames/      numbered JPEGs, exactly the frames that vision was given, and a tail
    times.txt    the capture time of each, in seconds from the first
    card.bmp     the card's portrait as it was decoded, where the consent names it
    consent.json to which text was agreed, word for word, how and when
    live.json    what the terminal itself made of the visit, with what
    note.txt     what the engineer wrote

No name and no number of anybody. Leaves to others: the archive around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from likeness import config
from likeness.core.vocabulary import Act, Conclusion, Consent
from likeness.recording.archive import Member
from likeness.recording.tape import Encoded
from likeness.recording.words import Words

PORTRAITS = {b"BM": "card.bmp", b"\x89P": "card.png", b"\xff\xd8": "card.jpg"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One visit as it was filmed."""

    conclusion: Conclusion
    consent: Consent
    words: Words  # in the language of the consent
    record: config.Record
    wanted: tuple[Act, ...]
    frames: Sequence[Encoded] = field(repr=False)
    times: Sequence[float] = field(repr=False)
    portrait: bytes | None = field(default=None, repr=False)
    note: str = field(default="", repr=False)
    facts: Mapping[str, object]  # of the terminal: its software, models, camera


def members_of(recording: Recording) -> list[Member]:
    """Return the archive's files, in its order."""
    portrait = recording.portrait
    card = PORTRAITS.get(portrait[:2], "") if portrait else ""
    named = {
        "visit.toml": visit_file(recording, card).encode(),
        "times.txt": times_file(recording.times).encode(),
        "consent.json": _json(consent_of(recording)),
        "live.json": _json(live_of(recording)),
        **({card: portrait} if portrait and card else {}),
        **({"note.txt": recording.note.encode()} if recording.note else {}),
    }
    return [
        *(Member(name, data) for name, data in named.items()),
        *(
            Member(f"frames/{number:05}.jpg", data)
            for number, data in enumerate(recording.frames)
        ),
    ]


def visit_file(recording: Recording, card: str) -> str:
    """Return the visit file's text."""
    end = recording.conclusion
    asked = tuple(finding.act for finding in end.acts)
    acts = (*asked, *recording.wanted[len(asked) :])
    listed = ", ".join(f'"{act}"' for act in acts)
    # Somebody who agreed is no attack; whose card it is they have said.
    holder = ["[card]", f'portrait = "{card}"', "[expect]", 'label = "genuine"']
    lines = [
        "visit = 1",
        'video = "frames"',
        'times = "times.txt"',
        f'purpose = "{end.purpose}"',
        f"acts = [{listed}]",
        f'profile = "{end.profile}"',
        *(holder if card else []),
    ]
    return "\n".join(lines) + "\n"


def times_file(times: Sequence[float]) -> str:
    """Return the capture times, from the first on."""
    return "".join(f"{one - times[0]:.6f}\n" for one in times)


def consent_of(recording: Recording) -> dict[str, object]:
    """Say what was agreed to."""
    given, record = recording.consent, recording.record
    return {
        "version": given.text,
        "language": given.language,
        "given": given.given,
        "digest": given.digest,
        "at_s": given.at_s,
        "by": record.by,
        "purpose": record.purpose,
        "keep_days": record.keep_days,
        "text": recording.words.text,
    }


def live_of(recording: Recording) -> dict[str, object]:
    """Say what the terminal made of it; figures as in results.jsonl."""
    end, first_s = recording.conclusion, recording.times[0]

    def ms(when_s: float | None) -> int | None:
        return None if when_s is None else round((when_s - first_s) * 1000)

    return {
        "verdict": end.verdict,
        "reasons": end.reasons,
        "match_score": end.match and round(end.match.score * 1e6),
        "match_threshold": end.match and round(end.match.threshold * 1e6),
        "passive_score": None if end.passive is None else round(end.passive * 1e6),
        "acts": [
            {
                "act": one.act,
                "asked_ms": ms(one.asked_s),
                "answered_ms": ms(one.answered_s),
                "passed": one.passed,
            }
            for one in end.acts
        ],
        "frames": len(recording.frames),
        **recording.facts,
    }


def _json(what: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(what)) + b"\n"
