"""Who is to be filmed is told by whom, what for and how long, in each language."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from likeness import config
from likeness.edges import sentences
from likeness.errors import ConfigError
from likeness.recording import words

LANGUAGES = ("en", "zh-Hans", "es", "ar", "fr")
BY = "Example Telecom"
HOLE = re.compile(r"\{(\w+)\}")


def settings(
    texts_dir: str = "", languages: tuple[str, ...] = LANGUAGES, **record: object
) -> config.Config:
    return config.Config(
        terminal=config.Terminal(device="t"),
        screen=config.Screen(kind="page", texts_dir=texts_dir, languages=languages),
        record=msgspec.convert({"by": BY, "keep_days": 41, **record}, config.Record),
    )


def own(folder: Path, over: dict[str, object], language: str = "en") -> str:
    (folder / "record").mkdir(exist_ok=True)
    (folder / "record" / f"{language}.json").write_text(json.dumps(over))
    return str(folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_text_says_what_must_be_said(language: str) -> None:
    asking = words.load(settings(), with_card=False)
    text = "\n".join(asking.words[language].text)
    assert BY in text
    assert "41" in text
    assert asking.words[language].purposes["fault"] in text
    assert HOLE.findall(text) == []
    shown = json.loads(asking.catalogues[language].json)
    assert shown["consent"]["text"] == list(asking.words[language].text)
    assert shown["consent"]["version"] == asking.version
    # What is touched to stop is called as the page calls it.
    assert shown["page"]["stop"] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_what_english_has_and_fills_in_the_same(
    language: str,
) -> None:
    def read(code: str) -> dict[str, object]:
        path = words.SHIPPED / f"{code}.json"
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        return found

    english, this = read("en"), read(language)
    assert this.keys() == english.keys()
    for key, value in english.items():
        if isinstance(value, dict):
            assert this[key].keys() == value.keys()  # type: ignore[attr-defined]
        holes = sorted(HOLE.findall(json.dumps(value)))
        assert sorted(HOLE.findall(json.dumps(this[key]))) == holes or key == "text"
        assert set(HOLE.findall(json.dumps(this[key]))) == set(holes)
    assert len(this["text"]) == len(english["text"])  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_of_what_a_visit_promises(language: str) -> None:
    """No sentence of the visit that speaks of pictures stands beside a recording."""
    plain = sentences.load([language])[language]
    visit = json.loads(plain.json)
    shown = json.loads(words.load(settings(), with_card=True).catalogues[language].json)
    assert shown["consent"]["short"] != visit["consent"]["short"]
    assert shown["page"]["picture"] != visit["page"]["picture"]
    for said in ("idle", "consent", "checking", "verdict_accepted", "verdict_refused"):
        assert shown["say"][said] != visit["say"][said]
    assert shown["act"] == visit["act"]


def test_the_card_is_named_where_it_is_kept_and_only_there() -> None:
    without = words.load(settings(), with_card=False)
    with_card = words.load(settings(), with_card=True)
    for language in LANGUAGES:
        paragraph = with_card.words[language].card
        assert paragraph in with_card.words[language].text
        assert paragraph not in without.words[language].text
        one, two = (w.catalogues[language].consent for w in (without, with_card))
        assert one.version == two.version
        assert one.digest != two.digest


def test_the_digest_is_of_the_text_as_it_was_filled_in() -> None:
    one = words.load(settings(keep_days=30), with_card=False)
    two = words.load(settings(keep_days=31), with_card=False)
    assert one.catalogues["fr"].consent.digest != two.catalogues["fr"].consent.digest


def test_the_operators_own_text_stands_over_ours(tmp_path: Path) -> None:
    folder = own(
        tmp_path, {"text": ["{by} films you {purpose}."], "purposes": {"fault": "x"}}
    )
    asking = words.load(settings(folder, ("en",)), with_card=False)
    assert asking.words["en"].text == (f"{BY} films you x.",)
    assert asking.words["en"].say["idle"]  # and all else is as it was


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"txt": ["a"]}, "unknown field `txt`"),
        ({"text": "a"}, "Expected `array`"),
        (
            {"purposes": {"fault": ""}},
            "record.purpose: no text says what 'fault' means",
        ),
        ({"version": "mine-1"}, "different versions in different languages"),
        ({"say": {"idle": ["a"]}}, "Expected `str`"),
    ],
)
def test_a_wrong_text_is_said(
    tmp_path: Path, over: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        words.load(settings(own(tmp_path, over)), with_card=False)


def test_a_language_without_words_of_its_own_is_refused(tmp_path: Path) -> None:
    (tmp_path / "de.json").write_text((sentences.SHIPPED / "en.json").read_text())
    with pytest.raises(ConfigError, match="nobody can be asked in 'de'"):
        words.load(settings(str(tmp_path), ("en", "de")), with_card=False)
