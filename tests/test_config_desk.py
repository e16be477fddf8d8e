"""What [desk] may say: nothing of it is open by mistake."""

from pathlib import Path

import pytest

from likeness import config
from likeness.errors import ConfigError

HEAD = """\
[terminal]
device = "shop-7"
environment = "test"
[camera]
source = "feed"
path = "clip.mp4"
"""
HERE = '[desk]\nlisten = "127.0.0.1"\ntoken_file = "desk.token"\n'
SHOP = HERE.replace("127.0.0.1", "10.0.0.7")
PAIR = 'cert_file = "desk.pem"\nkey_file = "desk.key"\n'


def load(folder: Path, *parts: str) -> config.Config:
    path = folder / "likeness.toml"
    path.write_text(HEAD + "".join(parts), encoding="utf-8")
    return config.load(path)


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (HERE,),
        (HERE, PAIR),
        (SHOP, PAIR, 'names = ["desk.shop.example"]\n'),
        (HERE.replace("127.0.0.1", "::1"),),
        (HERE, "two_persons = true\n", '[keys]\ncarrier_answer_key = "answer.jwk"\n'),
        (HERE, "port = 8480\n"),
    ],
)
def test_a_desk_here_or_in_the_shop(tmp_path: Path, parts: tuple[str, ...]) -> None:
    load(tmp_path, *parts)


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ((SHOP,), r"desk\.cert_file is empty; at 10\.0\.0\.7 .* over TLS only"),
        ((HERE, 'cert_file = "a"\n'), "give both"),
        ((HERE, 'key_file = "a"\n'), "give both"),
        (('[desk]\nlisten = "127.0.0.1"\n',), r"desk\.token_file is empty"),
        (('[desk]\ntoken_file = "a"\n',), r"desk\.listen is empty"),
        (("[desk]\ntwo_persons = true\n",), r"desk\.listen is empty"),
        ((HERE.replace("127.0.0.1", "0.0.0.0"), PAIR), "name the one address"),
        ((HERE.replace("127.0.0.1", "::"), PAIR), "name the one address"),
        ((HERE.replace("127.0.0.1", "localhost"),), "is no address"),
        ((HERE, "two_persons = true\n"), r"needs keys\.carrier_answer_key"),
        ((HERE, 'port = 8480\n[screen]\nkind = "page"\n'), "both 8480"),
        ((HERE, 'names = ["desk/x"]\n'), r"desk\.names"),
    ],
)
def test_what_is_odd_or_open_is_one_clear_line(
    tmp_path: Path, parts: tuple[str, ...], says: str
) -> None:
    with pytest.raises(ConfigError, match=says) as refused:
        load(tmp_path, *parts)
    assert "\n" not in str(refused.value)
