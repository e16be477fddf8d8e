"""A key that stays in its token, on a real module: SoftHSM 2."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from joserfc import jws as jose
from joserfc.jwk import ECKey
from pkcs11 import Attribute, KeyType, PrivateKey, PublicKey
from pkcs11.util.ec import encode_named_curve_parameters

from likeness.core import jws
from likeness.edges import signers
from likeness.edges.sealer import PersonSealer
from likeness.edges.signer_pkcs11 import P256, Pkcs11Signer, tier_of
from likeness.edges.signers import open_signer
from likeness.errors import ConfigError, KeyLost
from likeness.service.recording import Recorder
from results import FACTS, REFUSED, FixedClock, bench
from softhsm import PIN, Token, make_token

pytestmark = pytest.mark.softhsm


@pytest.fixture
def token(tmp_path: Path) -> Iterator[Token]:
    made = make_token(tmp_path)
    # The module knows the tokens of the moment when it began.
    pkcs11.lib(made.module).reinitialize()
    yield made
    if not made.folder.exists():
        made.put_back()


@pytest.fixture
def signer(token: Token) -> Pkcs11Signer:
    signers.make_key(token.uri())
    made = open_signer(token.uri())
    assert isinstance(made, Pkcs11Signer)
    return made


def test_another_library_verifies_what_the_token_signed(signer: Pkcs11Signer) -> None:
    key = ECKey.import_key({**signer.public_jwk()})
    assert signer.kid == key.thumbprint()
    for _ in range(10):
        token = jws.compact(
            b'{"seq":1}', alg=signer.alg, kid=signer.kid, typ="t", sign=signer.sign
        )
        assert jose.deserialize_compact(token, key, algorithms=["ES256"]).payload


def test_a_token_in_software_does_not_claim_to_be_hardware(
    signer: Pkcs11Signer,
) -> None:
    assert signer.key_tier == "pkcs11"
    # As the modules call themselves: tpm2-pkcs11 1.9, cryptoauthlib 3.
    assert tier_of("TPM2.0 Cryptoki") == "tpm2"
    assert tier_of("Cryptoauthlib PKCS11 Interface") == "secure_element"


def test_no_key_is_overwritten(token: Token, signer: Pkcs11Signer) -> None:
    with pytest.raises(ConfigError, match="no key is ever overwritten"):
        signers.make_key(token.uri())
    assert open_signer(token.uri()).kid == signer.kid


def test_two_keys_of_one_token_sign_side_by_side(
    token: Token, signer: Pkcs11Signer
) -> None:
    signers.make_key(token.uri(object_="other"))
    other = open_signer(token.uri(object_="other"))
    assert other.kid != signer.kid
    assert signer.sign(b"a") != other.sign(b"a")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"token": "nobody"}, "no such token is here"),
        ({"object": "nothing"}, "the token holds no such private EC key"),
        ({"module-path": "/nowhere/module.so"}, "not a PKCS#11 module"),
        ({"pin-source": "/nowhere/pin"}, "this PIN cannot be read"),
    ],
)
def test_what_is_missing_is_one_clear_line(
    token: Token, signer: Pkcs11Signer, changes: dict[str, str], says: str
) -> None:
    assert signer.kid
    with pytest.raises(ConfigError, match=says) as caught:
        open_signer(token.uri(**changes))
    assert "\n" not in str(caught.value)


def test_a_wrong_pin_is_one_clear_line_without_the_pin(
    tmp_path: Path, token: Token
) -> None:
    signers.make_key(token.uri())
    pkcs11.lib(token.module).reinitialize()  # nobody is logged in
    wrong = tmp_path / "wrong.pin"
    wrong.touch(mode=0o600)
    wrong.write_text("999999")
    with pytest.raises(ConfigError, match="is wrong; mend it") as caught:
        open_signer(token.uri(**{"pin-source": str(wrong)}))
    assert "999999" not in str(caught.value)
    wrong.write_text("two\nlines")
    with pytest.raises(ConfigError, match="not a PIN"):
        open_signer(token.uri(**{"pin-source": str(wrong)}))
    token.pin_file.chmod(0o644)
    with pytest.raises(ConfigError, match="everybody can reach this PIN"):
        open_signer(token.uri())


def test_a_key_that_can_be_copied_is_refused(token: Token) -> None:
    make_pair(token, "device", {Attribute.EXTRACTABLE: True})
    with pytest.raises(ConfigError, match="can be copied out"):
        open_signer(token.uri())


def test_halves_that_are_no_pair_are_refused(token: Token) -> None:
    private, its_public = make_pair(token, "device")
    its_private, public = make_pair(token, "other")
    its_public.destroy()
    its_private.destroy()
    public[Attribute.LABEL] = "device"
    assert private[Attribute.LABEL] == "device"
    with pytest.raises(ConfigError, match="are no pair"):
        open_signer(token.uri())


def test_another_curve_is_refused(token: Token) -> None:
    make_pair(token, "device", curve="1.3.132.0.34")
    with pytest.raises(ConfigError, match="not a P-256 key"):
        open_signer(token.uri())


def test_a_token_that_was_pulled_out_serves_again_when_it_is_back(
    token: Token, signer: Pkcs11Signer
) -> None:
    token.pull_out()
    for _ in range(2):
        with pytest.raises(KeyLost, match="nothing can be signed") as caught:
            signer.sign(b"data")
        assert "\n" not in str(caught.value)
    token.put_back()
    assert len(signer.sign(b"data")) == jws.SIGNATURE_BYTES


def test_without_the_token_no_half_of_a_result_is_kept(
    tmp_path: Path, token: Token, signer: Pkcs11Signer
) -> None:
    async def scenario() -> None:
        near = bench(tmp_path)
        record = Recorder(
            append=near.store.append,
            signer=signer,
            sealer=PersonSealer(near.keys.public("person")),
            facts=FACTS,
            clock=FixedClock(),
        )
        await near.store.open()
        try:
            assert (await record(REFUSED)).seq == 1
            token.pull_out()
            with pytest.raises(KeyLost):
                await record(REFUSED)
            assert [row.link.seq for row in await near.store.waiting()] == [0, 1]
            token.put_back()
            assert (await record(REFUSED)).seq == 2
        finally:
            await near.store.close()

    asyncio.run(scenario())


def make_pair(
    token: Token,
    label: str,
    template: dict[Attribute, object] | None = None,
    curve: str = P256,
) -> tuple[PrivateKey, PublicKey]:
    """Make a key pair with the module itself, as another program would."""
    opened = pkcs11.lib(token.module).get_token(token_label=token.label)
    try:
        session = opened.open(rw=True, user_pin=PIN)
    except pkcs11.UserAlreadyLoggedIn:
        session = opened.open(rw=True)
    of_curve = session.create_domain_parameters(
        KeyType.EC,
        {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
        local=True,
    )
    public, private = of_curve.generate_keypair(
        store=True, label=label, private_template=template or {}
    )
    return private, public
