"""Catalogues: the program's own, the operator's over them, and wrong ones."""

import base64
import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from likeness import config, front
from likeness.edges import sentences
from likeness.errors import ConfigError
from terminals import settings

CONSENT = {"version": "7", "text": ["One.", "Two."]}


def write(folder: Path, language: str, **texts: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / f"{language}.json").write_text(json.dumps(texts), encoding="utf-8")
    return folder


def test_the_digest_is_of_exactly_the_text_that_is_shown(tmp_path: Path) -> None:
    shipped = write(tmp_path / "a", "en", consent=CONSENT, say={"idle": "Hello."})
    found = sentences.load(["en"], shipped=shipped)["en"]
    digest = hashlib.sha256(b"One.\n\nTwo.").digest()
    assert found.consent.version == "7"
    assert found.consent.digest == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert json.loads(found.json)["say"]["idle"] == "Hello."


def test_the_operators_texts_stand_over_the_programs(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "a", "en", consent=CONSENT, say={"idle": "Hello.", "look": "Look."}
    )
    own = write(
        tmp_path / "b",
        "en",
        consent={"version": "shop-3", "text": ["Ours."]},
        say={"idle": "Welcome."},
    )
    write(own, "tlh", consent=CONSENT)
    found = sentences.load(["en", "tlh"], own=own, shipped=shipped)
    texts = json.loads(found["en"].json)
    assert texts["say"] == {"idle": "Welcome.", "look": "Look."}
    plain = sentences.load(["en"], shipped=shipped)["en"].consent
    assert found["en"].consent.version == "shop-3"
    assert found["en"].consent.digest != plain.digest
    assert list(found) == ["en", "tlh"]  # the default one first


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({}, "'consent' needs 'version'"),
        ({"consent": {"version": "1", "text": "no list"}}, "'consent' needs"),
        ({"consent": {"version": "1", "text": []}}, "'consent' needs"),
        ({"consent": {"version": "1", "text": ["x", " "]}}, "'consent' needs"),
        ({"consent": {"version": "", "text": ["x"]}}, "'consent' needs"),
        ({"consent": {"version": "1", "text": ["x", 1]}}, "'consent.text' is neither"),
        ({"consent": CONSENT, "say": {"idle": 5}}, "'say.idle' is neither a text"),
    ],
)
def test_a_wrong_catalogue_is_one_line_with_its_file(
    tmp_path: Path, texts: dict[str, object], says: str
) -> None:
    shipped = write(tmp_path / "a", "en", **texts)
    with pytest.raises(ConfigError, match=f"en.json: {says}"):
        sentences.load(["en"], shipped=shipped)


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ({"consnet": CONSENT}, "no text 'consnet'; the nearest name is 'consent'"),
        ({"say": {"idel": "Hi."}}, "'say.idel'; the nearest name is 'say.idle'"),
        ({"welcome": "Hi."}, "there is no text 'welcome'$"),
    ],
)
def test_a_text_that_no_page_shows_is_refused(
    tmp_path: Path, texts: dict[str, object], says: str
) -> None:
    shipped = write(tmp_path / "a", "en", consent=CONSENT, say={"idle": "Hello."})
    own = write(tmp_path / "b", "en", **texts)
    with pytest.raises(ConfigError, match=says):
        sentences.load(["en"], own=own, shipped=shipped)


def test_an_operator_may_add_plural_forms(tmp_path: Path) -> None:
    tries = {"one": "1 try", "other": "# tries"}
    shipped = write(tmp_path / "a", "en", consent=CONSENT, say={"tries": tries})
    own = write(tmp_path / "b", "en", say={"tries": {"two": "a pair"}})
    (found,) = sentences.load(["en"], own=own, shipped=shipped).values()
    assert json.loads(found.json)["say"]["tries"] == tries | {"two": "a pair"}


def test_a_file_that_nobody_would_read_is_refused(tmp_path: Path) -> None:
    shipped = write(tmp_path / "a", "en", consent=CONSENT)
    own = write(tmp_path / "b", "EN", consent=CONSENT)
    with pytest.raises(ConfigError, match=r"EN.json: .* does not name 'EN'"):
        sentences.load(["en"], own=own, shipped=shipped)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    shipped = write(tmp_path / "a", "en", consent=CONSENT)
    for data, says in (
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b"\xff\xfe", "en.json: "),
        (b'{"a":' * 5000, "en.json: "),
        (b" " * (300 << 10), "larger than 256 KiB"),
    ):
        (shipped / "en.json").write_bytes(data)
        with pytest.raises(ConfigError, match=says):
            sentences.load(["en"], shipped=shipped)


def test_a_group_does_not_become_a_text(tmp_path: Path) -> None:
    shipped = write(tmp_path / "a", "en", consent=CONSENT, say={"idle": "x"})
    own = write(tmp_path / "b", "en", say="x")
    with pytest.raises(ConfigError, match="'say' is not of the kind"):
        sentences.load(["en"], own=own, shipped=shipped)


@pytest.mark.parametrize(
    ("languages", "says"),
    [
        ([], "is empty"),
        (["en", "en"], "names 'en' twice"),
        (["de"], "no sentences in 'de'; known: ar, en, es, fr, zh-Hans"),
        (["../en"], "'../en' is no language code"),
        (["en\n"], "is no language code"),
    ],
)
def test_a_language_that_cannot_be_had_is_refused(
    languages: list[str], says: str
) -> None:
    with pytest.raises(ConfigError, match=says):
        sentences.load(languages)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"screen.texts_dir: .* no such folder"):
        sentences.load(["en"], own=tmp_path / "nowhere")


def test_the_programs_own_texts_are_whole_and_of_one_version(tmp_path: Path) -> None:
    given = settings(tmp_path, tmp_path / "clip.mp4")
    found = front.catalogues_of(given)
    assert tuple(found) == config.Screen().languages
    assert {one.consent.version for one in found.values()} == {"2026-11"}
    assert len({one.consent.digest for one in found.values()}) == len(found)


def test_results_name_the_version_that_stands_on_the_screen(tmp_path: Path) -> None:
    given = settings(tmp_path, tmp_path / "clip.mp4")
    terminal = msgspec.structs.replace(given.terminal, consent_text="2031-02")
    with pytest.raises(ConfigError, match=r"consent_text is '2031-02'.*'2026-11'"):
        front.catalogues_of(msgspec.structs.replace(given, terminal=terminal))
