"""Each language has each sentence, filled in the same way, in all its plural forms."""

import json
import re
from typing import Any

import pytest

from likeness.core.scene import HEALTH, SAYS, Hint, Offer
from likeness.core.vocabulary import Act, Purpose, Reason
from likeness.edges import sentences
from page.showing import LANGUAGES, PAGE

# CLDR 46, cardinal rules: what Intl.PluralRules may answer for whole numbers.
PLURALS = {
    "en": {"one", "other"},
    "zh-Hans": {"other"},
    "es": {"one", "many", "other"},
    "ar": {"zero", "one", "two", "few", "many", "other"},
    "fr": {"one", "many", "other"},
}
FILLED = re.compile(r"\{(\w+)\}")
# These say the number as a word, or have none to say.
WITHOUT_NUMBER = {"zero", "one", "two"}
NOT_SAID = {Offer.BEGIN}  # its buttons have the purposes' names

Texts = dict[str, Any]


def texts(language: str) -> Texts:
    path = PAGE / "languages" / f"{language}.json"
    loaded: Texts = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def entries(group: Texts, name: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in group.items():
        if isinstance(value, dict) and "other" not in value:
            found |= entries(value, f"{name}{key}.")
        else:
            found[f"{name}{key}"] = value
    return found


def forms(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return value
        case _:
            return list(value.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_what_english_has_and_no_more(language: str) -> None:
    assert entries(texts(language)).keys() == entries(texts("en")).keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_ends_in_a_blank(language: str) -> None:
    for name, value in entries(texts(language)).items():
        for text in forms(value):
            assert text.strip() == text != "", name


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_fills_in_what_english_fills_in(language: str) -> None:
    english = entries(texts("en"))
    for name, value in entries(texts(language)).items():
        expected = {
            hole for text in forms(english[name]) for hole in FILLED.findall(text)
        }
        if isinstance(value, dict):
            spoken = [
                text for form, text in value.items() if form not in WITHOUT_NUMBER
            ]
        else:
            spoken = forms(value)
        for text in spoken:
            found = set(FILLED.findall(text))
            assert found == expected or isinstance(value, list), (name, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_plural_has_all_forms_of_its_language(language: str) -> None:
    english = entries(texts("en"))
    for name, value in entries(texts(language)).items():
        assert isinstance(value, dict) == isinstance(english[name], dict), name
        if isinstance(value, dict):
            assert value.keys() == PLURALS[language], name


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_the_daemon_may_say_has_its_sentence(language: str) -> None:
    words = texts(language)
    for say in SAYS:
        if not say.startswith("ask_"):
            assert say in words["say"], say
    assert set(Act) == words["act"].keys()
    assert set(Hint) == words["hint"].keys()
    assert set(Reason) == words["reason"].keys()
    assert set(Purpose) == words["purpose"].keys()
    assert set(Offer) - NOT_SAID == words["offer"].keys()
    assert set(HEALTH) == words["health"].keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_there_that_nobody_says(language: str) -> None:
    for name in texts(language)["say"]:
        say, _, detail = name.partition(".")
        assert say in SAYS, name
        assert not detail or detail in SAYS[say], name


def test_the_daemon_reads_all_catalogues() -> None:
    catalogues = sentences.load(LANGUAGES)
    assert len({one.consent.digest for one in catalogues.values()}) == len(LANGUAGES)
    assert len({one.consent.version for one in catalogues.values()}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_consent_text_says_each_thing_once_in_each_language(language: str) -> None:
    # A paragraph more or less in one language would be another agreement.
    assert len(texts(language)["consent"]["text"]) == len(
        texts("en")["consent"]["text"]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short(language: str) -> None:
    # Of what stands large: two short ones at most.
    words = texts(language)
    large = [*words["say"].items(), *words["act"].items(), *words["hint"].items()]
    for name, value in large:
        for text in forms(value):
            assert len(text) <= 100, (name, text)
