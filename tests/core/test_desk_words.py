"""What an attendant may write into a note, which is signed and kept."""

import msgspec
import pytest

from likeness.core.desk_words import Note


@pytest.mark.parametrize(
    "note",
    [
        *("", "seen by two", "room 12, at 14:30", "护照已核对", "a" * 160),
        "1234 is not a long one",
    ],
)
def test_a_note_in_few_words_is_taken(note: str) -> None:
    assert msgspec.convert(note, Note) == note


@pytest.mark.parametrize(
    "note",
    [
        *("12345", "tel 138 1234 5678", "138-1234-5678", "AB 12.34.56"),
        *("1３８１2", "١٢٣٤٥", "۱۲۳۴۵", "(01) 23 45"),
        *("a\nb", "a\n", "a" * 161),
    ],
)
def test_what_may_be_somebodys_number_is_not(note: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(note, Note)
