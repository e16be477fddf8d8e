import json
from pathlib import Path

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from likeness.core import jws
from likeness.edges import key_files
from likeness.edges.sealer import PersonSealer, open_sealed
from likeness.errors import ConfigError, Untrusted

PERSON = '{"name":"张三"}'.encode()


@pytest.fixture
def sealer(tmp_path: Path) -> PersonSealer:
    key = key_files.make_private(tmp_path / "person.key")
    jwk = key_files.public_jwk(key.public_key())
    (tmp_path / "person.jwk").write_text(json.dumps(jwk))
    return PersonSealer(tmp_path / "person.jwk")


def test_the_carrier_opens_it_with_any_library(
    tmp_path: Path, sealer: PersonSealer
) -> None:
    token = sealer.seal(PERSON)
    key = key_files.load_private(tmp_path / "person.key")
    assert open_sealed(token, key) == PERSON
    other = JWE()
    other.deserialize(token, JWK.from_pem((tmp_path / "person.key").read_bytes()))
    assert other.payload == PERSON


def test_nobody_else_opens_it(tmp_path: Path, sealer: PersonSealer) -> None:
    token = sealer.seal(PERSON)
    other = key_files.make_private(tmp_path / "other.key")
    with pytest.raises(Untrusted):
        open_sealed(token, other)
    key = key_files.load_private(tmp_path / "person.key")
    for altered in (token[:-4] + "AAAA", "", "a.b.c.d.e", "x" + token):
        with pytest.raises(Untrusted):
            open_sealed(altered, key)


@pytest.mark.parametrize(
    "change",
    [
        {"enc": [[]]},  # found by fuzzing: TypeError
        {"epk": {"kty": "EC", "crv": "P-256"}},  # found by fuzzing: KeyError
        {"epk": None},
        {"kid": 1},
        {"zip": "DEF"},
        {"alg": "dir"},
    ],
)
def test_only_a_header_of_ours_is_opened(
    tmp_path: Path, sealer: PersonSealer, change: dict[str, object]
) -> None:
    header, rest = sealer.seal(PERSON).split(".", 1)
    changed = json.dumps(jws.load_object(jws.decode(header)) | change)
    key = key_files.load_private(tmp_path / "person.key")
    with pytest.raises(Untrusted):
        open_sealed(f"{jws.encode(changed.encode())}.{rest}", key)


def test_two_visits_of_one_person_do_not_look_alike(sealer: PersonSealer) -> None:
    one, other = (sealer.seal(PERSON).split(".") for _ in range(2))
    assert one[3] != other[3]


def test_a_private_key_on_the_terminal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "person.jwk"
    path.write_text(JWK.generate(kty="EC", crv="P-256").export_private())
    with pytest.raises(ConfigError, match="not a public"):
        PersonSealer(path)
