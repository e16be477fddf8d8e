from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness import strict_toml
from likeness.core.card_fields import read_card
from likeness.core.vocabulary import Card, CardKind, Sex
from likeness.errors import ConfigError
from likeness.simulators import card_file
from likeness.simulators.card_file import CardFile, fictitious_card, load, save
from likeness.simulators.sdt_reader import SdtCard

KINDS = st.sampled_from(get_args(card_file.Kind))
MINIMAL = """
name = "样本一"
birth = 1990-01-02
number = "999999199001020016"
valid_from = 2020-01-01
"""


def test_bytes_of_a_resident_card_as_the_documents_lay_them_out() -> None:
    card = CardFile(
        name="样本 一",
        sex=2,
        birth=date(1949, 12, 31),
        number="11010519491231002X",
        valid_from=date(2020, 1, 2),
        address="某路",
        issuer="某局",
    )
    text = card_file.simulated(card).text.decode("utf-16-le")
    assert text[:26] == "样本 一".ljust(15) + "2" + "01" + "19491231"
    assert text[26:79] == "某路".ljust(35) + "11010519491231002X"
    assert text[79:94] == "某局".ljust(15)
    assert text[94:] == "20200102" + "长期".ljust(8) + " " * 18


@given(st.integers(0, 999), KINDS)
def test_an_invented_card_is_consistent_and_nobodys(
    seed: int, kind: card_file.Kind
) -> None:
    invented = fictitious_card(seed, kind)
    laid = card_file.simulated(invented)
    card = read_card(laid.text, laid.portrait, "reader")
    assert isinstance(card, Card)
    assert card.doubts == ()
    assert card.kind is CardKind(kind)
    assert (card.name, card.number) == (invented.name, invented.number)
    assert card.birth == invented.birth
    assert card.sex in (Sex.MALE, Sex.FEMALE)
    assert "样本" in card.name + card.other_name
    if kind != "cn_hk_macao_taiwan":
        assert "9999" in card.number


def test_another_seed_is_another_person() -> None:
    numbers = {fictitious_card(seed).number for seed in range(500)}
    assert len(numbers) == 500


@given(st.integers(0, 999), KINDS)
def test_saved_cards_are_read_back(seed: int, kind: card_file.Kind) -> None:
    card = fictitious_card(seed, kind)
    from_file = strict_toml.decode(card_file.to_toml(card), CardFile, "card")
    assert from_file == card


def test_a_file_with_its_picture(tmp_path: Path) -> None:
    picture = b"encoded picture"
    (tmp_path / "face.jpg").write_bytes(picture)
    path = tmp_path / "card.toml"
    save(fictitious_card(7, portrait="face.jpg"), path)
    record = load(path).portrait
    assert len(record) == 1024
    assert record[:32] == sha256(sha256(picture).digest() + b"\0").digest()
    assert record != load_without(path).portrait


def load_without(path: Path) -> SdtCard:
    text = path.read_text(encoding="utf-8").replace("face.jpg", "")
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_a_minimal_file_is_valid_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "card.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    assert "长期" in load(path).text.decode("utf-16-le")
    assert load(path).portrait == bytes(1024)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (MINIMAL.replace("name", "nam"), "unknown key 'nam'; .*'name'"),
        (MINIMAL + "sex = 3\n", "sex: "),
        (MINIMAL + 'kind = "passport"\n', "kind: "),
        (MINIMAL + 'portrait = "gone.jpg"\n', "gone.jpg cannot be read: No such file"),
        (MINIMAL.replace("样本一", "样" * 16), "name is longer than 15 characters"),
        (MINIMAL.replace("1990-01-02", '"1990"'), "birth: "),
    ],
)
def test_a_bad_file_says_what_is_wrong(tmp_path: Path, changed: str, said: str) -> None:
    path = tmp_path / "card.toml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as told:
        load(path)
    assert str(told.value).startswith(str(path))
